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
      `Cannot join the task "${task}": ${reason(kind, options?.cause)}`,
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
    case "lost":
      return "the worker that ran it has ended";
  }
}

function describe(cause: unknown): string {
  try {
    return String(cause);
  } catch {
    return "a value that cannot be printed";
  }
}
