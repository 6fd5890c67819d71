import type { JoinHandle, Shareable } from "../task/mod.ts";
import { currentSpawner } from "./current_spawner.ts";
import { placementOf, type SpawnOptions } from "./spawn_options.ts";
import { spawnShareable } from "./spawn_shared.ts";

/**
 * As {@linkcode spawn}, for shareable tasks, with a say in where the task runs and
 * what moves there.
 *
 * @param options Where, and what moves.
 * @param fn What `task` has returned.
 * @param args What to call it with.
 * @throws {TypeError} If `fn` is no shareable task, an argument cannot travel, or a
 * blocking task is to run on a worker.
 * @throws {RangeError} If there is no such worker.
 *
 * @example A buffer that moves to the task
 * ```ts
 * import { block_on, spawnWith, task } from "@edo/runtime";
 * import { assertEquals } from "@std/assert";
 *
 * export const count = task(import.meta, function count(bytes: Uint8Array) {
 *   return bytes.length;
 * });
 * if (import.meta.main) {
 *   const bytes = new Uint8Array(1_000_000);
 *   const length = block_on(function* () {
 *     return yield* spawnWith({ transfer: [bytes.buffer] }, count, bytes);
 *   });
 *   assertEquals([length, bytes.length], [1_000_000, 0]);
 * }
 * ```
 */
export function spawnWith<A extends unknown[], T>(
  options: SpawnOptions,
  fn: Shareable<A, T>,
  ...args: A
): JoinHandle<Awaited<T>> {
  const spawner = currentSpawner();
  return spawnShareable(spawner, fn, args, placementOf(options, spawner));
}
