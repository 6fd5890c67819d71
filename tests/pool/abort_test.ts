/** Aborting tasks of a pool, in each state that they may be in. */
import { assert, assertEquals } from "@std/assert";
import { type JoinHandle, run, time } from "../../mod.ts";
import { board } from "./fixtures/board.ts";
import { Closable, hold } from "./fixtures/closable.ts";
import {
  abortsOthers,
  abortsSpinners,
  badCleanup,
  cleanup,
  double,
  finishesAborted,
  gated,
  hog,
  sleep,
  spinner,
} from "./fixtures/tasks.ts";
import {
  difference,
  joinErrorOf,
  outcomeOf,
  poolTest,
  valueOf,
} from "./support.ts";

/** The cells of these tests. */
const [STARTED, CLEANED, CLOSED, GATE] = [0, 1, 2, 3];

const EACH = { on: [1, 2, 4], board: true };

poolTest(
  "a task that has not started never does, and its arguments are closed once",
  async ({ rt }) => {
    const busy = rt.spawnWith({ on: 1 }, hog, STARTED, GATE);
    await board.reaches(STARTED, 1, "the start of the one before");
    const [RAN] = [5];
    const handles = [
      rt.spawnWith({ on: 1 }, hold, new Closable(CLOSED), 1, RAN),
      rt.spawn(hold, new Closable(CLOSED), 1, RAN),
    ];
    for (const handle of handles) {
      handle.abort();
      handle.abort();
    }
    assertEquals(handles.map((handle) => handle.isFinished), [true, true]);
    for (const handle of handles) {
      assertEquals(await outcomeOf(handle), "aborted");
    }
    board.set(GATE, 1);
    assertEquals(await valueOf(busy), "edo 1");
    await valueOf(rt.spawn(double, 1));
    assertEquals([board.get(RAN), board.get(CLOSED)], [0, 2]);
  },
  // With one worker, nobody else can have started the second one.
  { on: [1], board: true },
);

poolTest(
  "a suspended task is cancelled, and its finally has run when the joiner hears",
  async ({ rt, workers }) => {
    for (let round = 1; round <= 50; round++) {
      const handle = round % 2 === 0
        ? rt.spawn(cleanup, STARTED, CLEANED)
        : rt.spawnWith({ on: workers }, cleanup, STARTED, CLEANED);
      await board.reaches(STARTED, round, "the start of the task");
      handle.abort();
      assertEquals(await outcomeOf(handle), "aborted");
      assertEquals(board.get(CLEANED), round);
    }
  },
  EACH,
);

poolTest(
  "abort and drop: the task is cancelled although nobody waits",
  async ({ rt }) => {
    for (let i = 0; i < 50; i++) rt.spawn(cleanup, STARTED, CLEANED);
    await board.reaches(STARTED, 50, "the start of all");
    const before = rt.metrics();
    for (let i = 0; i < 50; i++) rt.spawn(cleanup, STARTED, CLEANED).abort();
    await board.reaches(CLEANED, board.get(STARTED) - 50, "the cleanups");
    const { aborted } = difference(rt.metrics(), before);
    assert(aborted <= 50, `${aborted}`);
  },
  EACH,
);

poolTest(
  "a task that yields all the time can be aborted",
  async ({ rt }) => {
    const handles = [1, 2, 3].map(() => rt.spawn(spinner, STARTED, CLEANED));
    await board.reaches(STARTED, 3, "the start of all");
    for (const handle of handles) handle.abort();
    for (const handle of handles) {
      assertEquals(await outcomeOf(handle), "aborted");
    }
    assertEquals(board.get(CLEANED), 3);
  },
  EACH,
);

poolTest(
  "a task that returns in the poll in which it was aborted keeps its value",
  async ({ rt }) => {
    const handle = rt.spawn(hog, STARTED, GATE);
    await board.reaches(STARTED, 1, "the start of the task");
    handle.abort();
    assertEquals(handle.isFinished, false);
    board.set(GATE, 1);
    assertEquals(
      (await outcomeOf(handle)).replace(/\d/, "n"),
      "value edo n",
    );
  },
  EACH,
);

poolTest(
  "a task that was aborted as it ran ends at its next yield",
  async ({ rt }) => {
    const handle = rt.spawn(finishesAborted, STARTED, GATE, CLEANED);
    await board.reaches(STARTED, 1, "the start of the task");
    handle.abort();
    board.set(GATE, 1);
    assertEquals(await outcomeOf(handle), "aborted");
    assertEquals(board.get(CLEANED), 1);
  },
  EACH,
);

poolTest(
  "the abort of a finished task changes nothing",
  async ({ rt }) => {
    const handle = rt.spawn(double, 4);
    assertEquals(await valueOf(handle), 8);
    handle.abort();
    assertEquals(await valueOf(handle), 8);
    const { aborted, completed } = rt.metrics();
    handle.abort();
    assertEquals([rt.metrics().aborted, rt.metrics().completed], [
      aborted,
      completed,
    ]);
  },
  EACH,
);

poolTest(
  "a cleanup that throws fails the aborted task, and nothing else",
  async ({ rt }) => {
    const handle = rt.spawn(badCleanup, STARTED);
    await board.reaches(STARTED, 1, "the start of the task");
    handle.abort();
    const error = await joinErrorOf(handle);
    assertEquals([error.kind, String(error.cause)], [
      "failed",
      "RangeError: in the cleanup",
    ]);
    assertEquals(await valueOf(rt.spawn(double, 1)), 2);
  },
  EACH,
);

poolTest(
  "a task aborts those that it has spawned, on its own worker and on others",
  async ({ rt }) => {
    const outcomes = await valueOf(rt.spawn(abortsOthers, STARTED, CLEANED));
    assertEquals(outcomes, new Array(20).fill("aborted"));
    assertEquals(board.get(CLEANED), board.get(STARTED));
  },
  EACH,
);

poolTest(
  "the end of a wait leaves the task alone",
  async ({ rt }) => {
    const handle = rt.spawn(gated, STARTED, GATE);
    const outcome = await run(function* () {
      try {
        yield* time.timeout(5, handle);
      } catch (error) {
        return (error as Error).name;
      }
    });
    assertEquals(outcome, "TimeoutError");
    board.set(GATE, 1);
    assertEquals((await valueOf(handle)).startsWith("edo "), true);
  },
  EACH,
);

/** Aborts tasks in the order of their spawns, some of them a moment later. */
async function storm(
  rounds: number,
  spawn: (n: number) => JoinHandle<unknown>,
): Promise<void> {
  const kinds = new Set<string>();
  for (let round = 0; round < rounds; round++) {
    const handles = Array.from({ length: 50 }, (_, n) => spawn(n));
    const outcomes = handles.map(outcomeOf);
    if (round % 2 === 1) await null;
    // Some have ended by then, others are about to.
    if (round % 3 === 0) await outcomes[round % 7];
    for (const handle of handles) handle.abort();
    for (const outcome of await Promise.all(outcomes)) {
      kinds.add(outcome.replace(/ .*/, ""));
    }
  }
  assertEquals([...kinds].sort(), ["aborted", "value"]);
}

poolTest(
  "aborts that race with starts, wakes and ends: each task has one outcome",
  async ({ rt }) => {
    await storm(
      100,
      (n) => n % 2 ? rt.spawn(double, n) : rt.spawn(sleep, n % 3),
    );
    assertEquals(rt.metrics().spawned, 5_000);
  },
  { on: [1, 2, 4] },
);

poolTest(
  "aborts by tasks that race with what they have spawned",
  async ({ rt, workers }) => {
    const handles = Array.from({ length: 2 * workers }, () => {
      return rt.spawn(abortsSpinners, 300);
    });
    for (const handle of handles) {
      const { aborted, ended } = await valueOf(handle);
      assertEquals(aborted + ended, 300);
    }
    assertEquals(rt.metrics().spawned, 2 * workers * 301);
  },
  { on: [1, 2, 4] },
);
