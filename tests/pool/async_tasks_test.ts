import { fileURLToPath } from "node:url";
import { assert, assertEquals } from "@std/assert";
import { pollFor } from "../helpers/deadline.ts";
import { edoTest } from "../helpers/leaks.ts";
import { startDeno } from "../helpers/subprocess.ts";
import {
  ABORT,
  fetched,
  fetching,
  fileSize,
  joiner,
  mixed,
  patient,
  stubborn,
  talk,
  threadId,
  timed,
} from "./fixtures/async_tasks.ts";
import { board } from "./fixtures/board.ts";
import { double, sleep } from "./fixtures/tasks.ts";
import { outcomeOf, poolTest, valueOf } from "./support.ts";

const ONE_OR_MORE = { on: [1, 4] };

const HAS_PROC = Deno.build.os === "linux";

/** Where nothing else runs, the times below take a few milliseconds. */
const AT_ONCE_MS = 2_000;

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
  const start = performance.now();
  const tasks: PromiseLike<unknown>[] = [];
  for (let i = 0; i < 300; i++) {
    tasks.push(
      i % 3 === 0
        ? rt.spawn(timed, 100)
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
  // One after the other, the timers alone would take 10 s.
  assert(performance.now() - start < 8_000);
}, ONE_OR_MORE);

poolTest(
  "a worker that waits for a promise hears of new tasks and of aborts",
  async ({ rt }) => {
    await valueOf(rt.spawn(timed, 1));
    const start = performance.now();
    const waiting = rt.spawn(timed, 60_000);
    for (let i = 0; i < 5; i++) {
      // Long enough for it to have gone to sleep.
      await new Promise((resolve) => setTimeout(resolve, 20));
      assertEquals(await valueOf(rt.spawn(sleep, 1)), 1);
      assertEquals(await valueOf(rt.spawn(double, i)), 2 * i);
      assertEquals(await valueOf(rt.spawn(timed, 1)), 1);
    }
    waiting.abort();
    assertEquals(await outcomeOf(waiting), "aborted");
    assert(performance.now() - start < AT_ONCE_MS);
  },
  { on: [1] },
);

edoTest(
  "an unhandled rejection in an async task is reported, and its worker lives on",
  async () => {
    const program = new URL("./fixtures/careless.ts", import.meta.url);
    await using child = startDeno(["run", "-A", program.href]);
    assertEquals((await child.status()).code, 0);
    assertEquals(await child.stdout.rest(), ["returned", "4", "true"]);
    const report = (await child.stderr.rest()).join("\n");
    assert(report.includes("RangeError: nobody looks at this"), report);
  },
);

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
  const { promise: arrived, resolve: arrive } = Promise.withResolvers<void>();
  const { promise: release, resolve: answer } = Promise.withResolvers<void>();
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    async () => {
      arrive();
      await release;
      return new Response("too late");
    },
  );
  const url = `http://127.0.0.1:${server.addr.port}`;
  const task = rt.spawn(fetching, url, 1);
  await valueOf(arrived);
  task.abort();
  assertEquals(await outcomeOf(task), "aborted");
  await board.reaches(1, 1, "the fetch has rejected");
  answer();
  await server.shutdown();
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
    const start = performance.now();
    await rt.shutdown();
    assert(performance.now() - start < AT_ONCE_MS);
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
    const tid = await valueOf(rt.spawn(threadId));
    const task = rt.spawn(stubborn, 1);
    await board.reaches(1, 1, "the task has started");
    assert(isAlive(tid));
    task.abort();
    assertEquals(await outcomeOf(task), "aborted");
    await pollFor(
      () => !isAlive(tid),
      10_000,
      "the end of the worker's thread",
    );
  },
  { on: [1], board: true, idleTimeout: 50, ignore: !HAS_PROC },
);

poolTest(
  "after the last async task a worker blocks its thread again",
  async ({ rt }) => {
    await valueOf(rt.spawn(timed, 50));
    const tid = await valueOf(rt.spawn(threadId));
    // Once it is asleep. Others on the machine cost it no voluntary switch.
    let fewest = Infinity;
    await pollFor(
      async () => {
        const before = switches(tid);
        await new Promise((resolve) => setTimeout(resolve, 300));
        fewest = Math.min(fewest, switches(tid) - before);
        return fewest === 0;
      },
      10_000,
      "300 ms without a voluntary context switch",
      () => `; the fewest are ${fewest}`,
    );
    // They are counted here, and it was that thread.
    const before = switches(tid);
    assertEquals(await valueOf(rt.spawn(threadId)), tid);
    await pollFor(() => switches(tid) > before, 10_000, "a switch of its own");
  },
  { on: [1], idleTimeout: 60_000, ignore: !HAS_PROC },
);

/** How often a thread of this process has gone to sleep so far. */
function switches(tid: number): number {
  const status = Deno.readTextFileSync(`/proc/self/task/${tid}/status`);
  return Number(/^voluntary_ctxt_switches:\s*(\d+)/m.exec(status)![1]);
}

/** Whether this process has a thread with that number. */
function isAlive(tid: number): boolean {
  return [...Deno.readDirSync("/proc/self/task")]
    .some(({ name }) => name === String(tid));
}
