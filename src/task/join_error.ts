import { describe as describeValue } from "../future/mod.ts";

/**
 * Why a task has no value: it threw; it was aborted; or the worker that ran it
 * ended, by `self.close()`, say, and took the task with it.
 */
export type JoinErrorKind = "failed" | "aborted" | "lost";

/**
 * What joining a task throws when the task has no value.
 *
 * @example Telling them apart
 * ```ts
 * import { block_on, JoinError, spawn } from "@edo/runtime";
 * import { assertEquals } from "@std/assert";
 *
 * block_on(function* () {
 *   const handle = spawn(function* risky() {
 *     throw new RangeError("too much");
 *   });
 *   try {
 *     yield* handle;
 *   } catch (error) {
 *     if (!(error instanceof JoinError)) throw error;
 *     assertEquals(error.kind, "failed");
 *     assertEquals((error.cause as Error).message, "too much");
 *   }
 * });
 * ```
 */
export class JoinError extends Error {
  /** The class name, for reports. */
  override name = "JoinError";
  /**
   * `failed`: the task threw `cause`; `aborted`: it was cancelled; `lost`: its
   * worker ended.
   */
  readonly kind: JoinErrorKind;
  /** The name of the task's function. */
  readonly task: string;

  /** Made by the runtime; `cause` is what the task threw, if it failed. */
  constructor(kind: JoinErrorKind, task: string, options?: ErrorOptions) {
    super(
      `Cannot join the task ${describeValue(task)}: ${
        reason(kind, options?.cause)
      }`,
      options,
    );
    this.kind = kind;
    this.task = task;
  }
}

function reason(kind: JoinErrorKind, cause: unknown): string {
  switch (kind) {
    case "failed":
      return `it threw ${describe(cause)}`;
    case "aborted":
      return "it was aborted";
    default:
      return "the worker that ran it has ended";
  }
}

/** An error by its message, which may be long: it is all that says what happened. */
function describe(cause: unknown): string {
  try {
    if (cause instanceof Error) return String(cause);
  } catch {
    // Its message is one that cannot be read.
  }
  return describeValue(cause, false);
}
