import { setImmediate } from "node:timers";
import { enterContext, reportFailure } from "../future/mod.ts";
import { type Runnable, Scope } from "../task/mod.ts";
import { HostedExecutor } from "./hosted.ts";
import { crew } from "./pool/crew.ts";
import { BlockingSeat } from "./pool/blocking_seat.ts";
import { ATTENTION, SEAT, STATUS } from "./pool/layout.ts";
import type { PoolMemory } from "./pool/memory.ts";
import type { Spawner } from "./pool/spawner.ts";
import { type WorkerHost, WorkerSeat } from "./pool/worker_seat.ts";

/**
 * How many times in a row a worker that ran out of work spins in vain before it
 * stops doing so, until the next task from another thread: a worker that serves
 * sockets sleeps at once.
 */
const SPINS = 8;

/** What a worker is told when it starts. */
export interface WorkerOptions {
  /** Which seat it has. */
  readonly seat: number;
  /** How long a pool has nothing to do before its workers go, in milliseconds. */
  readonly idleTimeout: number;
}

/**
 * The executor of a worker: it takes tasks from the queues that threads share,
 * and blocks its thread while there are none. Only while something there waits for
 * a promise does it let Deno's loop turn, and is hosted by it as on the main
 * thread; so `fetch` works, and costs nothing when nobody uses it.
 */
export class WorkerExecutor extends HostedExecutor implements WorkerHost {
  readonly scope: Scope = new Scope(this);
  readonly seat: WorkerSeat;
  readonly #memory: PoolMemory;
  readonly #idleTimeout: number;
  readonly #onLeft: () => void;
  /** How many tasks and futures wait for promises. */
  #holds = 0;
  #spins = 0;
  /** Whether it has looked in vain, since its last task, if all could retire. */
  #hasTriedToRetire = false;
  #hasLeft = false;
  /** A thread for blocking tasks has had none for long enough. */
  #isDismissed = false;
  readonly #park = (ms: number) => this.#sleep(ms);

  constructor(
    memory: PoolMemory,
    { seat, idleTimeout }: WorkerOptions,
    onLeft: () => void,
  ) {
    super();
    this.#memory = memory;
    this.#idleTimeout = idleTimeout;
    this.#onLeft = onLeft;
    const startWorkers = () => memory.callCreator(ATTENTION.START);
    this.seat = seat < memory.firstBlocking
      ? new WorkerSeat(memory, seat, this, startWorkers)
      : new BlockingSeat(memory, seat, this, startWorkers);
  }

  /** Takes the seat and works until the pool ends; `onLeft` is called then. */
  start(): void {
    crew.join(this.seat);
    this.#memory.storeSeat(this.seat.number, SEAT.STATUS, STATUS.TAKEN);
    this.queueTurn();
  }

  override get spawner(): Spawner {
    return this.seat;
  }

  holdLoop(hold: boolean): void {
    this.#holds += hold ? 1 : -1;
    // What was held up by it can go on.
    if (!hold) this.queueTurn();
  }

  override runNested(job: Runnable): void {
    // To the queue in any case: what has never waited is found nowhere else.
    if (this.isNestedDeep) super.schedule(job);
    else super.runNested(job);
  }

  /** After a shutdown nothing goes on that was woken: it is cancelled as it is. */
  override schedule(task: Runnable): void {
    if (this.#memory.life.isClosed) this.queueTurn();
    else super.schedule(task);
  }

  protected override nextShared(fair: boolean): Runnable | undefined {
    // What has moved to a task belongs to it, whoever was polled last.
    this.cx.owner = this.scope;
    const job = this.seat.next(fair);
    if (job === null) {
      // Until it looks again Deno's loop turns: others must not rely on it.
      if (this.isHosted) this.seat.idling.stopSearch();
      return undefined;
    }
    this.#spins = SPINS;
    this.#hasTriedToRetire = false;
    return job;
  }

  /** Whether promises have to settle, for which Deno's loop must turn. */
  get isHosted(): boolean {
    return this.#holds > 0 || this.live > 0;
  }

  protected override get isNeeded(): boolean {
    return true;
  }

  /** Also while Deno's loop turns there may be mail, and work in the queues. */
  protected override get mustListen(): boolean {
    return true;
  }

  protected override takeTurn(): void {
    try {
      this.#takeTurn();
    } catch (error) {
      this.failTurn(error);
    }
  }

  /** Its tasks are lost, and another thread takes the seat: nothing may hang. */
  protected override failTurn(error: unknown): void {
    if (this.#hasLeft) return;
    reportFailure("a worker", error);
    this.die();
    this.#onLeft();
  }

  #takeTurn(): void {
    if (this.#hasLeft) return;
    if (this.waitsElsewhere) {
      if (!this.isHosted || this.#mustLeave) {
        // The end of that wait brings the turn in which the thread may block.
        this.existingReactor!.signal();
        return;
      }
      crew.afterSleep();
    }
    while (!this.isHosted && !this.#mustLeave) {
      this.pollDrivers(this.#park);
      // A searcher that is busy with something else would let others sleep on.
      if (this.hasReady) this.seat.idling.stopSearch();
      this.pollReady(null);
    }
    // A task may have ended the thread.
    if (this.#hasLeft) return;
    if (this.#mustLeave) return this.#leave();
    if (this.seat.seesWork) this.seat.startSearch();
    super.takeTurn();
  }

  get #isBlocking(): boolean {
    return this.seat instanceof BlockingSeat;
  }

  get #mustLeave(): boolean {
    return this.#hasLeft || this.#isDismissed || !this.#memory.life.isAwake;
  }

  #sleep(ms: number): void {
    const { seat } = this;
    // What was mailed may need Deno's loop to get its module.
    if (ms === 0 || this.isHosted) {
      this.existingReactor?.wait(0);
      return;
    }
    if (seat.seesWork && seat.startSearch()) return;
    if (this.#spins > 0) {
      seat.startSearch();
      if (seat.spin()) return;
      this.#spins--;
    }
    const isUnused = seat.isUnused && this.scope.waiting === 0;
    const mayRetire = isUnused && !this.#hasTriedToRetire;
    const limit = mayRetire ? this.#idleTimeout : Infinity;
    const before = performance.now();
    this.sleep(Math.min(ms, limit, crew.longestSleep));
    if (mayRetire && performance.now() - before >= limit) this.#tryToRetire();
  }

  #tryToRetire(): void {
    const memory = this.#memory;
    const isIdle = () => memory.isIdle && memory.sum(SEAT.WAITING) === 0;
    if (memory.life.retire(isIdle, this.seat.number)) {
      for (let seat = 0; seat < memory.firstOutside; seat++) {
        memory.unpark(seat);
      }
      return;
    }
    // Whoever is busy tries afterwards. If nobody is, this one was hindered, by
    // another who tried or by a task that has ended since, and tries again.
    const mustTryAgain = isIdle();
    // Who adds a blocking task now finds nobody asleep, and has a thread started.
    if (this.#isBlocking) {
      this.#isDismissed = !mustTryAgain && !this.seat.seesWork;
    } else this.#hasTriedToRetire = !mustTryAgain;
  }

  /**
   * Ends the thread in the middle of a task, which asked for it: `self.close()`.
   * Its tasks are lost, cleanups do not run; what they had open is closed.
   */
  die(): void {
    if (this.#hasLeft) return;
    this.#hasLeft = true;
    const memory = this.#memory;
    // Before anybody hears of it, and sends to a thread that will not be there.
    memory.storeSeat(this.seat.number, SEAT.STATUS, STATUS.DYING);
    this.seat.die();
    this.scope.closeResources();
    this.closeDrivers(true);
    crew.leave(this.seat);
    this.seat.leave();
    memory.vacate(this.seat.number, STATUS.DEAD);
    memory.callCreator(ATTENTION.DEATH);
  }

  #leave(): void {
    this.#hasLeft = true;
    const before = enterContext(this.cx);
    try {
      this.cx.owner = this.scope;
      this.scope.close();
      this.seat.retreat();
    } finally {
      enterContext(before);
      // Aborted async tasks hear of it in promise jobs, which come before this.
      if (this.isHosted) setImmediate(() => this.#vacate());
      else this.#vacate();
    }
  }

  #vacate(): void {
    const before = enterContext(this.cx);
    try {
      this.closeDrivers();
    } finally {
      enterContext(before);
      crew.leave(this.seat);
      this.seat.leave();
      const memory = this.#memory;
      memory.vacate(this.seat.number);
      // Who added a task meanwhile may have found no place for another thread.
      if (this.#isBlocking && memory.blockingInjector.length > 0) {
        memory.wakeOneBlocking();
      }
      this.#onLeft();
    }
  }
}
