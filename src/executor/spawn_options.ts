import { describe } from "../future/mod.ts";
import type { Placement } from "./pool/placement.ts";
import type { Spawner } from "./pool/spawner.ts";

/** How a shareable task is spawned. */
export interface SpawnOptions {
  /**
   * Which worker has to run it, from 1 on; `"fewest"` is the one that has the
   * fewest tasks. Without it, the first that is free takes it.
   */
  readonly on?: number | "fewest";
  /** Whether it may block its thread, as with {@linkcode spawnBlocking}. */
  readonly blocking?: boolean;
  /** Buffers among the arguments that move instead of being copied. */
  readonly transfer?: readonly Transferable[];
}

/** Checks the options, and names the worker's seat. */
export function placementOf(
  options: SpawnOptions,
  spawner: Spawner,
): Placement {
  const { on, blocking = false, transfer } = options ?? {};
  const { workers } = spawner;
  if (
    on !== undefined && on !== "fewest" &&
    !(Number.isInteger(on) && on >= 1 && on <= workers)
  ) {
    throw new RangeError(
      `Cannot spawn: the option on is ${
        describe(on)
      }, and the workers are numbered ` +
        `from 1 to ${workers}`,
    );
  }
  if (typeof blocking !== "boolean") {
    throw new TypeError(
      `Cannot spawn: the option blocking is ${
        describe(blocking)
      }, expected true or false`,
    );
  }
  if (blocking && on !== undefined) {
    throw new TypeError(
      `Cannot spawn: the option on is ${
        describe(on)
      }, and a blocking task runs on a thread of its own`,
    );
  }
  const seat = on === "fewest" ? spawner.leastLoaded() : on;
  return {
    ...(seat === undefined ? {} : { on: seat }),
    ...(blocking ? { blocking } : {}),
    ...(transfer === undefined ? {} : { transfer }),
  };
}
