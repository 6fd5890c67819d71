import { assert, assertEquals } from "@std/assert";
import { edoTest } from "../helpers/leaks.ts";
import { ROOT, startDeno, type Subprocess } from "../helpers/subprocess.ts";
import { WORKERS as WORKER_COUNT } from "./fixtures/life.ts";
import { HAS_POOL } from "./fixtures/pool.ts";
import { HAS_SIGTERM, processesMarked } from "./support.ts";

/** How a process ended. */
interface Ending {
  readonly code: number;
  readonly signal: Deno.Signal | null;
}

/** What happens to the program, and how it ends by that. */
const EVENTS: Record<string, Ending & { readonly argument: string }> = {
  "the end of the script": { argument: "end", code: 0, signal: null },
  "an uncaught error": { argument: "error", code: 1, signal: null },
  "Deno.exit": { argument: "exit", code: 3, signal: null },
  "SIGINT": { argument: "signal", code: 130, signal: "SIGINT" },
  "SIGTERM": { argument: "signal", code: 143, signal: "SIGTERM" },
};

/** What the workers do meanwhile, and the task that a shutdown has to name. */
const WORKERS: Record<
  string,
  { readonly argument: string; readonly task: string | null }
> = {
  "no workers": { argument: "none", task: null },
  "workers parked": { argument: "parked", task: null },
  "workers looping": { argument: "looping", task: "loop" },
  "workers blocked in the system": { argument: "blocked", task: "block" },
};

/** Where the main thread is. */
const MAINS: Record<string, string> = {
  "main hosted": "hosted",
  "main in block_on": "block_on",
};

/**
 * Within what time a process ends after the event, in milliseconds. All do within
 * 100 on an idle machine, the 100 of the shutdown's patience not counted.
 */
const LIMIT_MS = 3_000;

const MARK = "EDO_PROCESS_LIFE";

for (const [event, how] of Object.entries(EVENTS)) {
  for (const [workers, work] of Object.entries(WORKERS)) {
    for (const [main, place] of Object.entries(MAINS)) {
      const mark = crypto.randomUUID();
      edoTest(`${event} ends a process: ${workers}, ${main}`, async () => {
        const program = new URL("fixtures/life.ts", import.meta.url).href;
        await using process = startDeno(
          ["run", "-A", "--no-config", program, work.argument, place].concat(
            how.argument,
          ),
          { env: { [MARK]: mark }, cwd: ROOT },
        );
        const port = await reachState(process, work.task);
        if (Deno.build.os === "linux") {
          assertEquals(await processesMarked(MARK, mark), [`${process.pid}`]);
        }
        await process.write("\n");
        if (how.signal !== null) {
          await process.stdout.match(/^waiting$/);
          process.kill(how.signal);
        }
        const { code, signal } = await process.status(LIMIT_MS);
        assertEquals({ code, signal }, { code: how.code, signal: how.signal });
        await assertNothingLeft(mark, port);
        const stderr = (await process.stderr.rest()).join("\n");
        if (how.argument === "error") {
          assert(stderr.includes("RangeError: nobody caught it"), stderr);
        }
        if (how.argument === "end" && work.task !== null) {
          assert(stderr.includes(`"${work.task}"`), stderr);
        }
      }, {
        ignore: (how.signal === "SIGTERM" && !HAS_SIGTERM) ||
          (work.argument !== "none" && !HAS_POOL),
      });
    }
  }
}

/** Waits until the workers are at work; returns the port that the program holds. */
async function reachState(
  process: Subprocess,
  task: string | null,
): Promise<number> {
  const line = await process.stdout.match(/^holding \d+$/);
  if (task !== null) {
    for (let i = 0; i < WORKER_COUNT; i++) {
      await process.stderr.match(/^working$/);
    }
  }
  return Number(line.split(" ")[1]);
}

/** No process of those that the program may have started, and its port is free. */
async function assertNothingLeft(mark: string, port: number): Promise<void> {
  assertEquals(await processesMarked(MARK, mark), []);
  Deno.listen({ hostname: "127.0.0.1", port }).close();
}
