/**
 * Waiting for time to pass, in milliseconds on a monotonic clock.
 *
 * {@linkcode Timers} is for whoever writes an executor or a future of their own.
 *
 * @module
 */
export {
  Interval,
  interval,
  type IntervalOptions,
  type MissedTicks,
} from "./interval.ts";
export { now } from "./now.ts";
export { Sleep, sleep, sleepUntil } from "./sleep.ts";
export { timeout, TimeoutError } from "./timeout.ts";
export { Timers, timersOf, type TimersOptions } from "./timers.ts";
