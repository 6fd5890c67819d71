import { currentContext, type IntoFuture } from "../future/mod.ts";
import { checkNotImporting } from "../task/mod.ts";
import { BlockingExecutor } from "./blocking.ts";
import { makePool } from "./make_pool.ts";
import type { Spawner } from "./pool/spawner.ts";
import { type Body, prepare } from "./prepare.ts";

/**
 * Runs a future to its end on this thread, which is blocked meanwhile, along with
 * all tasks that it spawns.
 *
 * When it returns, whatever was spawned and has not finished is cancelled, and
 * the sockets that were opened inside and are still open are closed.
 *
 * @param fn A generator function, or one that returns a future or just a value.
 * @param args What to call it with.
 * @returns The value of the future.
 * @throws What the future throws.
 * @throws {Error} If called inside a task; or if there is a deadlock: no task is
 * ready, and nothing is left that could wake one.
 * @throws {TypeError} If `fn` is an async function, or no function and no future.
 * No promise can settle while the thread is blocked; {@linkcode run} is for those.
 *
 * @example Blocking on asynchronous work
 * ```ts
 * import { block_on, time } from "@edo/runtime";
 * import { assertEquals } from "@std/assert";
 *
 * const word = block_on(function* (greeting: string) {
 *   yield* time.sleep(5);
 *   return greeting + "!";
 * }, "hello");
 * assertEquals(word, "hello!");
 * ```
 */
export function blockOn<A extends unknown[], T>(
  fn: Body<A, T>,
  ...args: A
): T;
/** Runs a future, or a generator that was not started yet, to its end. */
export function blockOn<T>(future: IntoFuture<T>): T;
export function blockOn(source: unknown, ...args: unknown[]): unknown {
  return blockOnIn(null, source, args);
}

/**
 * What `blockOn` does, with a say in where shareable tasks go: to workers that are
 * its own if `spawner` is null.
 */
export function blockOnIn(
  spawner: Spawner | null,
  source: unknown,
  args: unknown[],
): unknown {
  checkNotImporting("block_on");
  if (currentContext() !== null) {
    throw new Error(
      "Cannot block_on inside a task: it would block every other task of the " +
        "thread; use `yield*` on the future instead",
    );
  }
  const prepared = prepare("block_on", source, args, true);
  return new BlockingExecutor(spawner, makePool).blockOn(prepared);
}
