/** Who runs what, and that everybody has a turn. */
import { assert, assertEquals } from "@std/assert";
import type { Runtime } from "../../mod.ts";
import { pollFor } from "../helpers/deadline.ts";
import { board } from "./fixtures/board.ts";
import {
  countByWorker,
  forever,
  oneByOne,
  pingPong,
  polite,
  roundTrips,
  threadNumber,
} from "./fixtures/scheduling.ts";
import { double, fib, fibInOrder, hog, where } from "./fixtures/tasks.ts";
import { PATIENCE_MS, poolTest, valueOf } from "./support.ts";

const EACH = { on: [1, 2, 4] };

/** The cells of these tests; those of the workers come behind. */
const [ROUNDS, STOP, STARTED, GATE, WORKERS] = [0, 1, 2, 3, 10];

/** Waits until all workers that a runtime has sleep: none parks any more. */
async function allParked(rt: Runtime): Promise<void> {
  let parks = -1;
  let since = performance.now();
  await pollFor(
    () => {
      const now = rt.metrics().parks;
      if (now !== parks) since = performance.now();
      parks = now;
      return performance.now() - since > 60;
    },
    PATIENCE_MS,
    "the sleep of all workers",
  );
}

poolTest(
  "fork and join, with a task per call",
  async ({ rt, workers }) => {
    assertEquals(await valueOf(rt.spawn(fib, 15)), 610);
    assertEquals(await valueOf(rt.spawn(fibInOrder, 16)), 987);
    assertEquals(rt.metrics().spawned, 1_973 + 3_193);
    if (workers === 1) assertEquals(rt.metrics().steals, 0);
  },
  EACH,
);

poolTest(
  "a single spawn wakes only one worker",
  async ({ rt, workers }) => {
    for (let on = 1; on <= workers; on++) {
      await valueOf(rt.spawnWith({ on }, where));
    }
    const most: number[] = [];
    for (let sample = 0; sample < 5; sample++) {
      await allParked(rt);
      const before = rt.metrics().parks;
      assertEquals(await valueOf(rt.spawn(double, 1)), 2);
      await allParked(rt);
      most.push(rt.metrics().parks - before);
    }
    // Each that was woken goes to sleep again: once, or twice if it looked in vain.
    assert(Math.min(...most) <= 2, `${most} workers went to sleep`);
  },
  { on: [4], idleTimeout: 60_000 },
);

poolTest(
  "a burst of 1,000 tasks brings all workers up",
  async ({ rt, workers }) => {
    for (let on = 1; on <= workers; on++) {
      await valueOf(rt.spawnWith({ on }, countByWorker, WORKERS, 0));
    }
    await allParked(rt);
    const handles = Array.from({ length: 1_000 }, () => {
      return rt.spawn(countByWorker, WORKERS, 0.2);
    });
    for (const handle of handles) await valueOf(handle);
    const shares = Array.from({ length: workers }, (_, n) => {
      return board.get(WORKERS + 1 + n) - 1;
    });
    assertEquals(shares.reduce((a, b) => a + b), 1_000);
    assert(Math.min(...shares) > 0, `they took ${shares}`);
  },
  { on: [2, 4], board: true },
);

poolTest(
  "a worker's tasks are stolen while it is busy",
  async ({ rt }) => {
    // What a task spawns is in its own worker's deque, behind what it runs.
    const end = performance.now() + PATIENCE_MS;
    while (rt.metrics().steals === 0 && performance.now() < end) {
      assertEquals(await valueOf(rt.spawn(fib, 15)), 610);
    }
    assert(rt.metrics().steals > 0);
  },
  { on: [2, 4] },
);

poolTest(
  "two tasks that wake each other all the time do not shut others out",
  async ({ rt, workers }) => {
    const pairs = Array.from({ length: 20 * workers }, (_, n) => {
      return rt.spawnWith({ on: 1 + n % workers }, pingPong, ROUNDS, STOP);
    });
    await board.reaches(ROUNDS, 10_000, "some rounds");
    for (let on = 1; on <= workers; on++) {
      assertEquals(
        await valueOf(rt.spawnWith({ on }, polite, 5)),
        "was served",
      );
    }
    assertEquals(await valueOf(rt.spawn(double, 1)), 2);
    board.set(STOP, 1);
    for (const pair of pairs) await valueOf(pair);
  },
  { ...EACH, board: true },
);

poolTest(
  "a task that spawns its successor for ever does not shut others out",
  async ({ rt, workers }) => {
    for (let i = 0; i < workers; i++) rt.spawn(forever, ROUNDS, STOP).detach();
    await board.reaches(ROUNDS, 1_000, "some rounds");
    for (let on = 1; on <= workers; on++) {
      assertEquals(
        await valueOf(rt.spawnWith({ on }, polite, 5)),
        "was served",
      );
    }
    for (let i = 0; i < 50; i++) {
      assertEquals(await valueOf(rt.spawn(double, i)), 2 * i);
    }
    board.set(STOP, 1);
  },
  { ...EACH, board: true },
);

poolTest(
  "a task goes on where it started, whoever wakes it",
  async ({ rt }) => {
    const stays = rt.spawnWith({ on: 2 }, hog, STARTED, GATE);
    await board.reaches(STARTED, 1, "the start of the task");
    const joined = await rt.run(function* () {
      board.set(GATE, 1);
      return yield* stays;
    });
    assertEquals(joined, "edo 2");
  },
  { board: true },
);

poolTest(
  "5,000 rounds of spawn and wait lose no wake-up, with workers that park",
  async ({ rt, workers }) => {
    const sum = rt.block_on(function* () {
      let sum = 0;
      for (let i = 0; i < 5_000; i++) sum += yield* rt.spawn(double, 1);
      return sum;
    });
    assertEquals(sum, 10_000);
    let hosted = 0;
    for (let i = 0; i < 1_000; i++) hosted += await rt.spawn(double, 1);
    assertEquals(hosted, 2_000);
    const trips = Array.from({ length: workers }, (_, n) => {
      return rt.spawnWith(
        { on: n + 1 },
        roundTrips,
        1_000,
        1 + (n + 1) % workers,
      );
    });
    for (const trip of trips) assertEquals(await valueOf(trip), 2_000);
    assertEquals(await valueOf(rt.spawn(oneByOne, 2_000)), 4_000);
    assertEquals(rt.metrics().spawned, 8_001 + 1_001 * workers);
  },
  EACH,
);

/** How often a thread has gone to sleep, and been put to sleep. */
function switchesOf(thread: number): number {
  const status = Deno.readTextFileSync(`/proc/self/task/${thread}/status`);
  return Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(status)![1]);
}

poolTest(
  "a worker that has nothing to do sleeps without a single wake-up",
  async ({ rt, workers }) => {
    const threads: number[] = [];
    for (let on = 1; on <= workers; on++) {
      threads.push(await valueOf(rt.spawnWith({ on }, threadNumber)));
    }
    const samples: number[] = [];
    for (let sample = 0; sample < 5; sample++) {
      const before = threads.map(switchesOf);
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      const after = threads.map(switchesOf);
      samples.push(Math.max(...after.map((n, i) => n - before[i]!)));
      if (samples.at(-1) === 0) return;
    }
    assert(false, `there were ${samples} wake-ups in a second`);
  },
  { ignore: Deno.build.os !== "linux", idleTimeout: 60_000 },
);
