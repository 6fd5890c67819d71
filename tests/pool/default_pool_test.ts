/** The pool of tasks that are spawned outside of a runtime, and how it starts. */
import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { fileURLToPath } from "node:url";
import { spawn } from "../../mod.ts";
import { edoTest, leavingNothing } from "../helpers/leaks.ts";
import { startDeno } from "../helpers/subprocess.ts";
import { double } from "./fixtures/tasks.ts";
import { joinErrorOf, valueOf } from "./support.ts";

/** Has workers be made in another way meanwhile. */
async function withWorkers(
  make: (own: typeof Worker, options?: WorkerOptions) => Worker,
  fn: () => void | Promise<void>,
): Promise<void> {
  const own = globalThis.Worker;
  globalThis.Worker = new Proxy(own, {
    construct: (_, [, options]) => make(own, options),
  });
  try {
    await fn();
  } finally {
    globalThis.Worker = own;
  }
}

edoTest(
  "after workers that could not be made the default pool is another one",
  async () => {
    await withWorkers(() => {
      throw new Error("no thread left");
    }, () => {
      for (let attempt = 0; attempt < 2; attempt++) {
        assertThrows(() => spawn(double, 21), Error, "no thread left");
      }
    });
    assertEquals(await valueOf(spawn(double, 21)), 42);
  },
);

Deno.test({
  name: "after workers that did not come up the default pool is another one",
  // Ports that are posted to a worker whose module throws are not always closed:
  // Deno does that by itself, without Edo.
  sanitizeResources: false,
  fn: () =>
    leavingNothing(async () => {
      const source = "data:text/javascript,throw Error('no module')";
      await withWorkers(
        (own, options) => new own(source, options),
        async () => {
          for (let attempt = 0; attempt < 2; attempt++) {
            const { kind, cause } = await joinErrorOf(spawn(double, 21));
            assertEquals(kind, "failed");
            assertMatch(String(cause), /no module/);
          }
        },
      );
      assertEquals(await valueOf(spawn(double, 21)), 42);
    }),
});

edoTest(
  "without read permission every spawn says which file it takes",
  async () => {
    const tasks = import.meta.resolve("./fixtures/tasks.ts");
    const program = `
      import { spawn } from ${
      JSON.stringify(import.meta.resolve("../../mod.ts"))
    };
      import { double } from ${JSON.stringify(tasks)};
      for (let attempt = 0; attempt < 2; attempt++) {
        try {
          spawn(double, 21);
        } catch (error) {
          console.log(String(error));
        }
      }`;
    const folder = await Deno.makeTempDir({ prefix: "edo_default_pool_" });
    try {
      const file = `${folder}/program.ts`;
      await Deno.writeTextFile(file, program);
      await using process = startDeno(["run", "--allow-ffi", file]);
      assertEquals((await process.status()).code, 0);
      const maker = import.meta.resolve("../../src/executor/make_pool.ts");
      const message = "NotCapable: Cannot start workers: it takes a thread " +
        `with read access to ${fileURLToPath(maker)}, run again with ` +
        "--allow-read";
      assertEquals(await process.stdout.rest(), [message, message]);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);
