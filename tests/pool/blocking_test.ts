/** Tasks on threads of their own, which they may block. */
import { assert, assertEquals } from "@std/assert";
import { spawnBlocking } from "../../mod.ts";
import { ATTENTION } from "../../src/executor/pool/layout.ts";
import { Pool } from "../../src/executor/pool/pool.ts";
import { threadHost } from "../../src/executor/thread_host.ts";
import { pollFor } from "../helpers/deadline.ts";
import { meet, meetFromTask, naps, sharesAgain } from "./fixtures/blocking.ts";
import { throws, throwsQuota } from "./fixtures/faulty.ts";
import { double, echo, sleep, where } from "./fixtures/tasks.ts";
import {
  joinErrorOf,
  outcomeOf,
  PATIENCE_MS,
  poolTest,
  valueOf,
} from "./support.ts";

/** The numbers of threads of Web Workers. */
function workerThreads(): number {
  return [...Deno.readDirSync("/proc/self/task")].filter(({ name }) => {
    try {
      const comm = Deno.readTextFileSync(`/proc/self/task/${name}/comm`);
      return comm.startsWith("worker-");
    } catch {
      return false;
    }
  }).length;
}

/** How many files there are whose names begin so. */
function countFiles(folder: string): number {
  return [...Deno.readDirSync(folder)].length;
}

for (const count of [2, 16]) {
  poolTest(
    `${count} blocking tasks run at the same time, beside the workers`,
    async ({ rt }) => {
      const folder = await Deno.makeTempDir();
      try {
        // Each waits, blocking its thread, until all of them are there.
        const handles = Array.from({ length: count }, (_, n) => {
          return rt.spawnBlocking(meet, folder, n, count);
        });
        assertEquals(await valueOf(rt.spawn(double, 4)), 8);
        const names = new Set<string>();
        for (const handle of handles) names.add(await valueOf(handle));
        assertEquals(names.size, count);
        assertEquals(countFiles(folder), count);
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
    { settleMs: 10_000 },
  );
}

poolTest(
  "blocking tasks that are spawned from a task, or in block_on, meet as well",
  async ({ rt }) => {
    const folder = await Deno.makeTempDir();
    const other = await Deno.makeTempDir();
    try {
      assertEquals(await valueOf(rt.spawn(meetFromTask, folder, 4)), 4);
      const names = rt.block_on(function* () {
        const handles = [0, 1, 2].map((n) => spawnBlocking(meet, other, n, 3));
        const names = new Set<string>();
        for (const handle of handles) names.add(yield* handle);
        return names;
      });
      assertEquals(names.size, 3);
    } finally {
      await Deno.remove(folder, { recursive: true });
      await Deno.remove(other, { recursive: true });
    }
  },
  { on: [1, 2] },
);

poolTest(
  "threads for blocking tasks are used again, and retire when idle",
  async ({ rt }) => {
    const workers = rt.metrics().workers;
    assertEquals(workers, 0);
    const names = new Set<unknown>();
    for (let i = 0; i < 30; i++) {
      names.add(await valueOf(rt.spawnBlocking(where)));
    }
    assert(names.size <= 2, `one after the other took ${names.size} threads`);
    await pollFor(
      () => workerThreads() === 0,
      PATIENCE_MS,
      "the end of the threads",
      () => `; there are ${workerThreads()}`,
    );
    assertEquals(await valueOf(rt.spawnBlocking(double, 3)), 6);
  },
  { ignore: Deno.build.os !== "linux", idleTimeout: 50 },
);

Deno.test({
  name:
    "what is left of aborted blocking tasks starts no thread while all have retired",
  // A port that is posted to a thread which is none is never received, or closed.
  sanitizeResources: false,
  fn() {
    const started: number[] = [];
    const pool = new Pool(1, threadHost, (_, seat, ways) => {
      started.push(seat);
      for (const [, port] of ways) port.close();
      return { end() {}, letGo() {} };
    });
    const { memory } = pool;
    // As if its task had been aborted, and its thread had come too late.
    memory.blockingInjector.push(0);
    pool.attend(ATTENTION.BLOCKING);
    assertEquals(started, []);
    pool.start();
    assertEquals(started, [1, memory.firstBlocking]);
    memory.blockingInjector.pop();
    pool.shutdownNow(0);
  },
});

poolTest(
  "more than 64 blocking tasks queue up, and all run",
  async ({ rt }) => {
    const handles = Array.from(
      { length: 100 },
      () => rt.spawnBlocking(naps, 20),
    );
    const names = new Set<string>();
    for (const handle of handles) names.add(await valueOf(handle));
    assert(names.size <= 64, `there were ${names.size} threads`);
    assertEquals(rt.metrics().completed, 100);
  },
  { settleMs: 15_000 },
);

poolTest(
  "errors, generators and aborts of blocking tasks are those of others",
  async ({ rt }) => {
    assertEquals(
      await outcomeOf(rt.spawnBlocking(throws, "in the way")),
      "failed RangeError: in the way",
    );
    const { cause } = await joinErrorOf(rt.spawnBlocking(throwsQuota));
    assertEquals((cause as { limit: number }).limit, 7);
    assertEquals(await valueOf(rt.spawnBlocking(sleep, 5)), 5);
    const large = "x".repeat(100_000);
    assertEquals(await valueOf(rt.spawnBlocking(echo, large)), large);
    const aborted = rt.spawnBlocking(sleep, 600_000);
    aborted.abort();
    assertEquals(await outcomeOf(aborted), "aborted");
    const sleeping = rt.spawnBlocking(sleep, 600_000);
    await valueOf(rt.spawnBlocking(double, 1));
    sleeping.abort();
    assertEquals(await outcomeOf(sleeping), "aborted");
  },
  { on: [1, 2] },
);

poolTest(
  "all threads can share memory with a worker that replaces another",
  async ({ rt }) => {
    assertEquals(await valueOf(rt.spawnBlocking(sharesAgain)), 11);
    assertEquals(await valueOf(rt.spawnWith({ on: 2 }, sharesAgain)), 11);
    assertEquals(rt.block_on(sharesAgain), 11);
  },
);

poolTest(
  "without workers a blocking task runs on the thread that there is",
  async ({ rt }) => {
    assertEquals(await valueOf(rt.spawnBlocking(where)), "main");
  },
  { on: [0] },
);

poolTest(
  "a failure of a blocking task that nobody joins is reported",
  async ({ rt, failures }) => {
    rt.spawnBlocking(throws, "alone").detach();
    await pollFor(() => failures.length > 0, PATIENCE_MS, "the report");
    assertEquals(failures.map(({ error }) => String(error)), [
      "RangeError: alone",
    ]);
  },
  { fails: true },
);
