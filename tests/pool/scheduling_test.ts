/** Who runs what, that everybody has a turn, and that nobody wakes up in vain. */
import { assert, assertEquals } from "@std/assert";
import { delay } from "@std/async/delay";
import type { Runtime } from "../../mod.ts";
import { waitFor } from "../helpers/deadline.ts";
import { edoTest } from "../helpers/leaks.ts";
import { ROOT, startDeno, type Subprocess } from "../helpers/subprocess.ts";
import { allParked, Threads } from "./asleep.ts";
import { board } from "./fixtures/board.ts";
import {
  countByWorker,
  forever,
  oneByOne,
  pingPong,
  polite,
  roundTrips,
  ticket,
} from "./fixtures/scheduling.ts";
import { WORKERS as PARKED_WORKERS } from "./fixtures/parked.ts";
import { double, fib, fibInOrder, hog, where } from "./fixtures/tasks.ts";
import { PATIENCE_MS, poolTest, valueOf } from "./support.ts";

const EACH = { on: [1, 2, 4] };

/** The cells of these tests; those of the workers come behind. */
const [ROUNDS, STOP, STARTED, GATE, WORKERS] = [0, 1, 2, 3, 10];

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
    // The one that took it, and one that it had look for more; not the other two.
    for (const parks of most) {
      assert(parks <= 2, `${most} workers went to sleep`);
    }
  },
  { on: [4], idleTimeout: 60_000 },
);

/** Spawns so many tasks, each of which needs all workers to be up. */
async function needAll(
  rt: Runtime,
  workers: number,
  count: number,
): Promise<void> {
  const cells = Array.from({ length: workers }, (_, n) => WORKERS + 1 + n);
  for (const cell of cells) board.set(cell, 0);
  const handles = Array.from({ length: count }, () => {
    return rt.spawn(countByWorker, WORKERS, workers);
  });
  try {
    for (const cell of cells) await board.reaches(cell, 1, "all are up");
  } finally {
    // If not, those that are up must not stay blocked.
    for (const cell of cells) if (board.get(cell) === 0) board.set(cell, 1);
  }
  for (const handle of handles) await valueOf(handle);
  const shares = cells.map((cell) => board.get(cell));
  assertEquals(shares.reduce((a, b) => a + b), count);
}

// Workers that woke up by themselves, to retire, would find the tasks as well.
poolTest(
  "a burst of 1,000 tasks brings all workers up",
  async ({ rt, workers }) => {
    await allParked(rt);
    await needAll(rt, workers, 1_000);
  },
  { on: [2, 4], board: true, idleTimeout: 60_000 },
);

poolTest(
  "as many tasks as there are workers bring all up, each of which wakes the next",
  async ({ rt, workers }) => {
    for (let round = 0; round < 20; round++) {
      await allParked(rt);
      // All are there before the first that was woken is up.
      await needAll(rt, workers, workers);
    }
  },
  { on: [2, 4], board: true, idleTimeout: 60_000 },
);

poolTest(
  "a worker's tasks are stolen while it is busy",
  async ({ rt }) => {
    // What a task spawns is in its own worker's deque, behind what it runs.
    const stealing = async () => {
      while (rt.metrics().steals === 0) {
        assertEquals(await valueOf(rt.spawn(fib, 15)), 610);
      }
    };
    await waitFor(stealing(), PATIENCE_MS, "the first theft");
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
  "500 tasks sent to one worker in one turn start in the order of their spawns, with what is shared and without",
  async ({ rt, workers }) => {
    const memory = new SharedArrayBuffer(4);
    const handles = Array.from({ length: 500 }, (_, n) => {
      const args: [SharedArrayBuffer?] = n % 3 === 0 ? [memory] : [];
      return rt.spawnWith({ on: workers }, ticket, ...args);
    });
    for (const [n, handle] of handles.entries()) {
      assertEquals(await valueOf(handle), n);
    }
  },
  { on: [1, 2] },
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

/** For how long a thread must not stir, in milliseconds. */
const WINDOW_MS = 10_000;

/**
 * How many such times there are, of which each thread has to sleep through one. The
 * main thread of any Deno program that does nothing, without Edo as well, wakes up
 * two or three times between these ages of its process, and then not for long.
 */
const WINDOWS = 2;
const DENO_WAKES_MS = [8_000, 10_500] as const;

/** Starts a program whose threads have nothing to do. */
function startParked(place: string): Subprocess {
  const program = new URL("fixtures/parked.ts", import.meta.url).href;
  return startDeno(["run", "-A", "--no-config", program, place], { cwd: ROOT });
}

/** Its main thread and its workers, once all of them sleep. */
async function threadsOf({ pid, stdout }: Subprocess): Promise<Threads> {
  const line = await stdout.match(/^threads /, PATIENCE_MS);
  const numbers = line.split(" ").slice(1).map(Number);
  assertEquals([numbers.length, numbers[0]], [1 + PARKED_WORKERS, pid]);
  const threads = new Threads(pid, numbers);
  await threads.fallAsleep();
  return threads;
}

edoTest(
  "a worker that has nothing to do sleeps without a single wake-up for ten seconds, and so does a main thread in block_on or hosted",
  async () => {
    const start = performance.now();
    await using blocking = startParked("block_on");
    await using hosted = startParked("hosted");
    const programs = [await threadsOf(blocking), await threadsOf(hosted)];
    const look = () => programs.map((threads) => threads.sleeps());
    // Where a start takes that long, both times would have some of them.
    const age = performance.now() - start;
    if (age > DENO_WAKES_MS[0]) {
      await delay(Math.max(0, DENO_WAKES_MS[1] - age));
    }
    // By program and thread: the fewest times that it has gone to sleep again.
    let fewest = look().map((threads) => threads.map(() => Infinity));
    for (let window = 0; window < WINDOWS; window++) {
      const before = look();
      // That nothing happens for so long is what is to be shown.
      await delay(WINDOW_MS);
      const after = look();
      fewest = fewest.map((threads, p) =>
        threads.map((n, t) => Math.min(n, after[p]![t]! - before[p]![t]!))
      );
      if (fewest.flat().every((n) => n === 0)) break;
    }
    const none = new Array(1 + PARKED_WORKERS).fill(0);
    assertEquals(fewest, [none, none]);
    for (const threads of programs) assertEquals(threads.areAsleep(), true);
  },
  { ignore: Deno.build.os !== "linux" },
);
