/** Why a task has no value: it threw, or it was aborted. */
export type JoinErrorKind = "failed" | "aborted";

/**
 * What joining a task throws when the task has no value.
 *
 * @example Telling the two apart
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
  /** `failed`: the task threw `cause`; `aborted`: it was cancelled. */
  readonly kind: JoinErrorKind;
  /** The name of the task's function. */
  readonly task: string;

  /** Made by the runtime; `cause` is what the task threw, if it failed. */
  constructor(kind: JoinErrorKind, task: string, options?: ErrorOptions) {
    super(
      kind === "aborted"
        ? `Cannot join the task "${task}": it was aborted`
        : `Cannot join the task "${task}": it threw ${
          describe(options?.cause)
        }`,
      options,
    );
    this.kind = kind;
    this.task = task;
  }
}

function describe(cause: unknown): string {
  try {
    return String(cause);
  } catch {
    return "a value that cannot be printed";
  }
}
