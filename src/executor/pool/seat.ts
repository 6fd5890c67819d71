import { type Declaration, Encoder } from "../../task/mod.ts";
import { Backlog } from "./backlog.ts";
import { Endings } from "./endings.ts";
import { Functions } from "./functions.ts";
import { Heap } from "./heap.ts";
import { RECORD, SEAT } from "./layout.ts";
import type { PoolMemory } from "./memory.ts";
import { keep, type Payload, Payloads } from "./payloads.ts";
import type { Placement } from "./placement.ts";
import { Ports } from "./ports.ts";
import {
  RemoteTask,
  type RemoteTaskHost,
  type SeatHost,
} from "./remote_task.ts";
import { SleepPlace } from "./sleep_place.ts";
import { ABORTED, FAILED, type SharedEnding } from "./shared_state.ts";
import { Slots } from "./slots.ts";
import { NONE } from "./task_deque.ts";

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
  /** Where the thread sleeps. */
  readonly sleep: SleepPlace;
  /** Has the pool's workers started; for `Life`. */
  protected readonly startWorkers: () => void;
  /** By record: what this thread has spawned and is not done with. */
  readonly #tasks: (RemoteTask | null)[] = [];
  readonly #backlog: Backlog<Placement>;
  readonly #blockingBacklog: Backlog<Placement>;
  #awaited = 0;
  #pending = 0;

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
    const { words, layout } = memory;
    this.heap = new Heap(
      words,
      layout.heap,
      layout.heapBytes,
      layout.sizes.heap,
    );
    this.#slots = new Slots(
      words,
      layout.slots,
      layout.sizes.records,
      layout.links(RECORD.LINK),
    );
    this.functions = new Functions(memory, this.heap);
    this.payloads = new Payloads(memory, this.heap, this.ports);
    this.endings = new Endings(memory, number, this.payloads, this.#encoder);
    this.sleep = new SleepPlace(memory, number);
    this.#backlog = new Backlog(memory.injector, () => memory.wakeOne());
    this.#blockingBacklog = new Backlog(
      memory.blockingInjector,
      () => memory.wakeOneBlocking(),
    );
  }

  /** Whether all that was spawned here has ended. */
  get isSettled(): boolean {
    return this.#pending === 0;
  }

  /** How many tasks somebody on this thread waits for. */
  get awaited(): number {
    return this.#awaited;
  }

  /** The longest that the thread may sleep, in milliseconds, see `crew.ts`. */
  get longestSleep(): number {
    const isEmpty = this.#backlog.isEmpty && this.#blockingBacklog.isEmpty;
    return isEmpty && !this.sleep.isUnreachable ? Infinity : 1;
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
    let record = NONE;
    let number: number;
    // From here on the workers stay: there is a task that has not ended.
    this.memory.count(this.number, SEAT.SPAWNED);
    try {
      number = this.functions.numberOf(declaration);
      if (packet.attachments !== null) {
        placement = this.pinned(name, placement);
      }
      record = this.#slots.allocate();
      if (record !== NONE) {
        placement = this.#write(name, record, packet, placement);
      }
    } catch (error) {
      packet.discard();
      this.memory.uncount(this.number, SEAT.SPAWNED);
      if (record !== NONE) this.#slots.release(record);
      throw error;
    }
    const task = new RemoteTask(this, name, record);
    this.#pending++;
    if (record === NONE) {
      const payload = keep(packet);
      this.#backlog.unplaced.pushBack({ task, number, payload, placement });
      packet.commit();
    } else {
      packet.commit();
      this.#place(task, record, number, placement);
    }
    return task;
  }

  /** Writes a task's arguments. Where they found no room, it has got a worker. */
  #write(
    name: string,
    record: number,
    payload: Payload,
    placement: Placement,
  ): Placement {
    if (this.payloads.write(record, payload, placement.on)) return placement;
    placement = this.pinned(name, placement);
    this.payloads.write(record, payload, placement.on);
    return placement;
  }

  /** What goes by port has to know where to, and that somebody is there. */
  protected pinned(name: string, placement: Placement): Placement {
    if (placement.blocking) {
      throw new TypeError(
        `Cannot spawn "${name}" as a blocking task: shared and transferred ` +
          "buffers, and what found no room in shared memory, go to workers only",
      );
    }
    if (!this.memory.life.keepAwake()) this.startWorkers();
    return placement.on === undefined
      ? { ...placement, on: this.leastLoaded() }
      : placement;
  }

  leastLoaded(): number {
    return this.memory.leastLoaded();
  }

  #place(
    task: RemoteTask,
    record: number,
    number: number,
    { on, blocking }: Placement,
  ): void {
    const { memory } = this;
    task.record = record;
    this.#tasks[record] = task;
    const at = memory.layout.record(record);
    memory.words[at + RECORD.SPAWNER] = this.number;
    memory.words[at + RECORD.FN] = number;
    memory.words[at + RECORD.PINNED] = on === undefined ? 0 : 1;
    memory.states.bear(record);
    if (blocking) this.#blockingBacklog.push(record);
    else if (on === undefined) this.publish(record);
    else this.#mailTo(on, record);
    this.#afterPublishing();
  }

  #mailTo(seat: number, record: number): void {
    this.memory.addSeat(seat, SEAT.MAILED, 1);
    this.memory.post(seat, record);
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
    for (const backlog of [this.#backlog, this.#blockingBacklog]) {
      let record;
      while ((record = backlog.take()) !== undefined) {
        this.endings.cancelTaken(record);
      }
    }
    while (this.#backlog.unplaced.length > 0) {
      const { task, payload } = this.#backlog.unplaced.popFront()!;
      this.payloads.drop(payload);
      this.#cancelUnplaced(task);
    }
    this.drain();
  }

  #cancelUnplaced(task: RemoteTask): void {
    if (task.isComplete) return;
    this.endings.count(ABORTED);
    this.#settle(task, ABORTED, undefined);
  }

  /** Takes the outcomes that have arrived. Returns whether there were any. */
  drain(): boolean {
    const done = this.memory.done(this.number);
    let record = done.takeAll();
    const hadAny = record !== NONE;
    while (record !== NONE) {
      const next = done.next(record);
      this.#receive(record);
      record = next;
    }
    this.#placeBacklog();
    return hadAny;
  }

  #receive(record: number): void {
    const task = this.#tasks[record];
    const { states } = this.memory;
    // An empty shell comes back, or what a thread before left in this seat.
    if (task === null || task === undefined) {
      if (!states.isConsumed(record)) {
        this.payloads.discard(record, states.ending(record));
        if (!states.consume(record)) return;
      }
      this.#slots.release(record);
      return;
    }
    this.#tasks[record] = null;
    let ending = states.ending(record);
    let outcome: unknown;
    try {
      if (ending === 0 || ending === FAILED) {
        outcome = this.payloads.read(record);
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

  #placeBacklog(): void {
    this.#backlog.flush();
    this.#blockingBacklog.flush();
    while (this.#backlog.unplaced.length > 0) {
      const record = this.#slots.allocate();
      if (record === NONE) break;
      const { task, number, payload, placement } = this.#backlog.unplaced
        .popFront()!;
      if (task.isComplete) {
        this.payloads.drop(payload);
        this.#slots.release(record);
        continue;
      }
      let placed: Placement;
      try {
        placed = this.#write(task.name, record, payload, placement);
      } catch (error) {
        this.#slots.release(record);
        this.endings.count(FAILED);
        this.#settle(task, FAILED, error);
        continue;
      }
      this.#place(task, record, number, placed);
    }
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
    if (record === NONE) return this.#cancelUnplaced(task);
    switch (memory.states.abort(record)) {
      case "settle":
        this.endings.disposeArguments(record);
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

  /** Ends all tasks that are left: their workers are gone, or never were there. */
  endAll(ending: SharedEnding, outcome?: unknown): void {
    for (const task of [...this.#tasks]) {
      if (task === null || task === undefined) continue;
      this.#tasks[task.record] = null;
      this.endings.count(ending);
      this.#settle(task, ending, outcome);
    }
  }

  /** Gives the free records and blocks to the other threads. */
  leave(): void {
    this.#slots.giveBack();
    this.heap.giveBack();
    this.ports.close();
  }
}
