import { assertEquals } from "@std/assert";
import {
  type Coroutine,
  type Failure,
  type Future,
  JoinError,
  type Metrics,
  Runtime,
  type RuntimeOptions,
  setFailureHook,
} from "../../mod.ts";
import { pollFor, waitFor } from "../helpers/deadline.ts";
import { edoTest, type EdoTestOptions } from "../helpers/leaks.ts";
import { layBoard } from "./fixtures/board.ts";
import { described } from "./fixtures/outcomes.ts";

/** How long anything may take, with others on the machine, in milliseconds. */
export const PATIENCE_MS = 20_000;

/** What a test of a pool can look at. */
export interface Bench {
  readonly rt: Runtime;
  readonly workers: number;
  /** What was reported on this thread because nobody was there to receive it. */
  readonly failures: Failure[];
}

export interface PoolTestOptions extends EdoTestOptions, RuntimeOptions {
  /** How many workers there are; with several numbers there is a test for each. */
  readonly on?: readonly number[];
  /** Whether the tasks get the counters of `fixtures/board.ts`. */
  readonly board?: boolean;
  /** Whether the test shuts the runtime down by itself, in a way of its own. */
  readonly keepsRuntime?: boolean;
  /** Whether something is reported, which the test looks at. */
  readonly fails?: boolean;
}

/**
 * A test with a runtime of its own. Whatever it does, in the end each task that was
 * spawned must have been counted with its outcome, and nothing must have failed
 * without somebody there to see it.
 */
export function poolTest(
  name: string,
  fn: (bench: Bench) => void | Promise<void>,
  options: PoolTestOptions = {},
): void {
  const {
    on = [2],
    board,
    keepsRuntime,
    fails,
    // Workers that retire while this thread waits for a processor would take their
    // counters with them.
    idleTimeout = board ? Infinity : undefined,
    ...rest
  } = options;
  for (const workers of on) {
    edoTest(`${name} [workers: ${workers}]`, async () => {
      const failures: Failure[] = [];
      const hook = setFailureHook((failure) => failures.push(failure));
      try {
        const rt = new Runtime({
          workers,
          ...(idleTimeout === undefined ? {} : { idleTimeout }),
        });
        try {
          if (board) await layBoard(rt, workers);
          await fn({ rt, workers, failures });
        } finally {
          if (!keepsRuntime) await rt.shutdown();
        }
        assertBalanced(rt.metrics());
      } finally {
        setFailureHook(hook);
      }
      if (!fails) {
        assertEquals(
          failures.map(({ what, error }) => `${what}: ${error}`),
          [],
        );
      }
    }, rest);
  }
}

/** Checks that each task that was spawned has one outcome. */
export function assertBalanced(metrics: Metrics): void {
  const { spawned, completed, failed, aborted, lost } = metrics;
  assertEquals(
    completed + failed + aborted + lost,
    spawned,
    `not all tasks are accounted for: ${JSON.stringify(metrics)}`,
  );
}

/** What metrics say of tasks that came since others. */
export function difference(
  now: Metrics,
  before: Metrics,
): Pick<Metrics, "spawned" | "completed" | "failed" | "aborted" | "lost"> {
  return {
    spawned: now.spawned - before.spawned,
    completed: now.completed - before.completed,
    failed: now.failed - before.failed,
    aborted: now.aborted - before.aborted,
    lost: now.lost - before.lost,
  };
}

/** Waits until a runtime's workers have retired, as there is nothing to do. */
export async function retired(rt: Runtime): Promise<void> {
  await pollFor(
    () => rt.metrics().workers === 0,
    PATIENCE_MS,
    "the end of idle workers",
  );
}

/** The value of a task, within the time that tests have. */
export function valueOf<T>(handle: PromiseLike<T>): Promise<T> {
  return waitFor(handle, PATIENCE_MS, "the outcome of a task");
}

/** How a task has ended: `value 1`, `aborted`, `lost`, `failed Error: no`. */
export async function outcomeOf(handle: PromiseLike<unknown>): Promise<string> {
  try {
    return `value ${await valueOf(handle)}`;
  } catch (error) {
    return described(error);
  }
}

/** The error of a task that has failed. */
export async function joinErrorOf(
  handle: PromiseLike<unknown>,
): Promise<JoinError> {
  try {
    await valueOf(handle);
  } catch (error) {
    if (error instanceof JoinError) return error;
    throw error;
  }
  throw new Error("Cannot take the task's error: it has a value");
}

/** What a future throws inside `block_on` or a task, in place of its value. */
export function* errorIn(future: Future<unknown>): Coroutine<unknown> {
  try {
    yield* future;
  } catch (error) {
    return error;
  }
  throw new Error("Cannot take an error: there is a value");
}
