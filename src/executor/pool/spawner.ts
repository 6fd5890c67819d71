import type { Declaration, Joinable } from "../../task/mod.ts";
import type { Stuck } from "./stuck.ts";
import type { Placement } from "./placement.ts";

/** Who takes shareable tasks: a pool, on the thread that has the seat. */
export interface Spawner {
  /** How many workers there are, numbered from 1 on. */
  readonly workers: number;
  /** The worker with the fewest tasks. */
  leastLoaded(): number;
  /**
   * Encodes the arguments and queues the task.
   *
   * @throws If an argument cannot travel; then nothing has moved.
   */
  spawn(
    declaration: Declaration,
    args: readonly unknown[],
    placement: Placement,
  ): Joinable<unknown>;
}

/** A task that has failed while nobody was joining it. */
export interface Unjoined {
  /** Whether the outcome may still be asked for. */
  readonly hasJoinInterest: boolean;
  /** Hands the task's error to the failure hook, unless somebody received it. */
  reportUnjoined(): void;
}

/** A pool that somebody made for himself alone, and has to end. */
export interface OwnPool extends Spawner {
  /**
   * Ends it, blocking the thread until its workers have left, for `timeout`
   * milliseconds at most. Returns those that have not.
   */
  shutdownNow(timeout: number): readonly Stuck[];
}
