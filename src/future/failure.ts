import { describe } from "./describe.ts";

/** An error that nobody was there to receive. */
export interface Failure {
  /** What failed: a task by its name, or a step of cleaning up. */
  readonly what: string;
  /** The value that was thrown. */
  readonly error: unknown;
}

/** Receives the errors that nobody waits for. */
export type FailureHook = (failure: Failure) => void;

/** Prints a failure to stderr, with its stack and its causes. */
function printFailure({ what, error }: Failure): void {
  console.error(`${what} failed and nobody was waiting for it:`, error);
}

let hook: FailureHook = printFailure;

/**
 * Sets what is called, once each, with the errors that nobody receives: of a
 * task that nobody joins, or thrown by a `finally` block or a `using`
 * declaration of something that was cancelled. The default prints to stderr.
 *
 * @param newHook The new hook; null brings the default back.
 * @returns The hook before.
 * @throws {TypeError} If it is neither a function nor null.
 *
 * @example Counting failures
 * ```ts
 * import { block_on, setFailureHook, spawn, yieldNow } from "@edo/runtime";
 * import { assertEquals } from "@std/assert";
 *
 * const seen: string[] = [];
 * const before = setFailureHook(({ what }) => seen.push(what));
 * block_on(function* () {
 *   spawn(function* broken() {
 *     throw new Error("no");
 *   });
 *   yield* yieldNow();
 * });
 * setFailureHook(before);
 * assertEquals(seen, ['task "broken"']);
 * ```
 */
export function setFailureHook(newHook: FailureHook | null): FailureHook {
  if (newHook !== null && typeof newHook !== "function") {
    throw new TypeError(
      `Cannot set the failure hook: newHook is ${
        describe(newHook)
      }, not a function or null`,
    );
  }
  const before = hook;
  hook = newHook ?? printFailure;
  return before;
}

/**
 * Hands an error that nobody receives to the hook. A hook that throws is itself
 * reported by printing both: a runtime must not end because its reporter did.
 */
export function reportFailure(what: string, error: unknown): void {
  try {
    hook({ what, error });
  } catch (hookError) {
    printFailure({ what, error });
    printFailure({ what: "the failure hook", error: hookError });
  }
}
