import { assertEquals } from "@std/assert";
import { type Coroutine, fromPromise, task } from "../../mod.ts";
import { currentContext } from "../../src/future/mod.ts";
import { Scope } from "../../src/task/mod.ts";
import { loadTests, stage } from "./suite.ts";

/** How long one test may take, with others on the machine, in milliseconds. */
export const PATIENCE_MS = 30_000;

/** How many tasks of this worker's own have not ended. */
function waiting(): number {
  const owner = currentContext()?.owner;
  return owner instanceof Scope ? owner.waiting : NaN;
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
