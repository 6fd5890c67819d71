import type { JoinHandle, Shareable } from "../task/mod.ts";
import { currentSpawner } from "./current_spawner.ts";
import { BLOCKING, spawnShareable } from "./spawn_shared.ts";

/**
 * Runs a shareable task on a thread of its own, which it may block: for
 * synchronous files, `Atomics.wait`, FFI calls that take long. The runtime's
 * workers go on meanwhile. Threads are started as they are needed, up to 64 at a
 * time, and end when they have had nothing to do for half a second.
 *
 * Shared memory comes to the thread by way of this one, which has to look: a task
 * that is given some starts when this thread next waits, or turns its event loop.
 * Buffers can move there with `spawnWith({ blocking: true, transfer }, …)`.
 *
 * @param fn What `task` has returned.
 * @param args What to call it with.
 * @returns A future of the value.
 * @throws {TypeError} If `fn` is no shareable task, or an argument cannot travel: a
 * `SharedArrayBuffer` does not from one blocking task to another, nor from a Worker
 * of your own.
 *
 * @example Reading a file without holding others up
 * ```ts
 * import { block_on, spawnBlocking, task } from "@edo/runtime";
 *
 * export const read = task(import.meta, function read(path: string) {
 *   return Deno.readTextFileSync(path);
 * });
 * if (import.meta.main) {
 *   const text = block_on(function* () {
 *     return yield* spawnBlocking(read, import.meta.filename!);
 *   });
 *   console.log(text.includes("spawnBlocking")); // true
 * }
 * ```
 */
export function spawnBlocking<A extends unknown[], T>(
  fn: Shareable<A, T>,
  ...args: A
): JoinHandle<Awaited<T>> {
  return spawnShareable(currentSpawner(), fn, args, BLOCKING);
}
