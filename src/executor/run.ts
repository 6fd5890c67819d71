import { currentContext, type IntoFuture } from "../future/mod.ts";
import { checkNotImporting } from "../task/mod.ts";
import { hostedExecutor } from "./hosted.ts";
import type { Spawner } from "./pool/spawner.ts";
import { type Body, prepare } from "./prepare.ts";

/**
 * Runs a future on Deno's own event loop: `block_on` for ordinary async code. It
 * never blocks the thread, runs beside `Deno.serve` and `fetch`, and
 * inside it promises can be waited for with {@linkcode fromPromise}.
 *
 * When the promise settles, what was spawned inside and has not finished was
 * cancelled, and sockets opened inside and still open were closed. The process is
 * kept alive only while something is pending.
 *
 * @param fn A generator function, an async function, or one that returns a future
 * or just a value.
 * @param args What to call it with.
 * @returns A promise of the value; it rejects with what the future throws.
 *
 * @example Beside a promise
 * ```ts
 * import { fromPromise, join, run, time } from "@edo/runtime";
 * import { assertEquals } from "@std/assert";
 *
 * const [, text] = await run(function* () {
 *   return yield* join(
 *     time.sleep(2),
 *     fromPromise(new Response("body").text()),
 *   );
 * });
 * assertEquals(text, "body");
 * ```
 */
export function run<A extends unknown[], T>(
  fn: Body<A, T>,
  ...args: A
): Promise<Awaited<T>>;
/** Runs a future, or a generator that was not started yet, on Deno's loop. */
export function run<T>(future: IntoFuture<T>): Promise<T>;
export function run(source: unknown, ...args: unknown[]): Promise<unknown> {
  return runIn(null, source, args);
}

/** What `run` does, with a say in where shareable tasks go. */
export function runIn(
  spawner: Spawner | null,
  source: unknown,
  args: unknown[],
): Promise<unknown> {
  checkNotImporting("run");
  // Thrown, not a rejection: that would come when block_on has long returned.
  if (currentContext()?.blocking) {
    throw new Error(
      "Cannot run inside block_on: the promise could never settle while the " +
        "thread is blocked; use `yield*` on the future instead",
    );
  }
  return new Promise((resolve, reject) => {
    const prepared = prepare("run", source, args, false);
    hostedExecutor().run(prepared, { resolve, reject }, spawner);
  });
}
