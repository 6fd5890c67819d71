import { type Declaration, Encoder } from "../../task/mod.ts";
import { Backlog } from "./backlog.ts";
import { Endings } from "./endings.ts";
import { Functions } from "./functions.ts";
import type { Heap } from "./heap.ts";
import { Held } from "./held.ts";
import { ATTACHED, RECORD, SEAT } from "./layout.ts";
import type { PoolMemory } from "./memory.ts";
import { keep, type Payload, Payloads } from "./payloads.ts";
import type { Placement } from "./placement.ts";
import { Ports } from "./ports.ts";
import {
  RemoteTask,
  type RemoteTaskHost,
  type SeatHost,
} from "./remote_task.ts";
import { noWay, type Placed, Room } from "./room.ts";
import { SleepPlace } from "./sleep_place.ts";
import { ABORTED, FAILED, LOST, type SharedEnding } from "./shared_state.ts";
import type { Slots } from "./slots.ts";
import { NONE } from "./task_deque.ts";
import { Unplaced } from "./unplaced.ts";

/**
 * One thread's place in a pool: it spawns tasks into the shared queues and takes
 * their outcomes. Workers have one that also runs tasks, `worker_seat.ts`.
 */
export class Seat implements RemoteTaskHost {
  readonly memory: PoolMemory;
  readonly number: number;
  readonly workers: number;
  readonly ports: Ports;
  protected readonly heap: Heap;
  protected readonly functions: Functions;
  protected readonly payloads: Payloads;
  protected readonly endings: Endings;
  readonly #encoder = new Encoder();
  readonly host: SeatHost;
  readonly #slots: Slots;
  readonly #held: Held;
  /** Where the thread sleeps. */
  readonly sleep: SleepPlace;
  /** Has the pool's workers started; for `Life`. */
  protected readonly startWorkers: () => void;
  /** By record: what this thread has spawned and is not done with. */
  readonly #tasks: (RemoteTask | null)[] = [];
  readonly #backlog: Backlog;
  readonly #blockingBacklog: Backlog;
  readonly #room: Room;
  readonly #unplaced: Unplaced;
  #awaited = 0;
  #pending = 0;
  readonly #receiver = (record: number) => this.receive(record);

  constructor(
    memory: PoolMemory,
    number: number,
    host: SeatHost,
    startWorkers: () => void,
  ) {
    this.memory = memory;
    this.number = number;
    this.workers = memory.workers;
    this.host = host;
    this.ports = new Ports(number);
    this.startWorkers = startWorkers;
    this.heap = memory.openHeap();
    this.#slots = memory.openSlots();
    this.functions = new Functions(memory, this.heap);
    this.payloads = new Payloads(memory, this.heap, this.ports);
    this.endings = new Endings(memory, number, this.payloads, this.#encoder);
    this.#held = new Held(memory, this.payloads, this.ports, this.endings);
    this.#room = new Room({
      canSend: (placement) => this.canSend(placement),
      slots: this.#slots,
      functions: this.functions,
      payloads: this.payloads,
      pin: (name, placement) => this.pinned(name, placement),
    });
    this.#unplaced = new Unplaced({
      memory,
      room: this.#room,
      payloads: this.payloads,
      endings: this.endings,
      place: (task, placed) => this.#place(task, placed),
      settle: (...end) => this.#settle(...end),
    });
    this.sleep = new SleepPlace(memory, number);
    this.#backlog = new Backlog(memory.injector, () => memory.wakeOne());
    this.#blockingBacklog = new Backlog(
      memory.blockingInjector,
      () => memory.wakeOneBlocking(),
    );
  }

  /** How many tasks that were spawned here have not ended. */
  get pending(): number {
    return this.#pending;
  }

  /** How many tasks somebody on this thread waits for. */
  get awaited(): number {
    return this.#awaited;
  }

  /** The longest that the thread may sleep, in milliseconds, see `crew.ts`. */
  get longestSleep(): number {
    const hasRoom = this.#backlog.isEmpty && this.#blockingBacklog.isEmpty &&
      this.#unplaced.isEmpty && this.endings.areWritten;
    return hasRoom && !this.sleep.isUnreachable ? Infinity : 1;
  }

  /** Spawns a task: encodes the arguments, and puts it where it can be found. */
  spawn(
    declaration: Declaration,
    args: readonly unknown[],
    placement: Placement,
  ): RemoteTask {
    const { name } = declaration;
    const { transfer } = placement;
    const packet = this.#encoder.encodeArguments(name, args, transfer);
    let placed: Placed | null;
    let kept: Payload | null;
    // From here on the workers stay: there is a task that has not ended.
    this.memory.count(this.number, SEAT.SPAWNED);
    try {
      if (packet.attachments !== null) {
        placement = this.pinned(name, placement);
        this.payloads.checkWay(placement.on!);
      }
      placed = this.#room.find(declaration, packet, placement);
      kept = placed === null ? keep(packet) : null;
    } catch (error) {
      packet.discard();
      this.memory.uncount(this.number, SEAT.SPAWNED);
      throw error;
    }
    const task = new RemoteTask(this, name, NONE);
    this.#pending++;
    packet.commit();
    if (placed !== null) this.#place(task, placed);
    else {
      this.#unplaced.add({ task, declaration, payload: kept!, placement });
      this.#afterPublishing();
    }
    return task;
  }

  /** What goes by port has to know where to, and that somebody is there. */
  protected pinned(name: string, placement: Placement): Placement {
    if (placement.blocking) {
      // It waits here until a thread has taken the task.
      if (this.canSend(placement)) return { ...placement, on: this.number };
      throw noWay(name);
    }
    if (!this.memory.life.keepAwake()) this.startWorkers();
    return placement.on === undefined
      ? { ...placement, on: this.leastLoaded() }
      : placement;
  }

  /** Whether a port leads from here to a thread that may run a task. */
  protected canSend({ blocking }: Placement): boolean {
    const { firstBlocking, firstOutside } = this.memory;
    return this.number < (blocking ? firstBlocking : firstOutside);
  }

  leastLoaded(): number {
    return this.memory.leastLoaded();
  }

  #place(task: RemoteTask, { record, number, placement }: Placed): void {
    const { memory } = this;
    const { on, blocking } = placement;
    task.record = record;
    this.#tasks[record] = task;
    const at = memory.layout.record(record);
    memory.words[at + RECORD.SPAWNER] = this.number;
    memory.words[at + RECORD.FN] = number;
    memory.words[at + RECORD.PINNED] = Number(on !== undefined && !blocking);
    memory.states.bear(record);
    if (blocking) this.#blockingBacklog.push(record);
    else if (on === undefined) this.publish(record);
    else {
      memory.addSeat(on, SEAT.MAILED, 1);
      memory.post(on, record);
    }
    this.#afterPublishing();
  }

  /** Puts a record where any worker finds it. */
  protected publish(record: number): void {
    this.publishShared(record);
  }

  /** Puts a record into the injector, or behind those that wait for room in it. */
  protected publishShared(record: number): void {
    this.#backlog.push(record);
  }

  #afterPublishing(): void {
    if (this.memory.life.keepAwake()) return;
    if (this.memory.life.isClosed) this.reap();
    else this.startWorkers();
  }

  /** After the pool's end: cancels what is in queues that no worker looks into. */
  reap(): void {
    this.endings.cancelQueued();
    this.cancelWaiting();
    this.drain();
  }

  /** After the pool's end: closes what threads were given that left before it came. */
  reapOutcomes(): void {
    const { memory } = this;
    for (let seat = 1; seat < memory.firstOutside; seat++) {
      if (memory.isVacant(seat)) memory.done(seat).drain(this.#receiver);
    }
  }

  /** Cancels what was spawned here and waits for room. */
  protected cancelWaiting(): void {
    for (const backlog of [this.#backlog, this.#blockingBacklog]) {
      let record;
      while ((record = backlog.take()) !== undefined) {
        this.endings.cancelTaken(record);
      }
    }
    this.#unplaced.end(ABORTED);
  }

  /**
   * The thread is going away, and others go on: what waits for a place in a queue
   * goes to a worker's mail, which has room for any number. What has no record, or
   * must run on a thread for blocking tasks, is lost.
   */
  protected abandonWaiting(): void {
    const { memory, number } = this;
    const heir = number <= memory.workers ? number : 1;
    let record;
    while ((record = this.#backlog.take()) !== undefined) {
      memory.post(heir, record);
    }
    while ((record = this.#blockingBacklog.take()) !== undefined) {
      this.endings.endTaken(record, LOST);
    }
    this.#unplaced.end(LOST);
  }

  /** Takes the outcomes that have arrived. Returns whether there were any. */
  drain(): boolean {
    const hadAny = this.memory.done(this.number).drain(this.#receiver);
    this.#backlog.flush();
    this.#blockingBacklog.flush();
    this.#unplaced.retry();
    this.endings.writeWaiting();
    return hadAny;
  }

  /** Takes the outcome of a task, or a record that comes back. */
  protected receive(record: number): void {
    const task = this.#tasks[record];
    const { states } = this.memory;
    if (this.memory.get(record, RECORD.ATTACHED) === ATTACHED.ASKED) {
      return this.#held.answer(record, Boolean(task));
    }
    // An empty shell comes back, or what a thread before left in this seat.
    if (task === null || task === undefined) {
      if (!states.isConsumed(record)) {
        this.payloads.discard(record, states.ending(record));
        if (!states.consume(record)) return;
      } else this.#held.drop(record);
      this.#slots.release(record);
      return;
    }
    this.#tasks[record] = null;
    let ending = states.ending(record);
    let outcome: unknown;
    try {
      if (ending === 0 || ending === FAILED) {
        outcome = this.payloads.readFor(task.owner, record);
      }
    } catch (error) {
      ending = FAILED;
      outcome = error;
    }
    if (states.consume(record)) this.#slots.release(record);
    this.#settle(task, ending, outcome);
  }

  #settle(
    task: RemoteTask,
    ending: SharedEnding,
    outcome: unknown,
  ): void {
    if (task.wasAwaited) this.#awaited--;
    this.#pending--;
    task.settle(ending, outcome);
  }

  noteAwaited(task: RemoteTask): void {
    if (task.wasAwaited) return;
    task.wasAwaited = true;
    this.#awaited++;
    this.sleep.await(task);
  }

  abort(task: RemoteTask): void {
    const { memory } = this;
    const { record } = task;
    if (record === NONE) return this.#unplaced.settle(task, ABORTED);
    switch (memory.states.abort(record)) {
      case "settle":
        // What went by port only the worker has: it closes that with the shell.
        if (memory.get(record, RECORD.ATTACHED) === ATTACHED.NONE) {
          this.endings.disposeArguments(record);
        }
        this.#tasks[record] = null;
        this.endings.count(ABORTED);
        if (memory.states.consume(record)) this.#slots.release(record);
        this.#settle(task, ABORTED, undefined);
        break;
      case "mail":
        memory.post(memory.get(record, RECORD.HOME), record);
        break;
    }
  }

  detach({ record }: RemoteTask): void {
    if (record !== NONE) this.memory.states.clearJoinInterest(record);
  }

  runIfNext(_task: RemoteTask): void {}

  /** Whether there is something that a thread about to sleep has to see to. */
  get hasNews(): boolean {
    return !this.memory.done(this.number).isEmpty;
  }

  /** The thread is about to sleep. False: it must not, there is something to do. */
  beforeSleep(): boolean {
    return this.sleep.park() && this.sleep.announce() && !this.hasNews &&
      this.mayPark();
  }

  /** The same while the thread's wait is under way already, off the thread. */
  stayAsleep(): boolean {
    this.sleep.stayParked();
    return this.sleep.announce() && !this.hasNews;
  }

  /** Whether the thread has to listen although nobody there waits. */
  get mustListen(): boolean {
    return false;
  }

  /** What else keeps a thread from sleeping. */
  protected mayPark(): boolean {
    return true;
  }

  /** The thread is awake again. */
  afterSleep(): void {
    this.sleep.unpark();
  }

  /** The name of a function by its number. */
  nameOf(number: number): string {
    return this.functions.get(number).name;
  }

  /**
   * After the pool's end: ends all tasks of this thread's that have not ended. Their
   * workers were let go, or never were there.
   */
  endAll(ending: SharedEnding, outcome?: unknown): void {
    for (const task of [...this.#tasks]) {
      if (task === null || task === undefined) continue;
      if (this.endings.giveUp(task.record, ending)) {
        this.#tasks[task.record] = null;
        this.#settle(task, ending, outcome);
      } else this.receive(task.record);
    }
  }

  /** The same with those of others, who are told. */
  endOthers(): void {
    this.endings.giveUpAll();
  }

  /** Gives the free records and blocks to the other threads. */
  leave(): void {
    this.payloads.discardArrived();
    this.#slots.giveBack();
    this.heap.giveBack();
    this.ports.close();
  }
}
