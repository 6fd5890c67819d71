import { assertEquals } from "@std/assert";
import { type Coroutine, fromPromise, task, yieldNow } from "../../mod.ts";
import { currentContext } from "../../src/future/mod.ts";
import { Scope } from "../../src/task/mod.ts";
import { loadTests, stage } from "./suite.ts";

/** How long one test may take, with others on the machine, in milliseconds. */
export const PATIENCE_MS = 15_000;

/**
 * A task that any worker takes, so that there is traffic in the queues which the
 * workers share while they run tests.
 */
export const traffic = task(
  import.meta,
  function* traffic(n: number): Coroutine<number> {
    yield* yieldNow();
    return n;
  },
);

/** The tasks on this worker that have not ended, but for the traffic. */
function waiting(): string[] {
  const owner = currentContext()?.owner;
  if (!(owner instanceof Scope)) throw new Error("Cannot ask: no task runs");
  return owner.tasks().map(({ name }) => name)
    .filter((name) => name !== traffic.name);
}

/**
 * Runs a test of the one-thread suite on a worker: one at a time, since tests
 * replace what belongs to the whole thread, such as the failure hook.
 */
export const runRtTest = task(
  import.meta,
  function* runRtTest(file: string, name: string): Coroutine<void> {
    const tests = yield* fromPromise(loadTests(file));
    const test = tests.get(name);
    if (test === undefined) {
      throw new Error(`Cannot run the test "${name}": ${file} has no such one`);
    }
    const before = waiting();
    yield* stage.host(test, PATIENCE_MS);
    assertEquals(waiting(), before, "tasks that the test has left behind");
  },
);
