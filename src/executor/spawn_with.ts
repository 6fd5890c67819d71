import type { JoinHandle, Shareable } from "../task/mod.ts";
import type { Placement } from "./pool/seat.ts";
import { currentSpawner, declarationOf, spawnShared } from "./spawn_shared.ts";

/** How a shareable task is spawned. */
export interface SpawnOptions {
  /**
   * Which worker has to run it, from 1 on; `"fewest"` is the one that has the
   * fewest tasks. Without it, the first that is free takes it.
   */
  readonly on?: number | "fewest";
  /** Buffers among the arguments that move instead of being copied. */
  readonly transfer?: readonly Transferable[];
}

/**
 * As {@linkcode spawn}, for shareable tasks, with a say in where the task runs and
 * what moves there.
 *
 * @param options Where, and what moves.
 * @param fn What `task` has returned.
 * @param args What to call it with.
 * @throws {TypeError} If `fn` is no shareable task, or an argument cannot travel.
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
  const declaration = declarationOf("spawn", fn);
  const spawner = currentSpawner();
  const placement = placementOf(
    options,
    spawner.workers,
    spawner.leastLoaded(),
  );
  return spawnShared("spawn", spawner, declaration, args, placement);
}

/** Checks the options, and names the worker's seat. */
export function placementOf(
  { on, transfer }: SpawnOptions,
  workers: number,
  leastLoaded: number,
): Placement {
  if (
    on !== undefined && on !== "fewest" &&
    !(Number.isInteger(on) && on >= 1 && on <= workers)
  ) {
    throw new RangeError(
      `Cannot spawn: the option on is ${on}, and the workers are numbered ` +
        `from 1 to ${workers}`,
    );
  }
  return {
    ...(on === undefined ? {} : { on: on === "fewest" ? leastLoaded : on }),
    ...(transfer === undefined ? {} : { transfer }),
  };
}
