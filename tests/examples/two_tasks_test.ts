import { assert, assertEquals } from "@std/assert";
import { startDeno, startExample } from "../helpers/subprocess.ts";
import { exampleTest } from "./support.ts";

const FIRST = "Starting async operations...";
const LAST = "Task 2 complete, Task 1 complete";

/** Runs the program; how long it took, and how long it slept, in milliseconds. */
async function run(): Promise<{ total: number; sleep: number }> {
  const start = performance.now();
  await using program = startExample("two_tasks.ts");
  const { stdout, stderr } = program;
  assertEquals(await stdout.next(), FIRST);
  const started = performance.now();
  assertEquals(await stdout.next(), LAST);
  const sleep = performance.now() - started;
  assertEquals([await stdout.rest(), await stderr.rest()], [[], []]);
  assertEquals((await program.status()).code, 0);
  return { total: performance.now() - start, sleep };
}

exampleTest(
  "two tasks sleep side by side: one second in all, the shorter sleep first",
  async () => {
    const seen: number[] = [];
    while (seen.length < 5) {
      const { total, sleep } = await run();
      assert(total >= 1_000, `it was over after ${total} ms`);
      seen.push(sleep);
      // Side by side they take 1 s, one after the other 1.5 s.
      if (sleep < 1_500) return;
    }
    throw new Error(`It never took less than 1500 ms: ${seen.join(", ")}`);
  },
);

exampleTest("it needs no permission but the one for FFI", async () => {
  await using program = startDeno([
    ...["run", "--allow-ffi", "examples/two_tasks.ts"],
  ]);
  assertEquals(await program.stdout.rest(), [FIRST, LAST]);
  assertEquals((await program.status()).code, 0);
});
