import { assert, assertEquals } from "@std/assert";
import { Runtime } from "../../mod.ts";
import { DeadlineError, waitFor } from "../helpers/deadline.ts";
import { edoTest } from "../helpers/leaks.ts";
import { someParked } from "../pool/asleep.ts";
import { assertBalanced } from "../pool/support.ts";
import { LEFT_OUT } from "./left_out.ts";
import { PATIENCE_MS, runRtTest, traffic } from "./rt_task.ts";
import { loadTests, suiteFiles } from "./suite.ts";

/** A test of the one-thread suite. */
interface Entry {
  readonly file: string;
  readonly name: string;
}

const SUITE: Entry[] = [];
for (const file of suiteFiles()) {
  for (const name of (await loadTests(file)).keys()) SUITE.push({ file, name });
}

/** Whether an entry of the list of those left out means a test. */
function means(leftOut: string, name: string): boolean {
  return name === leftOut || name.startsWith(`${leftOut} [`);
}

const NAMES_LEFT_OUT = [...LEFT_OUT.values()].flat();

const APPLICABLE = SUITE.filter(({ name }) =>
  !NAMES_LEFT_OUT.some((leftOut) => means(leftOut, name))
);

edoTest("what is left out of the suite for workers is there, and once", () => {
  for (const leftOut of NAMES_LEFT_OUT) {
    assert(SUITE.some(({ name }) => means(leftOut, name)), leftOut);
  }
  for (const { name } of SUITE) {
    const entries = NAMES_LEFT_OUT.filter((leftOut) => means(leftOut, name));
    assert(entries.length <= 1, name);
  }
});

/** What became of the tests, by file: the errors by the test's name. */
type Outcomes = Map<string, Map<string, unknown>>;

/** Runs all tests, on each worker one at a time: whichever is free takes one. */
async function runSuite(rt: Runtime, workers: number): Promise<Outcomes> {
  const outcomes: Outcomes = new Map();
  const left = [...APPLICABLE].reverse();
  const serve = async (on: number) => {
    for (let entry = left.pop(); entry !== undefined; entry = left.pop()) {
      const { file, name } = entry;
      let error: unknown = null;
      try {
        const run = rt.spawnWith({ on }, runRtTest, file, name);
        await waitFor(run, 2 * PATIENCE_MS, `"${name}" on worker ${on}`);
      } catch (e) {
        error = e;
        // The worker is stuck: all that would come after waited in vain as well.
        if (e instanceof DeadlineError) left.length = 0;
      }
      const known = outcomes.get(file) ?? new Map();
      outcomes.set(file, known.set(name, error));
    }
  };
  await Promise.all(Array.from({ length: workers }, (_, i) => serve(i + 1)));
  return outcomes;
}

/**
 * Keeps the workers' shared queues busy until something else is over. Returns how
 * many tasks that took.
 */
async function makeTraffic(
  rt: Runtime,
  until: Promise<unknown>,
): Promise<number> {
  let isOver = false;
  const note = () => void (isOver = true);
  until.then(note, note);
  let count = 0;
  while (!isOver) {
    const tasks = Array.from({ length: 64 }, (_, n) => rt.spawn(traffic, n));
    count += tasks.length;
    for (const [n, task] of tasks.entries()) {
      assertEquals(await waitFor(task, 2 * PATIENCE_MS, "the traffic"), n);
    }
    // So that each time a worker is woken as well.
    await someParked(rt, () => isOver);
  }
  return count;
}

/** Throws if one of a file's tests failed, with all that did. */
function check(outcomes: ReadonlyMap<string, unknown>): void {
  const failed = [...outcomes].filter(([, error]) => error !== null);
  if (failed.length === 0) return;
  const list = failed.map(([name, error]) => `${name}: ${Deno.inspect(error)}`);
  throw new Error(
    `${failed.length} of ${outcomes.size} tests failed:\n${list.join("\n\n")}`,
  );
}

for (const workers of [1, 2, 4]) {
  edoTest(
    `${APPLICABLE.length} tests of the one-thread suite pass on ${workers} worker(s)`,
    async (t) => {
      const rt = new Runtime({ workers });
      let outcomes: Outcomes;
      let busy: PromiseSettledResult<number>;
      try {
        const suite = runSuite(rt, workers);
        [busy] = await Promise.allSettled([makeTraffic(rt, suite)]);
        outcomes = await suite;
      } finally {
        await rt.shutdown({ timeout: 2_000 });
      }
      const metrics = rt.metrics();
      assertBalanced(metrics);
      let tests = 0;
      for (const [file, ofFile] of outcomes) {
        tests += ofFile.size;
        await t.step(`${ofFile.size} tests of ${file}`, () => check(ofFile));
      }
      // Only now: what the tests say tells more.
      if (busy.status === "rejected") throw busy.reason;
      assertEquals(tests, APPLICABLE.length);
      assertEquals(metrics.spawned, tests + busy.value);
    },
  );
}
