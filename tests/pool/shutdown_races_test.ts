/** What goes on while a runtime ends, and what is left of it afterwards. */
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  fromPromise,
  type JoinHandle,
  Pending,
  pollFn,
  Runtime,
  setFailureHook,
  spawn,
  type Waker,
} from "../../mod.ts";
import { pollFor, waitFor, waitForEvent } from "../helpers/deadline.ts";
import { edoTest } from "../helpers/leaks.ts";
import { board, layBoard } from "./fixtures/board.ts";
import { throws } from "./fixtures/faulty.ts";
import {
  countFailures,
  plants,
  plantsAsync,
  plantsLocally,
  waitsBelow,
} from "./fixtures/parents.ts";
import { roundTrips } from "./fixtures/scheduling.ts";
import { takesLate, waitsInCleanup, wakesOthers } from "./fixtures/shutdown.ts";
import type { Tally } from "./fixtures/storm.ts";
import { cleanup, double, hog } from "./fixtures/tasks.ts";
import {
  assertBalanced,
  joinErrorOf,
  outcomeOf,
  PATIENCE_MS,
  poolTest,
  valueOf,
} from "./support.ts";

/** The cells of these tests. */
const [STARTED, INNER, AFTER, OUTER, GATE, ROUNDS] = [0, 1, 2, 3, 4, 5];

edoTest(
  "with a timeout of 0 a shutdown leaves those alone that are blocked, and ends the others",
  async () => {
    const failures: string[] = [];
    const hook = setFailureHook(({ error }) => failures.push(String(error)));
    const rt = new Runtime({ workers: 2 });
    try {
      await layBoard(rt, 2);
      const blocked = rt.spawnWith({ on: 1 }, hog, STARTED, GATE);
      const sleeping = rt.spawnWith({ on: 2 }, cleanup, STARTED, OUTER);
      await board.reaches(STARTED, 2, "the start of both");
      // By default it would be 10 s.
      await waitFor(rt.shutdown({ timeout: 0 }), 5_000, "the shutdown");
      assertEquals(await outcomeOf(blocked), "lost");
      assertEquals(failures.length, 1);
      assertEquals(failures[0]!.includes('"hog" on worker 1'), true);
      // The other one may have been on its way out.
      const outcome = await outcomeOf(sleeping);
      assertEquals(["aborted", "lost"].includes(outcome), true, outcome);
      assertBalanced(rt.metrics());
    } finally {
      setFailureHook(hook);
      board.set(GATE, 1);
    }
  },
);

const CUT_OFF =
  "Error: Cannot wait while being cancelled: a finally block or a using " +
  "declaration reached a `yield*` that was not ready";

poolTest(
  "a cleanup that waits is cut off with an error when its task is aborted, and the outer cleanups run",
  async ({ rt }) => {
    const handle = rt.spawn(waitsInCleanup, STARTED, INNER, AFTER, OUTER);
    await board.reaches(STARTED, 1, "the start of the task");
    handle.abort();
    const { kind, cause } = await joinErrorOf(handle);
    assertEquals([kind, String(cause)], ["failed", CUT_OFF]);
    assertEquals(
      [INNER, AFTER, OUTER].map((cell) => board.get(cell)),
      [1, 0, 1],
    );
    assertEquals(await valueOf(rt.spawn(double, 1)), 2);
  },
  { on: [1, 2], board: true },
);

poolTest(
  "a shutdown cuts off cleanups that wait, and says so to those who join",
  async ({ rt, workers }) => {
    const handles = Array.from({ length: 3 * workers }, () => {
      return rt.spawn(waitsInCleanup, STARTED, INNER, AFTER, OUTER);
    });
    await board.reaches(STARTED, handles.length, "the start of all");
    const errors = Promise.all(handles.map(joinErrorOf));
    await waitFor(rt.shutdown(), PATIENCE_MS, "the shutdown");
    for (const { kind, cause } of await errors) {
      assertEquals([kind, String(cause)], ["failed", CUT_OFF]);
    }
    assertEquals(
      [INNER, AFTER, OUTER].map((cell) => board.get(cell)),
      [handles.length, 0, handles.length],
    );
  },
  { on: [1, 2], board: true },
);

for (let round = 0; round < 3; round++) {
  poolTest(
    `a shutdown amid wakes within workers and between them ends all that is left [${round}]`,
    async ({ rt, workers }) => {
      const handles: JoinHandle<unknown>[] = [];
      for (let on = 1; on <= workers; on++) {
        for (let i = 0; i < 5; i++) {
          handles.push(rt.spawnWith({ on }, wakesOthers, ROUNDS));
          const next = 1 + on % workers;
          handles.push(rt.spawnWith({ on }, roundTrips, 1e9, next));
        }
      }
      const outcomes = Promise.all(handles.map(outcomeOf));
      await board.reaches(ROUNDS, 200, "some rounds");
      await waitFor(rt.shutdown(), PATIENCE_MS, "the shutdown");
      for (const outcome of await outcomes) assertEquals(outcome, "aborted");
      const rounds = board.get(ROUNDS);
      assertEquals(rt.metrics().workers, 0);
      // Nothing runs any more.
      assertEquals(board.get(ROUNDS), rounds);
    },
    { on: [1, 2, 4], board: true },
  );
}

/** So many runtimes end one after the other: what races does so differently. */
const RUNTIMES = 20;

for (const workers of [1, 2, 4]) {
  edoTest(
    `a shutdown cancels tasks before they hear that those they wait for were cancelled [workers: ${workers}]`,
    async () => {
      const [FAILED] = [6];
      const failures: string[] = [];
      const hook = setFailureHook(({ what, error }) => {
        failures.push(`${what}: ${error}`);
      });
      try {
        for (let round = 1; round <= RUNTIMES; round++) {
          const rt = new Runtime({ workers });
          await layBoard(rt, workers);
          for (let on = 1; on <= workers; on++) {
            await rt.spawnWith({ on }, countFailures, FAILED);
          }
          const handles: JoinHandle<unknown>[] = [
            rt.spawn(waitsBelow, STARTED, 4),
            rt.spawn(plants, ROUNDS),
            rt.spawn(plants, ROUNDS),
            rt.spawn(plantsLocally, ROUNDS),
            rt.spawn(plantsAsync, ROUNDS),
          ];
          const outcomes = Promise.all(handles.map(outcomeOf));
          await board.reaches(STARTED, 31, "the start of those that wait");
          await board.reaches(ROUNDS, 3 * round, "some of the others' rounds");
          await waitFor(rt.shutdown(), PATIENCE_MS, "the shutdown");
          assertEquals(await outcomes, handles.map(() => "aborted"));
          const metrics = rt.metrics();
          assertBalanced(metrics);
          assertEquals([metrics.failed, metrics.lost], [0, 0]);
          assertEquals([board.get(FAILED), failures], [0, []]);
        }
      } finally {
        setFailureHook(hook);
      }
    },
  );
}

poolTest(
  "spawns of another thread that race with the shutdown have an outcome each",
  async ({ rt }) => {
    const worker = new Worker(
      new URL("./fixtures/storm.ts", import.meta.url),
      { type: "module" },
    );
    const heard = (what: string) =>
      waitForEvent<MessageEvent>(worker, "message", PATIENCE_MS, what);
    const underWay = heard("its first tasks");
    worker.postMessage(rt.handle().export());
    await underWay;
    const end = heard("what has become of its tasks");
    await rt.shutdown();
    const { spawned, value, aborted, other } = (await end).data as Tally;
    assertEquals(other, []);
    assertEquals(value + aborted, spawned);
    assertEquals(aborted > 0, true);
    assertEquals(rt.metrics().spawned, spawned);
  },
  { on: [1, 2] },
);

poolTest(
  "a shutdown that a run of the same runtime waits for does not wait for that run",
  async ({ rt, workers }) => {
    const outcome = await waitFor(
      rt.run(function* () {
        const own = spawn(function* () {
          yield* pollFn<void>(() => Pending);
        });
        if (workers > 0) yield* rt.spawn(double, 1);
        yield* fromPromise(rt.shutdown());
        return own.isFinished ? "cancelled" : "goes on";
      }),
      PATIENCE_MS,
      "the end of the run",
    );
    assertEquals(outcome, "goes on");
    assertEquals(rt.metrics().workers, 0);
    assertThrows(() => rt.run(() => 1), Error, "was shut down");
  },
  { on: [0, 1, 2] },
);

poolTest(
  "what ended before the shutdown can be joined after it, whoever looked before",
  async ({ rt, failures }) => {
    const value = rt.spawn(double, 4);
    const failed = rt.spawn(throws, "before the end");
    await pollFor(
      () => rt.metrics().completed + rt.metrics().failed === 2,
      PATIENCE_MS,
      "the end of both",
    );
    await rt.shutdown();
    // Who joins it before it was told is told instead.
    await pollFor(() => failures.length === 1, PATIENCE_MS, "the hook's call");
    for (let i = 0; i < 2; i++) {
      assertEquals(await outcomeOf(value), "value 8");
      assertEquals(
        await outcomeOf(failed),
        "failed RangeError: before the end",
      );
    }
    // Nobody had joined it when it was known.
    assertEquals(failures.map(({ what }) => what), ['task "throws"']);
  },
  { on: [1, 2], fails: true },
);

poolTest(
  "wakers that joins of tasks were left with do nothing after the shutdown",
  async ({ rt }) => {
    const wakers: Waker[] = [];
    const sleeping = rt.spawn(cleanup, STARTED, OUTER);
    const joined = rt.run(function* () {
      const wait = sleeping.join();
      yield* pollFn<void>((cx) => {
        wakers.push(cx.waker);
        return wait.poll(cx) as typeof Pending;
      });
    });
    await board.reaches(STARTED, 1, "the start of the task");
    const error = assertRejects(() => joined);
    await rt.shutdown();
    assertEquals(((await error) as { kind?: string }).kind, "aborted");
    for (const waker of wakers) waker.wake();
    await new Promise((resolve) => void setImmediate(resolve));
    assertEquals(wakers.length > 0, true);
    assertEquals(await outcomeOf(sleeping), "aborted");
  },
  { on: [1, 2], board: true },
);

for (const ends of [true, false]) {
  poolTest(
    `a listener whose receiver ${
      ends ? "ends its worker" : "is cancelled"
    } before it takes it is closed`,
    async ({ rt, workers }) => {
      const taking = rt.spawnWith({ on: 1 }, takesLate, GATE, ends);
      await pollFor(
        () => rt.metrics().completed === workers + 1,
        PATIENCE_MS,
        "the listener",
      );
      const ended = ends ? undefined : rt.shutdown();
      board.set(GATE, 1);
      await ended;
      assertEquals(await outcomeOf(taking), ends ? "lost" : "aborted");
      // The worker that replaces the other finds it.
      if (ends) await valueOf(rt.spawnWith({ on: 1 }, double, 1));
    },
    { board: true },
  );
}
