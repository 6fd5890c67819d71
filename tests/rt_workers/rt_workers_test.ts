import { assert, assertEquals } from "@std/assert";
import { Runtime } from "../../mod.ts";
import { DeadlineError, waitFor } from "../helpers/deadline.ts";
import { edoTest } from "../helpers/leaks.ts";
import { assertBalanced } from "../pool/support.ts";
import { LEFT_OUT } from "./left_out.ts";
import { PATIENCE_MS, runRtTest } from "./run_rt_test.ts";
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
        await waitFor(run, PATIENCE_MS + 5_000, `"${name}" on worker ${on}`);
      } catch (e) {
        error = e;
        // The worker is stuck, and what else would wait for it takes for ever.
        if (e instanceof DeadlineError) left.length = 0;
      }
      const known = outcomes.get(file) ?? new Map();
      outcomes.set(file, known.set(name, error));
    }
  };
  await Promise.all(Array.from({ length: workers }, (_, i) => serve(i + 1)));
  return outcomes;
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
      try {
        outcomes = await runSuite(rt, workers);
      } finally {
        await rt.shutdown();
      }
      const metrics = rt.metrics();
      assertBalanced(metrics);
      let count = 0;
      for (const [file, tests] of outcomes) {
        count += tests.size;
        await t.step(`${tests.size} tests of ${file}`, () => check(tests));
      }
      assertEquals([count, metrics.spawned], [APPLICABLE.length, count]);
    },
  );
}
