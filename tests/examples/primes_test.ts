import { assert, assertEquals, assertMatch } from "@std/assert";
import { pollFor } from "../helpers/deadline.ts";
import { edoTest } from "../helpers/leaks.ts";
import { startDeno, startExample } from "../helpers/subprocess.ts";
import { outcomeOf } from "./support.ts";

edoTest(
  "primes are counted by one worker and by all, with the same result",
  async () => {
    // How many there are: https://oeis.org/A006880
    for (const [below, primes] of [["1000000", 78_498], ["10", 4], ["2", 0]]) {
      const { code, stdout, stderr } = await outcomeOf(
        "primes.ts",
        ...["--below", `${below}`, "--workers", "3", "--part", "9000"],
      );
      assertEquals([code, stdout.length], [0, 2], stderr.join("\n"));
      assertMatch(
        stdout[0]!,
        new RegExp(`^1 worker counts ${primes} in \\d+ ms$`),
      );
      assertMatch(
        stdout[1]!,
        new RegExp(
          `^3 workers count ${primes} in \\d+ ms, \\d+\\.\\d\\d times as fast$`,
        ),
      );
      // One line each, which changes in place.
      assertEquals(stderr.length, 2);
      for (const [i, line] of stderr.entries()) {
        const steps = line.split("\r").slice(1).map((step) => {
          const parts = /^(\d) at work: (\d+) %$/.exec(step);
          assertEquals(Number(parts?.[1]), [1, 3][i], step);
          return Number(parts![2]);
        });
        assertEquals(steps.at(-1), 100);
        assertEquals(steps, steps.toSorted((a, b) => a - b));
      }
    }
  },
);

edoTest("counting primes needs no permission for the network", async () => {
  const flags = ["--no-prompt", "--allow-ffi", "--allow-read"];
  await using program = startDeno([
    ...["run", ...flags, "examples/primes.ts", "--below", "1000"],
  ]);
  const { code } = await program.status();
  assertEquals(code, 0, program.stderr.all.join("\n"));
  assertMatch((await program.stdout.rest())[0]!, /^1 worker counts 168 in /);
});

/** Whether a process has a thread of a Web Worker's that has used processor time. */
function hasBusyWorker(pid: number): boolean {
  const folder = `/proc/${pid}/task`;
  return [...Deno.readDirSync(folder)].some(({ name }) => {
    try {
      const path = `${folder}/${name}`;
      const isWorker = Deno.readTextFileSync(`${path}/comm`)
        .startsWith("worker-");
      const [ns] = Deno.readTextFileSync(`${path}/schedstat`).split(" ");
      return isWorker && Number(ns) > 300e6;
    } catch (error) {
      // A thread may end meanwhile.
      if (error instanceof Deno.errors.NotFound) return false;
      throw error;
    }
  });
}

edoTest("Ctrl-C ends the counting, workers in a loop or not", async () => {
  const most = "1000000000";
  await using program = startExample(
    "primes.ts",
    ["--below", most, "--part", most],
  );
  // Importing takes much less: it counts.
  await pollFor(() => hasBusyWorker(program.pid), 30_000, "a busy worker");
  program.kill("SIGINT");
  const { signal, code } = await program.status();
  assertEquals([signal, code], ["SIGINT", 130]);
}, { ignore: Deno.build.os !== "linux" });

edoTest(
  "what is wrong with the command line of primes.ts is told in a line",
  async () => {
    const wrong: [string, string][] = [
      [
        "--below=0",
        '--below is "0": expected a whole number from 1 to 1000000000',
      ],
      ["--workers=0", '--workers is "0": expected a whole number from 1 to 64'],
      [
        "--part=1",
        '--part is "1": expected a whole number from 100 to 1000000000',
      ],
    ];
    for (const [flag, message] of wrong) {
      const outcome = await outcomeOf("primes.ts", flag);
      assertEquals(outcome, {
        code: 2,
        stdout: [],
        stderr: [`${message} (--help tells more)`],
      });
    }
    const help = await outcomeOf("primes.ts", "--help");
    assertEquals(help.code, 0);
    assert(help.stdout.join("\n").includes("--below"));
  },
);
