import { fileURLToPath } from "node:url";
import { assert, assertEquals } from "@std/assert";
import { pollFor } from "../helpers/deadline.ts";
import { HeldServer } from "../helpers/held_server.ts";
import { edoTest } from "../helpers/leaks.ts";
import { sleepsOf } from "../helpers/proc.ts";
import { startDeno } from "../helpers/subprocess.ts";
import {
  ABORT,
  fetched,
  fetching,
  fileSize,
  gathers,
  joiner,
  mixed,
  patient,
  stubborn,
  talk,
  timed,
} from "./fixtures/async_tasks.ts";
import { allParked } from "./asleep.ts";
import { board } from "./fixtures/board.ts";
import { threadNumber } from "./fixtures/scheduling.ts";
import { double, sleep } from "./fixtures/tasks.ts";
import { outcomeOf, PATIENCE_MS, poolTest, valueOf } from "./support.ts";

const ONE_OR_MORE = { on: [1, 4] };

const HAS_PROC = Deno.build.os === "linux";

/** Longer than any test waits, in milliseconds. */
const FOREVER_MS = 600_000;

poolTest("an async task may fetch", async ({ rt }) => {
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    () => new Response("served"),
  );
  const url = `http://127.0.0.1:${server.addr.port}`;
  const tasks = Array.from({ length: 8 }, () => rt.spawn(fetched, url));
  for (const task of tasks) assertEquals(await valueOf(task), "served");
}, ONE_OR_MORE);

poolTest(
  "an async task may read files, and wait for timers",
  async ({ rt }) => {
    const path = fileURLToPath(import.meta.url);
    const { size } = await Deno.stat(path);
    assertEquals(await valueOf(rt.spawn(fileSize, path)), size);
    assertEquals(await valueOf(rt.spawn(timed, 5)), 5);
    assertEquals(
      await outcomeOf(rt.spawn(fileSize, "/no/such/file")).then(
        (outcome) => outcome.startsWith("failed NotFound"),
      ),
      true,
    );
  },
  ONE_OR_MORE,
);

poolTest(
  "an async task may await futures, and tasks that it spawns",
  async ({ rt }) => {
    assertEquals(await valueOf(rt.spawn(mixed, 1)), [2, 4, 8, 16]);
    assertEquals(await valueOf(rt.spawn(talk, "hello")), "hello");
    // Also from where the thread is blocked.
    const values = rt.block_on(function* () {
      const tasks = [rt.spawn(mixed, 2), rt.spawn(mixed, 3)];
      return [yield* tasks[0]!, yield* tasks[1]!];
    });
    assertEquals(values, [[4, 8, 16, 32], [6, 12, 24, 48]]);
  },
  ONE_OR_MORE,
);

poolTest("many async tasks run at once, mixed with others", async ({ rt }) => {
  const [THERE] = [0];
  const tasks: PromiseLike<unknown>[] = [];
  for (let i = 0; i < 300; i++) {
    tasks.push(
      i % 3 === 0
        ? rt.spawn(gathers, THERE, 100)
        : i % 3 === 1
        ? rt.spawn(mixed, i)
        : rt.spawn(double, i),
    );
  }
  for (const [i, task] of tasks.entries()) {
    assertEquals(
      await valueOf(task),
      i % 3 === 0 ? 100 : i % 3 === 1 ? [2 * i, 4 * i, 8 * i, 16 * i] : 2 * i,
    );
  }
}, { ...ONE_OR_MORE, board: true });

poolTest(
  "a worker that waits for a promise hears of new tasks and of aborts",
  async ({ rt }) => {
    const waiting = rt.spawn(timed, FOREVER_MS);
    for (let i = 0; i < 5; i++) {
      await allParked(rt);
      assertEquals(await valueOf(rt.spawn(double, i)), 2 * i);
      await allParked(rt);
      assertEquals(await valueOf(rt.spawn(sleep, 1)), 1);
      assertEquals(await valueOf(rt.spawn(timed, 1)), 1);
    }
    await allParked(rt);
    waiting.abort();
    assertEquals(await outcomeOf(waiting), "aborted");
  },
  { on: [1] },
);

for (
  const [left, what, error] of [
    ["promise", "an unhandled rejection", "RangeError: nobody looks at this"],
    ["timer", "an error of a timer", "RangeError: nobody catches this"],
  ] as const
) {
  edoTest(
    `${what} in an async task is reported, and its worker lives on`,
    async () => {
      const program = new URL("./fixtures/careless.ts", import.meta.url);
      await using child = startDeno(["run", "-A", program.href, left]);
      assertEquals((await child.status()).code, 0);
      assertEquals(await child.stdout.rest(), ["returned", "4 20", "true"]);
      const report = (await child.stderr.rest()).join("\n");
      assert(report.includes(error), report);
    },
  );
}

poolTest(
  "aborting an async task on a worker fires its signal and rejects what it awaits",
  async ({ rt }) => {
    const task = rt.spawn(patient, 1);
    await board.reaches(1 + ABORT.STARTED, 1, "the task has started");
    task.abort();
    assertEquals(await outcomeOf(task), "aborted");
    // Its code goes on: it may clean up, with promises too.
    await board.reaches(1 + ABORT.AFTER_TIMER, 1, "its last step");
    assertEquals(
      Object.values(ABORT).map((at) => board.get(1 + at)),
      [1, 1, 1, 1, 1, 1],
    );
  },
  { ...ONE_OR_MORE, board: true },
);

poolTest(
  "an aborted async task leaves alone the task that it waited for",
  async ({ rt }) => {
    const [cell, gate] = [1, 10];
    const task = rt.spawn(joiner, cell, gate);
    await board.reaches(cell + ABORT.STARTED, 1, "the task has started");
    task.abort();
    assertEquals(await outcomeOf(task), "aborted");
    await board.reaches(cell + ABORT.REJECTED, 1, "its await has rejected");
    assertEquals(board.get(gate + 1), 0);
    board.set(gate, 1);
    await board.reaches(gate + 1, 1, "the other task has ended");
  },
  { ...ONE_OR_MORE, board: true },
);

poolTest("a fetch on a worker ends by the signal", async ({ rt }) => {
  await using server = new HeldServer();
  const task = rt.spawn(fetching, server.url, 1);
  await valueOf(server.arrived);
  task.abort();
  assertEquals(await outcomeOf(task), "aborted");
  await board.reaches(1, 1, "the fetch has rejected");
}, { board: true });

poolTest(
  "the shutdown of a runtime aborts its async tasks, and does not wait for those that ignore it",
  async ({ rt }) => {
    const cells = [1, 11, 21, 31];
    const tasks = cells.map((cell) => rt.spawn(patient, cell));
    tasks.push(rt.spawn(stubborn, 41));
    const outcomes = Promise.all(tasks.map(outcomeOf));
    for (const cell of [...cells, 41]) {
      await board.reaches(cell, 1, "the task has started");
    }
    // Far beyond what the test waits: it must not be what ends the wait.
    await valueOf(rt.shutdown({ timeout: FOREVER_MS }));
    assertEquals(await outcomes, tasks.map(() => "aborted"));
    for (const cell of cells) {
      const { EVENT, REJECTED, LATER, FINALLY } = ABORT;
      assertEquals(
        [EVENT, REJECTED, LATER, FINALLY].map((at) => board.get(cell + at)),
        [1, 1, 1, 1],
      );
    }
  },
  { ...ONE_OR_MORE, board: true, keepsRuntime: true },
);

poolTest(
  "an aborted task that ignores its signal does not keep its worker from retiring",
  async ({ rt }) => {
    const tid = await valueOf(rt.spawn(threadNumber));
    const task = rt.spawn(stubborn, 1);
    await board.reaches(1, 1, "the task has started");
    assert(isAlive(tid));
    task.abort();
    assertEquals(await outcomeOf(task), "aborted");
    await pollFor(
      () => !isAlive(tid),
      PATIENCE_MS,
      "the end of the worker's thread",
    );
  },
  { on: [1], board: true, idleTimeout: 50, ignore: !HAS_PROC },
);

poolTest(
  "after the last async task a worker blocks its thread again",
  async ({ rt }) => {
    const tid = await valueOf(rt.spawn(threadNumber));
    const async = rt.spawn(timed, FOREVER_MS);
    await allParked(rt);
    const { parks } = rt.metrics();
    for (let i = 0; i < 5; i++) {
      assertEquals(await valueOf(rt.spawn(double, i)), 2 * i);
      await allParked(rt);
    }
    // Only sleeps of a blocked thread are counted there.
    assertEquals(rt.metrics().parks, parks);
    async.abort();
    assertEquals(await outcomeOf(async), "aborted");
    await pollFor(
      () => rt.metrics().parks > parks,
      PATIENCE_MS,
      "a sleep of the blocked thread",
    );
    // The system counts sleeps as well, and it is still that thread.
    await allParked(rt);
    const before = sleepsOf("self", tid);
    assertEquals(await valueOf(rt.spawn(threadNumber)), tid);
    await pollFor(
      () => sleepsOf("self", tid) > before,
      PATIENCE_MS,
      "a sleep of that thread",
    );
  },
  { on: [1], idleTimeout: 60_000, ignore: !HAS_PROC },
);

/** Whether this process has a thread with that number. */
function isAlive(tid: number): boolean {
  return [...Deno.readDirSync("/proc/self/task")]
    .some(({ name }) => name === String(tid));
}
