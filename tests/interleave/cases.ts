import type { Model } from "./model.ts";

/** A model that holds in all of its schedules. */
export interface Case {
  /** What holds, as a sentence. */
  readonly name: string;
  readonly make: () => Model;
  /** How many schedules it has: other threads or steps have another number. */
  readonly schedules: bigint;
}
