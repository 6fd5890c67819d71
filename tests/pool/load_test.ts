/** Queues that overflow, and many tasks: nothing is lost, nothing runs twice. */
import { assertEquals } from "@std/assert";
import type { JoinHandle } from "../../mod.ts";
import { board } from "./fixtures/board.ts";
import {
  fanAway,
  fanOut,
  lengthOf,
  manyBytes,
  nothing,
} from "./fixtures/scheduling.ts";
import { count, double, hog } from "./fixtures/tasks.ts";
import { outcomeOf, poolTest, valueOf } from "./support.ts";

/** The cells of these tests. */
const [COUNT, STARTED, GATE] = [0, 1, 2];

poolTest(
  "a deque that overflows, with thieves and without, loses nothing",
  async ({ rt, workers }) => {
    // A deque holds 4,096.
    for (const n of [4_095, 4_096, 4_097, 20_000]) {
      assertEquals(await valueOf(rt.spawn(fanOut, n)), n * (n - 1));
    }
    const several = Array.from({ length: workers }, () => {
      return rt.spawn(fanOut, 10_000);
    });
    for (const one of several) {
      assertEquals(await valueOf(one), 10_000 * 9_999);
    }
    assertEquals(
      rt.metrics().completed,
      4_095 + 4_096 + 4_097 + 20_000 + 4 + workers * 10_001,
    );
  },
  { on: [1, 2, 4] },
);

poolTest(
  "an injector that overflows loses nothing",
  async ({ rt, workers }) => {
    const busy = Array.from({ length: workers }, (_, n) => {
      return rt.spawnWith({ on: n + 1 }, hog, STARTED, GATE);
    });
    await board.reaches(STARTED, workers, "the start of all");
    // An injector holds 65,536.
    const handles: JoinHandle<void>[] = [];
    for (let i = 0; i < 100_000; i++) handles.push(rt.spawn(count, COUNT));
    const aborted = handles.filter((_, i) => i % 1_000 === 999);
    for (const handle of aborted) handle.abort();
    board.set(GATE, 1);
    for (const handle of busy) await valueOf(handle);
    for (const [i, handle] of handles.entries()) {
      if (i % 1_000 !== 999) await handle;
    }
    for (const handle of aborted) {
      assertEquals(await outcomeOf(handle), "aborted");
    }
    assertEquals(board.get(COUNT), 100_000 - aborted.length);
  },
  { on: [1, 2], board: true },
);

poolTest(
  "more tasks at a time than there are records for are all run",
  async ({ rt, workers }) => {
    const busy = Array.from({ length: workers }, (_, n) => {
      return rt.spawnWith({ on: n + 1 }, hog, STARTED, GATE);
    });
    await board.reaches(STARTED, workers, "the start of all");
    // There are 524,288 records.
    const total = 530_000;
    let last: JoinHandle<void> | null = null;
    for (let i = 0; i < total; i++) last = rt.spawn(count, COUNT);
    const aborted = rt.spawn(count, COUNT);
    aborted.abort();
    assertEquals(await outcomeOf(aborted), "aborted");
    board.set(GATE, 1);
    await valueOf(last!);
    await board.reaches(COUNT, total, "all tasks");
    for (const handle of busy) await valueOf(handle);
    assertEquals(board.get(COUNT), total);
  },
  { on: [2], board: true },
);

poolTest(
  "a million tasks over two workers, each counted once",
  async ({ rt }) => {
    const before = rt.metrics().spawned;
    const own: JoinHandle<void>[] = [];
    const spawners = [1, 2, 3, 4].map(() => rt.spawn(fanAway, 200_000, COUNT));
    for (let i = 0; i < 200_000; i++) own.push(rt.spawn(nothing));
    for (const handle of own) await handle;
    for (const spawner of spawners) await valueOf(spawner);
    await board.reaches(COUNT, 800_000, "all tasks");
    assertEquals(board.get(COUNT), 800_000);
    assertEquals(rt.metrics().spawned - before, 1_000_004);
  },
  { on: [2], board: true },
);

poolTest(
  "arguments that find no room in shared memory travel all the same",
  async ({ rt, workers }) => {
    const busy = Array.from({ length: workers }, (_, n) => {
      return rt.spawnWith({ on: n + 1 }, hog, STARTED, GATE);
    });
    await board.reaches(STARTED, workers, "the start of all");
    // There are 256 MiB, in blocks of powers of two.
    const bytes = new Uint8Array(1 << 20);
    const handles = Array.from(
      { length: 160 },
      () => rt.spawn(lengthOf, bytes),
    );
    board.set(GATE, 1);
    for (const handle of busy) await valueOf(handle);
    for (const handle of handles) assertEquals(await handle, 1 << 20);
    assertEquals(
      await valueOf(rt.spawn(manyBytes, 160, 1 << 20)),
      160 * (1 << 20),
    );
    assertEquals(await valueOf(rt.spawn(double, 2)), 4);
  },
  { on: [1, 2], board: true },
);
