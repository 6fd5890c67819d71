/**
 * Tests of a whole function: with every argument right, nearly right or hostile, it
 * works, or throws an error that it documents; and it leaves nothing behind.
 *
 * @module
 */
import { Bench } from "./drive.ts";
import { fc } from "./fast_check.ts";
import type { Made } from "./hostile_values.ts";
import { propertyTest } from "./support.ts";
import { judge } from "./verdict.ts";

/** A function, and what to call it with. */
export interface Surface {
  /** What users call it: `time.sleep`. */
  readonly name: string;
  readonly args: readonly fc.Arbitrary<Made>[];
  /** Calls it. What it returns is driven, if it is a future, and disposed of. */
  readonly call: (...args: never[]) => unknown;
  /** What each of its errors must match, so that the argument is named. */
  readonly names?: RegExp;
  /** How many cases to try. @default {150} */
  readonly runs?: number;
}

const RUNS = 500;

/** The names of the functions that have a test here. */
export const covered = new Set<string>();

function dispose(value: unknown): void {
  const isDisposable = typeof value === "object" && value !== null &&
    Symbol.dispose in value;
  if (isDisposable) (value as Disposable)[Symbol.dispose]();
}

/** What a call returns, which may be a promise. */
type Called = { value: unknown } | { error: unknown };

function calledWith(surface: Surface, args: readonly Made[]): Called {
  try {
    return { value: surface.call(...args.map((arg) => arg.make()) as never[]) };
  } catch (error) {
    return { error };
  }
}

/** Makes a test of a function. */
export function surfaceTest(surface: Surface): void {
  const { name, args, names, runs = RUNS } = surface;
  covered.add(name);
  propertyTest(
    `${name}: whatever it is called with, it works or says what was wrong`,
    fc.tuple(...args),
    runs,
    (made) => {
      const called = calledWith(surface, made);
      if ("error" in called) return judge(called.error, names);
      using bench = new Bench();
      bench.drive(called.value);
      dispose(called.value);
      bench.checkEmpty();
    },
  );
}

/** The same for a function that returns a promise, or is called in an async one. */
export function asyncSurfaceTest(surface: Surface): void {
  const { name, args, names, runs = RUNS } = surface;
  covered.add(name);
  propertyTest(
    `${name}: whatever it is called with, its promise ends or says what was wrong`,
    fc.tuple(...args),
    runs,
    async (made) => {
      const called = calledWith(surface, made);
      if ("error" in called) return judge(called.error, names);
      try {
        dispose(await called.value);
      } catch (error) {
        judge(error, names);
      }
    },
  );
}
