import { assert, assertEquals } from "@std/assert";
import { edoTest } from "../helpers/leaks.ts";
import { ROOT, startDeno, type Subprocess } from "../helpers/subprocess.ts";
import { HAS_POOL } from "./fixtures/pool.ts";
import { outputOf } from "./support.ts";

function startFixture(name: string, ...args: string[]): Subprocess {
  const program = new URL(`fixtures/${name}.ts`, import.meta.url).href;
  return startDeno(["run", "-A", "--no-config", program, ...args], {
    cwd: ROOT,
  });
}

/** For how long a forgotten runtime may keep its program alive, in milliseconds. */
const FORGOTTEN_MS = 1_000;

for (const place of ["hosted", "block_on", "default"]) {
  edoTest(
    `a forgotten runtime keeps its program alive for at most a second [${place}]`,
    async () => {
      const lasted: number[] = [];
      for (let sample = 0; sample < 3; sample++) {
        await using process = startFixture("forgotten", place);
        await process.stdout.match(/^over$/);
        const start = performance.now();
        const { code } = await process.status();
        lasted.push(performance.now() - start);
        assertEquals(code, 0);
        assertEquals(await outputOf(process), ["42", "over"]);
        assertEquals(await process.stderr.rest(), []);
        if (lasted[sample]! <= FORGOTTEN_MS) return;
      }
      assert(false, `it lasted ${lasted} ms`);
    },
    { ignore: !HAS_POOL },
  );
}

for (
  const [how, call] of [["close", "self.close()"], ["exit", "Deno.exit()"]]
) {
  for (const place of ["hosted", "block_on"]) {
    edoTest(
      `${call} in a task loses its worker's tasks alone, and the worker is replaced [${place}]`,
      async () => {
        await using process = startFixture("lost", how!, place);
        const { code } = await process.status();
        const lines = await outputOf(process);
        assertEquals({ code, lines }, {
          code: 0,
          lines: [
            "the task that ends its worker: lost",
            "its neighbour: lost",
            "the next one there: 42",
            "one elsewhere: survived",
          ],
        });
      },
      { ignore: !HAS_POOL },
    );
  }
}
