import { describe } from "../future/describe.ts";

/**
 * Checks a number of milliseconds.
 *
 * @param what What cannot be done otherwise, as in "sleep".
 * @throws {TypeError} If it is no number.
 * @throws {RangeError} If it is negative, `NaN` or infinite.
 */
export function checkMs(what: string, ms: number): void {
  // No comparison with NaN is true, so this refuses it as well.
  if (typeof ms === "number" && ms >= 0 && ms < Infinity) return;
  refuse(what, "ms", ms, "a finite number of milliseconds, 0 or more");
}

/** The same for the time between two ticks, which must not be 0. */
export function checkPeriod(what: string, ms: number): void {
  if (typeof ms === "number" && ms > 0 && ms < Infinity) return;
  refuse(what, "ms", ms, "a finite number of milliseconds above 0");
}

/** The same for an instant, which may lie before the clock began. */
export function checkInstant(what: string, instant: number): void {
  if (Number.isFinite(instant)) return;
  refuse(what, "instant", instant, "a finite number of milliseconds");
}

function refuse(
  what: string,
  name: string,
  value: unknown,
  expected: string,
): never {
  if (typeof value === "number") {
    throw new RangeError(
      `Cannot ${what}: ${name} is ${value}, not ${expected}`,
    );
  }
  throw new TypeError(
    `Cannot ${what}: ${name} is ${describe(value)}, not a number`,
  );
}
