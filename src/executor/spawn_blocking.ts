import type { JoinHandle, Shareable } from "../task/mod.ts";
import { currentSpawner } from "./current_spawner.ts";
import type { Placement } from "./pool/placement.ts";
import { declarationOf, spawnShared } from "./spawn_shared.ts";

const BLOCKING: Placement = { blocking: true };

/**
 * Runs a shareable task on a thread of its own, which it may block: for
 * synchronous files, `Atomics.wait`, FFI calls that take long. The runtime's
 * workers go on meanwhile. Threads are started as they are needed, up to 64 at a
 * time, and end when they have had nothing to do for half a second.
 *
 * @param fn What `task` has returned.
 * @param args What to call it with.
 * @returns A future of the value.
 * @throws {TypeError} If `fn` is no shareable task, or an argument cannot travel.
 *
 * @example Reading a file without holding others up
 * ```ts
 * import { block_on, spawnBlocking, task } from "@edo/runtime";
 *
 * export const read = task(import.meta, function read(path: string) {
 *   return Deno.readTextFileSync(path).length;
 * });
 * if (import.meta.main) {
 *   console.log(block_on(function* () {
 *     return yield* spawnBlocking(read, "deno.json");
 *   }));
 * }
 * ```
 */
export function spawnBlocking<A extends unknown[], T>(
  fn: Shareable<A, T>,
  ...args: A
): JoinHandle<Awaited<T>> {
  const declaration = declarationOf("spawn", fn);
  return spawnShared("spawn", currentSpawner(), declaration, args, BLOCKING);
}
