/** Joining tasks of a pool. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  block_on,
  type Context,
  join,
  Pending,
  pollFn,
  run,
  select,
  spawn,
} from "../../mod.ts";
import { pollFor } from "../helpers/deadline.ts";
import { board } from "./fixtures/board.ts";
import { joins, throws } from "./fixtures/faulty.ts";
import { count, double, echo, gated, sleep } from "./fixtures/tasks.ts";
import {
  errorIn,
  joinErrorOf,
  outcomeOf,
  PATIENCE_MS,
  poolTest,
  valueOf,
} from "./support.ts";

/** The cells of these tests. */
const [STARTED, GATE, CLEANED] = [0, 1, 2];

const EACH = { on: [0, 1, 2, 4] };

poolTest(
  "a task can be awaited twice, and after its end",
  async ({ rt }) => {
    const handle = rt.spawn(echo, { n: 1 });
    const [a, b] = await valueOf(Promise.all([handle, handle]));
    assertEquals([a, b, await handle], [{ n: 1 }, { n: 1 }, { n: 1 }]);
    assertEquals(handle.isFinished, true);
    assertEquals([handle.name, await handle.then(() => 5)], ["echo", 5]);
    const failing = rt.spawn(throws, "again");
    for (let i = 0; i < 3; i++) {
      assertEquals(await outcomeOf(failing), "failed RangeError: again");
    }
  },
  EACH,
);

poolTest(
  "a task can be joined by several tasks at once, and by ordinary code as well",
  async ({ rt }) => {
    const handle = rt.spawn(sleep, 10);
    const ordinary = valueOf(handle);
    const joined = await rt.run(function* () {
      const waits = [1, 2, 3].map((n) =>
        spawn(function* () {
          return n * (yield* handle);
        })
      );
      return yield* join(...waits, handle);
    });
    assertEquals([joined, await ordinary], [[10, 20, 30, 10], 10]);
  },
  EACH,
);

poolTest(
  "block_on joins what was spawned before it, and several tasks join it there",
  ({ rt }) => {
    const handle = rt.spawn(sleep, 5);
    const sum = rt.block_on(function* () {
      const other = spawn(function* () {
        return yield* handle;
      });
      return (yield* other) + (yield* handle) + (yield* rt.spawn(double, 1));
    });
    assertEquals(sum, 12);
    // Any other block_on of the thread does as well.
    assertEquals(block_on(handle), 5);
  },
  { on: [1, 2] },
);

poolTest(
  "a join that has lost a race leaves its task to others",
  async ({ rt }) => {
    const slow = rt.spawn(gated, STARTED, GATE);
    const first = await rt.run(function* () {
      return (yield* select(rt.spawn(double, 3), slow)).value;
    });
    assertEquals(first, 6);
    board.set(GATE, 1);
    assertEquals((await valueOf(slow)).startsWith("edo"), true);
  },
  { on: [1, 2], board: true },
);

poolTest(
  "of two wakers that were left with a handle the second is called, once, and none that was taken back",
  async ({ rt }) => {
    const handle = rt.spawn(gated, STARTED, GATE);
    const wakes = [0, 0, 0];
    const wakers = wakes.map((_, n) => ({ wake: () => void wakes[n]!++ }));
    const name = await rt.run(function* () {
      const cx: Context = yield* pollFn((cx) => cx);
      assertEquals(handle.poll(cx.withWaker(wakers[0]!)), Pending);
      assertEquals(handle.poll(cx.withWaker(wakers[1]!)), Pending);
      const given = handle.join();
      assertEquals(given.poll(cx.withWaker(wakers[2]!)), Pending);
      given.cancel();
      board.set(GATE, 1);
      const name = yield* spawn(function* () {
        return yield* handle;
      });
      assertEquals(handle.poll(cx.withWaker(wakers[0]!)), name);
      return name;
    });
    assertEquals(name.startsWith("edo "), true);
    assertEquals(wakes, [0, 1, 0]);
  },
  { on: [1, 2], board: true },
);

poolTest(
  "a handle that is let go of before, during or after its task leaves the task to its end",
  async ({ rt, failures }) => {
    const [RAN] = [5];
    rt.spawn(count, RAN).detach();
    const during = rt.spawn(gated, STARTED, GATE);
    await rt.run(function* () {
      const cx: Context = yield* pollFn((cx) => cx);
      const wait = during.join();
      assertEquals(wait.poll(cx), Pending);
      wait.cancel();
      during.detach();
    });
    const after = rt.spawn(double, 1);
    assertEquals(await valueOf(after), 2);
    after.detach();
    board.set(GATE, 1);
    await pollFor(
      () => rt.metrics().completed === rt.metrics().spawned,
      PATIENCE_MS,
      "the end of all",
    );
    assertEquals([board.get(RAN), board.get(STARTED)], [1, 1]);
    assertEquals(failures, []);
  },
  { on: [1, 2], board: true },
);

poolTest(
  "errors name the task and the kind: failed, aborted",
  async ({ rt }) => {
    const failed = await joinErrorOf(rt.spawn(throws, "x"));
    const sleeping = rt.spawn(sleep, 1e6);
    sleeping.abort();
    const aborted = await joinErrorOf(sleeping);
    assertEquals(
      [failed, aborted].map(({ name, kind, task }) => [name, kind, task]),
      [["JoinError", "failed", "throws"], ["JoinError", "aborted", "sleep"]],
    );
    assertEquals(
      aborted.message,
      'Cannot join the task "sleep": it was aborted',
    );
    const inside = await rt.run(() => errorIn(rt.spawn(throws, "y")));
    assertEquals((inside as typeof failed).kind, "failed");
  },
  EACH,
);

poolTest(
  "tasks that wait for tasks that never end go with the shutdown",
  async ({ rt }) => {
    const handles = [1, 2, 3].map(() => rt.spawn(joins, STARTED, CLEANED));
    await board.reaches(STARTED, 6, "the start of all");
    await rt.shutdown();
    for (const handle of handles) {
      assertEquals(await outcomeOf(handle), "aborted");
    }
    assertEquals(board.get(CLEANED), 6);
  },
  { on: [1, 2, 4], board: true },
);

poolTest(
  "an ordinary await inside block_on is an error that says what to do",
  ({ rt }) => {
    rt.block_on(function* () {
      const handle = rt.spawn(double, 1);
      const error = assertThrows(() => handle.then(() => {}), Error);
      assert(error.message.includes("Write `yield* future`"), error.message);
      assertEquals(yield* handle, 2);
    });
  },
  { on: [1] },
);

poolTest(
  "a runtime's tasks are awaited from several runs at once",
  async ({ rt }) => {
    const runs = Array.from({ length: 20 }, (_, n) =>
      run(function* () {
        let sum = 0;
        for (let i = 0; i < 50; i++) sum += yield* rt.spawn(double, n);
        return sum;
      }));
    assertEquals(
      await valueOf(Promise.all(runs)),
      Array.from({ length: 20 }, (_, n) => 100 * n),
    );
  },
  EACH,
);
