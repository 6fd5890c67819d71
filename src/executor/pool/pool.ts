import { reportFailure } from "../../future/mod.ts";
import type { Declaration } from "../../task/mod.ts";
import { CreatorSeat, type Keeper } from "./creator_seat.ts";
import { crew } from "./crew.ts";
import { ATTENTION, RECORD, SEAT, type Sizes, STATUS } from "./layout.ts";
import { PoolMemory } from "./memory.ts";
import { connectAll, introduceTo, type Way } from "./ports.ts";
import type { RemoteTask, SeatHost } from "./remote_task.ts";
import type { Placement } from "./placement.ts";
import { FAILED, LOST } from "./shared_state.ts";
import type { OwnPool } from "./spawner.ts";
import type { Stuck } from "./stuck.ts";
import { awaitVacant, untilVacant } from "./vacancy.ts";

/** A thread that was started. */
export interface Thread {
  /** Ends it, if it has left the pool's memory alone. */
  end(): void;
  /** Lets it go: it may run for ever, and must not keep the process alive. */
  letGo(): void;
}

/** Starts the threads of a pool, each of which takes a seat. */
export type StartThread = (
  shared: SharedArrayBuffer,
  seat: number,
  ways: readonly Way[],
  onError: (error: unknown) => void,
) => Thread;

/**
 * How long a thread may take to come up, in milliseconds. It takes 80 on a quiet
 * machine, and ten thousand were seen where twenty programs shared two processors.
 * One whose module cannot be loaded says so only to a thread that is not blocked.
 */
const START_MS = 60_000;

/** How long a worker that ends itself may take to clear up, in milliseconds. */
const DYING_MS = 1_000;

/**
 * A pool, on the thread that made it. That one alone starts threads, as a Web
 * Worker lives no longer than the thread that started it.
 */
export class Pool implements OwnPool, Keeper {
  readonly memory: PoolMemory;
  readonly seat: CreatorSeat;
  readonly #startThread: StartThread;
  /** By seat. */
  readonly #threads = new Map<number, Thread>();
  readonly #host: SeatHost;
  #isShutDown = false;
  /** When those that were started must have come up. */
  #startDeadline = Infinity;

  /** Starts no thread yet. `sizes` are others than usual, for tests. */
  constructor(
    workers: number,
    host: SeatHost,
    startThread: StartThread,
    sizes: Partial<Sizes> = {},
  ) {
    this.#host = host;
    this.memory = PoolMemory.create(workers, sizes);
    this.#startThread = startThread;
    this.seat = new CreatorSeat(this.memory, host, this);
    this.memory.storeSeat(0, SEAT.STATUS, STATUS.TAKEN);
    crew.join(this.seat);
  }

  /** Whether it was shut down. */
  get isShutDown(): boolean {
    return this.#isShutDown;
  }

  get workers(): number {
    return this.memory.workers;
  }

  leastLoaded(): number {
    return this.seat.leastLoaded();
  }

  spawn(
    declaration: Declaration,
    args: readonly unknown[],
    placement: Placement,
  ): RemoteTask {
    return this.seat.spawn(declaration, args, placement);
  }

  start(): void {
    const { memory } = this;
    if (memory.life.isAwake || memory.life.isClosed) return;
    // Those that retired a moment ago are on their way out. First these: one that
    // has not noticed yet would stay if the pool were awake again.
    for (const seat of this.#threads.keys()) {
      awaitVacant(memory, seat, Infinity);
    }
    this.#threads.clear();
    if (!memory.life.wakeUp()) return;
    const ways = connectAll(memory.workers + 1);
    for (const [seat, port] of ways[0]!) this.seat.ports.set(seat, port);
    let seat = 1;
    try {
      for (; seat <= memory.workers; seat++) this.#startOn(seat, ways[seat]!);
    } catch (error) {
      // What no thread has received nobody else would close.
      for (const unsent of ways.slice(seat)) {
        for (const [, port] of unsent) port.close();
      }
      this.#failStart(error);
      throw error;
    }
    this.#startBlocking();
    // Also where nobody waits for a task: threads may be asked for, or have failed.
    this.#host.lookAgain();
  }

  #startOn(seat: number, ways: readonly Way[]): void {
    this.memory.storeSeat(seat, SEAT.STATUS, STATUS.STARTING);
    this.#startDeadline = performance.now() + START_MS;
    let thread: Thread;
    try {
      thread = this.#startThread(
        this.memory.shared,
        seat,
        ways,
        (error) => this.#onError(seat, error),
      );
    } catch (error) {
      // Nobody will ever come up there, or take these.
      this.memory.vacate(seat);
      for (const [, port] of ways) port.close();
      throw error;
    }
    this.#threads.set(seat, thread);
  }

  /** What a thread could not cope with itself. */
  #onError(seat: number, error: unknown): void {
    if (this.memory.loadSeat(seat, SEAT.STATUS) === STATUS.STARTING) {
      this.#failStart(error);
    } else reportFailure("a worker", error);
  }

  get untilStarted(): number {
    // Asked before each sleep, and nearly always nothing is being started.
    if (this.#startDeadline === Infinity) return Infinity;
    return Math.max(0, this.#startDeadline - performance.now());
  }

  checkStart(): void {
    if (this.#startDeadline === Infinity) return;
    const late = [...this.#threads.keys()].some((seat) =>
      this.memory.loadSeat(seat, SEAT.STATUS) === STATUS.STARTING
    );
    if (!late) this.#startDeadline = Infinity;
    else if (this.untilStarted === 0) {
      this.#failStart(
        new Error(`Cannot start workers: none came up within ${START_MS} ms`),
      );
    }
  }

  /** Without workers nothing can run: all that was spawned fails, and the pool ends. */
  #failStart(error: unknown): void {
    this.#startDeadline = Infinity;
    if (!this.#beginShutdown()) return;
    this.seat.endAll(FAILED, error);
    // Those that are up have descriptors to close.
    const deadline = performance.now() + DYING_MS;
    const stuck = [...this.#threads.keys()].filter((seat) => {
      const isUp = this.memory.loadSeat(seat, SEAT.STATUS) !== STATUS.STARTING;
      return !awaitVacant(this.memory, seat, isUp ? deadline : 0);
    });
    this.#finish(stuck);
  }

  attend(attention: number): void {
    if (this.#isShutDown) return;
    try {
      if ((attention & ATTENTION.START) !== 0) this.start();
      if ((attention & ATTENTION.DEATH) !== 0) this.#replaceDead();
      // Also for those whose threads have all died.
      if ((attention & (ATTENTION.BLOCKING | ATTENTION.DEATH)) !== 0) {
        this.#startBlocking();
      }
    } catch (error) {
      // Called between polls, where nobody could catch it: the tasks are told.
      this.#failStart(error);
    }
  }

  replaceDying(): void {
    if (this.#isShutDown) return;
    const { memory } = this;
    for (const seat of this.#threads.keys()) {
      if (memory.loadSeat(seat, SEAT.STATUS) !== STATUS.DYING) continue;
      awaitVacant(memory, seat, performance.now() + DYING_MS);
    }
    try {
      this.#replaceDead();
    } catch (error) {
      this.#failStart(error);
      throw error;
    }
  }

  /** Has new workers take the seats, and the queues, of those that have ended. */
  #replaceDead(): void {
    const { memory } = this;
    for (const seat of [...this.#threads.keys()]) {
      if (memory.loadSeat(seat, SEAT.STATUS) !== STATUS.DEAD) continue;
      this.#threads.delete(seat);
      memory.vacate(seat);
      if (seat <= memory.workers) this.#startOn(seat, this.#introduce(seat));
    }
  }

  /**
   * Makes ways between a new thread and all others that there are. Threads for
   * blocking tasks need none between each other: what goes to them has no buffers.
   */
  #introduce(seat: number): Way[] {
    const { memory } = this;
    const others = [...this.#threads.keys()].filter((other) =>
      other !== seat && !memory.isVacant(other) &&
      Math.min(seat, other) <= memory.workers
    );
    return introduceTo(this.seat.ports, seat, others);
  }

  /**
   * Starts threads for the blocking tasks that there are. Not while all have
   * retired: what is left then are the records of tasks that were aborted, and a
   * thread that came up would leave at once, and ask for another to see to them.
   */
  #startBlocking(): void {
    const { memory } = this;
    if (!memory.life.isAwake) return;
    let wanted = memory.blockingInjector.length;
    for (
      let seat = memory.firstBlocking;
      seat < memory.firstOutside;
      seat++
    ) {
      const status = memory.loadSeat(seat, SEAT.STATUS);
      if (status === STATUS.STARTING) wanted--;
      if (status !== STATUS.VACANT) continue;
      if (wanted <= 0 && memory.mail(seat).isEmpty) continue;
      this.#startOn(seat, this.#introduce(seat));
      wanted--;
    }
  }

  #beginShutdown(): boolean {
    if (this.#isShutDown) return false;
    this.#isShutDown = true;
    this.memory.life.close();
    for (const seat of this.#threads.keys()) this.memory.unpark(seat);
    return true;
  }

  shutdownNow(timeout: number): Stuck[] {
    if (!this.#beginShutdown()) return [];
    const deadline = performance.now() + timeout;
    const stuck = [...this.#threads.keys()].filter((seat) =>
      !awaitVacant(this.memory, seat, deadline)
    );
    return this.#finish(stuck);
  }

  /** The same without blocking the thread. */
  async shutdown(timeout: number): Promise<Stuck[]> {
    if (!this.#beginShutdown()) return [];
    const deadline = performance.now() + timeout;
    const stuck: number[] = [];
    for (const seat of this.#threads.keys()) {
      if (!await untilVacant(this.memory, seat, deadline)) stuck.push(seat);
    }
    return this.#finish(stuck);
  }

  #finish(stuckSeats: number[]): Stuck[] {
    const { memory, seat } = this;
    const stuck = stuckSeats.map((worker) => ({
      worker,
      task: this.#currentTask(worker),
    }));
    for (const worker of stuckSeats) this.#threads.get(worker)!.letGo();
    seat.reap();
    seat.reapOutcomes();
    seat.endAll(LOST);
    seat.endOthers();
    for (const thread of this.#threads.values()) thread.end();
    this.#threads.clear();
    crew.leave(seat);
    seat.leave();
    this.#host.lookAgain();
    memory.vacate(0);
    return stuck;
  }

  #currentTask(worker: number): string {
    const record = this.memory.loadSeat(worker, SEAT.CURRENT) - 1;
    return record < 0
      ? "no task"
      : this.seat.nameOf(this.memory.get(record, RECORD.FN));
  }
}
