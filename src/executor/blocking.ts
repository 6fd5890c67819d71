import { type Coroutine, enterContext, noopWaker } from "../future/mod.ts";
import {
  type Joinable,
  JoinError,
  JoinHandle,
  Scope,
  shareableOf,
  Task,
} from "../task/mod.ts";
import { pause } from "../sys/pause.ts";
import { CHECK_INTERVAL, Executor } from "./executor.ts";
import { lookUpTask } from "./look_up_task.ts";
import { IDLE_TIMEOUT_MS, type PoolOptions } from "./make_pool.ts";
import { crew } from "./pool/crew.ts";
import type { Prepared } from "./prepare.ts";
import type { OwnPool, Spawner } from "./pool/spawner.ts";
import { reportStuck } from "./pool/stuck.ts";

/** How long the workers of a `block_on` may take to end, in milliseconds. */
const SHUTDOWN_MS = 10_000;

/** A pool for looking up host names alone. */
const ONE_WORKER: PoolOptions = { workers: 1, idleTimeout: IDLE_TIMEOUT_MS };

/** An executor that blocks its thread until the root task has ended. */
export class BlockingExecutor extends Executor {
  readonly #scope = new Scope(this);
  #deadlock: Error | null = null;
  #spawner: Spawner | null;
  readonly #makePool: (options?: PoolOptions) => OwnPool;
  #ownPool: OwnPool | null = null;
  /** What looks host names up where there are no workers. */
  #resolver: OwnPool | null = null;
  #spins = 0;
  readonly #park = (ms: number) => this.#wait(ms);

  /**
   * @param spawner Where shareable tasks go; without one a pool is made with
   * `makePool` when the first is spawned, and ends with the root task.
   */
  constructor(
    spawner: Spawner | null,
    makePool: (options?: PoolOptions) => OwnPool,
  ) {
    super(true);
    this.#spawner = spawner;
    this.#makePool = makePool;
  }

  override get spawner(): Spawner {
    return this.#spawner ??= this.#ownPool = this.#makePool();
  }

  *resolve(hostname: string): Coroutine<string[]> {
    const handle = new JoinHandle<string[]>(this.#spawnLookUp(hostname));
    try {
      return yield* handle;
    } catch (error) {
      throw error instanceof JoinError && error.kind === "failed"
        ? error.cause
        : error;
    } finally {
      handle.abort();
    }
  }

  /** The workers may all be busy; for a look-up alone, one is enough. */
  #spawnLookUp(hostname: string): Joinable<string[]> {
    const hasWorkers = this.#spawner !== null && this.#spawner.workers > 0;
    const spawner = hasWorkers
      ? this.spawner
      : this.#resolver ??= this.#makePool(ONE_WORKER);
    const task = spawner.spawn(shareableOf(lookUpTask)!, [hostname], {
      blocking: hasWorkers,
    });
    return task as Joinable<string[]>;
  }

  /** Runs a task and all that it spawns; returns its value or throws its error. */
  blockOn<T>({ fn, args }: Prepared): T {
    const root = new Task<T>(this.#scope, fn, args);
    // Its error is thrown here: nobody has to report it.
    root.watch(noopWaker);
    this.scheduleSpawned(root);
    try {
      this.pollReady(root);
      while (!root.isComplete && this.#deadlock === null) {
        this.pollDrivers(this.#park);
        this.pollReady(root);
      }
    } finally {
      this.#close();
    }
    if (this.#deadlock === null) return root.takeOutcome();
    // The root was cancelled with the others; its caller gets the deadlock.
    if (root.hasFailed) root.reportUnjoined();
    throw this.#deadlock;
  }

  #wait(ms: number): void {
    if (crew.awaited > 0 || crew.longestSleep < ms) {
      this.#waitForPool(ms);
      return;
    }
    const reactor = this.existingReactor;
    if (ms === Infinity && !reactor?.canWake) {
      this.#deadlock = new Error(
        deadlockMessage(this.#scope.tasks().map(({ name }) => name)),
      );
    } else if (crew.mustListen) {
      // Workers may need a thread started, which only this one can do.
      this.sleep(ms);
    } else if (reactor !== null) {
      reactor.wait(ms);
    } else if (ms > 0) {
      pause(ms);
    }
  }

  /**
   * What runs on other threads may end at any moment. While it does so within a
   * spin, sockets are looked at only now and then: that takes a system call.
   */
  #waitForPool(ms: number): void {
    if (ms > 0 && (crew.giveWay() || crew.spin())) {
      if (++this.#spins % CHECK_INTERVAL !== 0) return;
      ms = 0;
    }
    this.sleep(Math.min(ms, crew.longestSleep));
  }

  #close(): void {
    this.cx.owner = this.#scope;
    const before = enterContext(this.cx);
    try {
      this.#scope.close();
      for (const pool of [this.#ownPool, this.#resolver]) {
        reportStuck(pool?.shutdownNow(SHUTDOWN_MS) ?? [], SHUTDOWN_MS);
      }
      this.closeDrivers();
    } finally {
      enterContext(before);
    }
  }
}

/** How many waiting tasks a deadlock names: enough to recognise the place. */
const NAMES_SHOWN = 8;

function deadlockMessage(names: string[]): string {
  const shown = names.slice(0, NAMES_SHOWN).map((name) => `"${name}"`);
  if (names.length > shown.length) shown.push("…");
  return `Cannot finish block_on: deadlock. ${names.length} task(s) wait, and ` +
    "no timer, no socket and no exported handle is left to wake one: " +
    shown.join(", ");
}
