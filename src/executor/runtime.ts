import { currentContext, describe, type IntoFuture } from "../future/mod.ts";
import {
  checkNotImporting,
  type JoinHandle,
  type Shareable,
} from "../task/mod.ts";
import { blockOnIn } from "./block_on.ts";
import { Handle } from "./handle.ts";
import { LocalSpawner } from "./local_spawner.ts";
import { IDLE_TIMEOUT_MS, makePool } from "./make_pool.ts";
import { type Metrics, metricsOf, NO_METRICS } from "./metrics.ts";
import type { Pool } from "./pool/pool.ts";
import { reportStuck } from "./pool/stuck.ts";
import type { Spawner } from "./pool/spawner.ts";
import type { Body } from "./prepare.ts";
import { runIn } from "./run.ts";
import { ANYWHERE, BLOCKING, spawnShareable } from "./spawn_shared.ts";
import { placementOf, type SpawnOptions } from "./spawn_options.ts";

/** What a runtime is made with. */
export interface RuntimeOptions {
  /**
   * How many workers run shareable tasks, beside the thread that is in `block_on`.
   * With 0 they run on that thread. @default {navigator.hardwareConcurrency}
   */
  readonly workers?: number;
  /**
   * How long the runtime has nothing to do before its workers end, in
   * milliseconds; they start again when there is something. While they are there
   * the process stays. @default {500}
   */
  readonly idleTimeout?: number;
}

/** How a runtime is shut down. */
export interface ShutdownOptions {
  /** How long its workers may take, in milliseconds. @default {10_000} */
  readonly timeout?: number;
}

/** More would only get into each other's way, and each takes 9 MiB. */
const MAX_WORKERS = 1024;

const SHUTDOWN_MS = 10_000;

/** What `isDuration` takes, for errors. */
const DURATION = "a number of milliseconds from 0 on";

/**
 * Workers that run shareable tasks, and the tasks on them.
 *
 * The workers start with the first task that is spawned, and end when there has
 * been nothing to do for a while, so a runtime that somebody forgot does not keep
 * the process alive. `shutdown`, or `using`, ends them at once, and cancels what
 * has not ended.
 *
 * @example A function on another thread
 * ```ts
 * import { Runtime, task } from "@edo/runtime";
 * import { assertEquals } from "@std/assert";
 *
 * export const square = task(import.meta, function* square(n: number) {
 *   return n * n;
 * });
 * if (import.meta.main) {
 *   await using rt = new Runtime({ workers: 2 });
 *   assertEquals(await rt.spawn(square, 7), 49);
 * }
 * ```
 */
export class Runtime implements Disposable, AsyncDisposable {
  readonly #pool: Pool | null;
  /** In place of a pool, where there are no workers. */
  readonly #local: LocalSpawner | null;
  readonly #spawner: Spawner;
  #isShutDown = false;

  /**
   * Makes a runtime.
   *
   * @throws {RangeError} If an option is no such number.
   */
  constructor(options: RuntimeOptions = {}) {
    checkNotImporting("make a Runtime");
    const {
      workers = navigator.hardwareConcurrency,
      idleTimeout = IDLE_TIMEOUT_MS,
    } = options ?? {};
    if (!Number.isInteger(workers) || workers < 0 || workers > MAX_WORKERS) {
      const range = `a whole number from 0 to ${MAX_WORKERS}`;
      throw outOfRange("make a Runtime", "workers", workers, range);
    }
    if (!isDuration(idleTimeout)) {
      throw outOfRange("make a Runtime", "idleTimeout", idleTimeout, DURATION);
    }
    this.#pool = workers === 0 ? null : makePool({ workers, idleTimeout });
    this.#local = this.#pool === null ? new LocalSpawner() : null;
    this.#spawner = this.#pool ?? this.#local!;
  }

  #checkOpen(verb: string): void {
    if (this.#isShutDown) {
      throw new Error(`Cannot ${verb}: the runtime was shut down`);
    }
  }

  /**
   * As the function {@linkcode blockOn}, with this runtime's workers for the
   * shareable tasks that are spawned inside. Those go on when it returns.
   */
  blockOn<A extends unknown[], T>(fn: Body<A, T>, ...args: A): T;
  /** Runs a future, or a generator that was not started yet, to its end. */
  blockOn<T>(future: IntoFuture<T>): T;
  blockOn(source: unknown, ...args: unknown[]): unknown {
    this.#checkOpen("block_on");
    return blockOnIn(this.#spawner, source, args);
  }

  /** {@linkcode Runtime.blockOn} by its other name. */
  block_on<A extends unknown[], T>(fn: Body<A, T>, ...args: A): T;
  /** Runs a future, or a generator that was not started yet, to its end. */
  block_on<T>(future: IntoFuture<T>): T;
  block_on(source: unknown, ...args: unknown[]): unknown {
    return this.blockOn(source as Body<unknown[], unknown>, ...args);
  }

  /** As the function {@linkcode run}, with this runtime's workers. */
  run<A extends unknown[], T>(
    fn: Body<A, T>,
    ...args: A
  ): Promise<Awaited<T>>;
  /** Runs a future, or a generator that was not started yet, on Deno's loop. */
  run<T>(future: IntoFuture<T>): Promise<T>;
  run(source: unknown, ...args: unknown[]): Promise<unknown> {
    this.#checkOpen("run");
    return runIn(this.#spawner, source, args);
  }

  /**
   * Spawns a shareable task on this runtime, from its own thread. After a shutdown
   * the task is cancelled at once.
   *
   * @throws {TypeError} If `fn` is no shareable task, or an argument cannot travel.
   */
  spawn<A extends unknown[], T>(
    fn: Shareable<A, T>,
    ...args: A
  ): JoinHandle<Awaited<T>> {
    return spawnShareable(this.#spawner, fn, args, ANYWHERE);
  }

  /** As {@linkcode spawnWith}, on this runtime. */
  spawnWith<A extends unknown[], T>(
    options: SpawnOptions,
    fn: Shareable<A, T>,
    ...args: A
  ): JoinHandle<Awaited<T>> {
    const placement = placementOf(options, this.#spawner);
    return spawnShareable(this.#spawner, fn, args, placement);
  }

  /** As {@linkcode spawnBlocking}, on this runtime. */
  spawnBlocking<A extends unknown[], T>(
    fn: Shareable<A, T>,
    ...args: A
  ): JoinHandle<Awaited<T>> {
    return spawnShareable(this.#spawner, fn, args, BLOCKING);
  }

  /** What spawns into this runtime from other places, and from other threads. */
  handle(): Handle {
    this.#checkOpen("make a Handle");
    return new Handle(this.#spawner, this.#pool?.memory ?? null, () => {
      this.#pool?.start();
    });
  }

  /** What the runtime has done so far. */
  metrics(): Metrics {
    return this.#pool === null ? NO_METRICS : metricsOf(this.#pool.memory);
  }

  /**
   * Ends the runtime: cancels the tasks that have not ended, whose `finally` blocks
   * run, and waits until the workers have gone. Again: does nothing.
   *
   * A worker that does not come out of a task within the timeout is let go: nothing
   * can stop a loop, but it does not keep the process alive. The failure hook gets
   * an error that names the task.
   *
   * @throws {Error} Inside `block_on`, where no promise settles.
   */
  async shutdown(options: ShutdownOptions = {}): Promise<void> {
    const timeout = checkTimeout(options);
    this.#checkShutdown();
    this.#isShutDown = true;
    this.#local?.close();
    if (this.#pool === null) return;
    reportStuck(await this.#pool.shutdown(timeout), timeout);
  }

  #checkShutdown(): void {
    if (currentContext()?.blocking && this.#pool !== null) {
      throw new Error(
        "Cannot shut the runtime down inside block_on: its promise could never " +
          "settle; do so after block_on has returned",
      );
    }
  }

  /** Ends the runtime, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown();
  }

  /**
   * Ends the runtime, blocking the thread until its workers have gone; also inside
   * `block_on`, where `shutdown` could not.
   */
  [Symbol.dispose](): void {
    this.#isShutDown = true;
    this.#local?.close();
    reportStuck(this.#pool?.shutdownNow(SHUTDOWN_MS) ?? [], SHUTDOWN_MS);
  }
}

function checkTimeout(options: ShutdownOptions): number {
  const { timeout = SHUTDOWN_MS } = options ?? {};
  if (isDuration(timeout)) return timeout;
  throw outOfRange("shut the runtime down", "timeout", timeout, DURATION);
}

function isDuration(value: unknown): boolean {
  return typeof value === "number" && value >= 0;
}

function outOfRange(
  verb: string,
  option: string,
  value: unknown,
  range: string,
): RangeError {
  return new RangeError(
    `Cannot ${verb}: ${option} is ${describe(value)}, and must be ${range}`,
  );
}
