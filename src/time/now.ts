import { currentContext } from "../future/context.ts";
import { performanceNow, Timers } from "./timers.ts";

/**
 * The time in milliseconds, with fractions, on the clock that sleeps are measured
 * with: `performance.now()`, or, in a task of a runtime with a clock of its own,
 * that one. Replacing `Date` or `performance` does not change it.
 *
 * @example How long something takes
 * ```ts
 * import { block_on, time } from "@edo/runtime";
 * import { assert } from "@std/assert";
 *
 * const start = time.now();
 * block_on(time.sleep(3));
 * assert(time.now() - start >= 3);
 * ```
 */
export function now(): number {
  const timers = currentContext()?.drivers.timers;
  return timers instanceof Timers ? timers.now() : performanceNow();
}
