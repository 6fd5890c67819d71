/**
 * The runtimes that last as long as the soak, and the book of what is spawned on
 * them from the main thread.
 *
 * @module
 */
import {
  type Handle,
  JoinError,
  type JoinHandle,
  type Metrics,
  Runtime,
  type Shareable,
  type SpawnOptions,
} from "../../mod.ts";
import { useBoard } from "./tasks.ts";

/** How a task has ended. */
export type Outcome<T> =
  | { readonly kind: "value"; readonly value: T }
  | { readonly kind: "failed"; readonly error: unknown }
  | { readonly kind: "aborted" }
  | { readonly kind: "lost" };

/** How many tasks there were, by how they have ended. */
export interface Tally {
  spawned: number;
  value: number;
  failed: number;
  aborted: number;
  lost: number;
}

/** A book with nothing in it. */
export function emptyTally(): Tally {
  return { spawned: 0, value: 0, failed: 0, aborted: 0, lost: 0 };
}

/** A runtime, and the book of what the main thread spawns on it and joins. */
export class TestedPool {
  readonly name: string;
  readonly rt: Runtime;
  readonly workers: number;
  /** Whether there are tasks that end their threads, so that others may be lost. */
  readonly mayLose: boolean;
  readonly tally: Tally = emptyTally();
  /** Counters that its workers share, if they stay. */
  readonly board: Int32Array = new Int32Array(new SharedArrayBuffer(4 * 16));

  constructor(
    name: string,
    options: { workers: number; mayLose: boolean; idleTimeout: number },
  ) {
    const { workers, mayLose, idleTimeout } = options;
    this.name = name;
    this.workers = workers;
    this.mayLose = mayLose;
    this.rt = new Runtime({ workers, idleTimeout });
  }

  /** Has the workers use the board. */
  async layBoard(): Promise<void> {
    for (let on = 1; on <= this.workers; on++) {
      await this.expect(
        this.spawnWith(
          { on },
          useBoard,
          this.board.buffer as SharedArrayBuffer,
        ),
      );
    }
  }

  spawn<A extends unknown[], T>(
    fn: Shareable<A, T>,
    ...args: A
  ): JoinHandle<Awaited<T>> {
    const handle = this.rt.spawn(fn, ...args);
    this.tally.spawned++;
    return handle;
  }

  spawnWith<A extends unknown[], T>(
    options: SpawnOptions,
    fn: Shareable<A, T>,
    ...args: A
  ): JoinHandle<Awaited<T>> {
    const handle = this.rt.spawnWith(options, fn, ...args);
    this.tally.spawned++;
    return handle;
  }

  spawnBlocking<A extends unknown[], T>(
    fn: Shareable<A, T>,
    ...args: A
  ): JoinHandle<Awaited<T>> {
    const handle = this.rt.spawnBlocking(fn, ...args);
    this.tally.spawned++;
    return handle;
  }

  /** Waits for a task of this pool, and enters how it has ended. */
  async outcome<T>(handle: PromiseLike<T>): Promise<Outcome<T>> {
    const outcome = await outcomeOf(handle);
    this.tally[outcome.kind]++;
    return outcome;
  }

  /**
   * The value of a task that has to have one. Null: its thread has ended, where
   * that may happen.
   */
  async expect<T>(handle: JoinHandle<T>): Promise<{ value: T } | null> {
    const outcome = await this.outcome(handle);
    if (outcome.kind === "value") return outcome;
    if (this.mayLose && isLoss(outcome)) return null;
    throw new Error(`the task "${handle.name}" ${described(outcome)}`, {
      cause: outcome.kind === "failed" ? outcome.error : undefined,
    });
  }

  /** The same for a value that is known. */
  async expectValue<T>(handle: JoinHandle<T>, expected: T): Promise<void> {
    const outcome = await this.expect(handle);
    if (outcome === null || outcome.value === expected) return;
    throw new Error(
      `the task "${handle.name}" returned ${outcome.value}, not ${expected}`,
    );
  }

  /** A handle, for a thread of the user's own. */
  handle(): Handle {
    return this.rt.handle();
  }
}

/** Waits for a task. */
export async function outcomeOf<T>(
  handle: PromiseLike<T>,
): Promise<Outcome<T>> {
  try {
    return { kind: "value", value: await handle };
  } catch (error) {
    if (!(error instanceof JoinError)) throw error;
    return error.kind === "failed"
      ? { kind: "failed", error: error.cause }
      : { kind: error.kind };
  }
}

/** Whether a task has ended with its thread, or failed as one that it joined did. */
export function isLoss(outcome: Outcome<unknown>): boolean {
  if (outcome.kind !== "failed") return outcome.kind === "lost";
  let error = outcome.error;
  while (error instanceof Error) {
    if (error instanceof JoinError && error.kind === "lost") return true;
    error = error.cause;
  }
  return false;
}

/** An outcome as a sentence goes on: `has failed with RangeError: no`. */
export function described(outcome: Outcome<unknown>): string {
  switch (outcome.kind) {
    case "value":
      return `returned ${outcome.value}`;
    case "failed":
      return `has failed with ${outcome.error}`;
    default:
      return `was ${outcome.kind}`;
  }
}

/** How many tasks have ended, of all that a runtime has seen. */
export function endedOf(metrics: Metrics): number {
  return metrics.completed + metrics.failed + metrics.aborted + metrics.lost;
}
