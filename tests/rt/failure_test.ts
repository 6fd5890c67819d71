import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import {
  blockOn,
  type Coroutine,
  join,
  JoinError,
  run,
  select,
  spawn,
  time,
  yieldNow,
} from "../../mod.ts";
import { everyFlavour, rtTest } from "./flavours.ts";
import {
  caught,
  contextWith,
  Failures,
  Gate,
  never,
  yieldTimes,
} from "./support.ts";

everyFlavour(
  "a task that throws fails alone: its handle rejects, its siblings go on",
  async (rt) => {
    const error = new RangeError("original");
    let cleanups = 0;
    using failures = new Failures();
    await rt.start(function* () {
      const sibling = spawn(function* () {
        yield* yieldTimes(10);
        return "unharmed";
      });
      const failing = spawn(function* failing() {
        try {
          throw error;
        } finally {
          cleanups++;
          yield* yieldNow();
        }
      });
      const seen = yield* caught(
        failing[Symbol.iterator]() as Coroutine<never>,
      );
      assert(seen instanceof JoinError);
      assertEquals([seen.kind, seen.task], ["failed", "failing"]);
      assertStrictEquals(seen.cause, error);
      assert(seen.message.includes('"failing"'), seen.message);
      assert(seen.message.includes("original"), seen.message);
      assertEquals(yield* sibling, "unharmed");
    });
    assertEquals([cleanups, failures.seen.length], [1, 0]);
  },
);

everyFlavour(
  "a failure that nobody joins is reported once, with its name and its error",
  async (rt) => {
    const error = new Error("unjoined");
    using failures = new Failures();
    await rt.start(function* () {
      spawn(function* loner() {
        yield* yieldNow();
        throw error;
      });
      yield* yieldTimes(10);
      assertEquals(failures.names, ['task "loner"']);
    });
    assertEquals(failures.seen, [{ what: 'task "loner"', error }]);
  },
);

everyFlavour("a failure of a detached task is reported at once", async (rt) => {
  using failures = new Failures();
  await rt.start(function* () {
    const gate = new Gate();
    const other = spawn(() => gate.wait());
    spawn(function detached() {
      gate.open();
      throw new Error("now");
    }).detach();
    yield* other;
    assertEquals(failures.names, ['task "detached"']);
  });
  assertEquals(failures.names, ['task "detached"']);
});

everyFlavour(
  "a failure that is joined in the same turn is not reported",
  async (rt) => {
    using failures = new Failures();
    await rt.start(function* () {
      for (let i = 0; i < 100; i++) {
        const handle = spawn(() => {
          throw new Error("joined");
        });
        yield* caught(handle[Symbol.iterator]() as Coroutine<never>);
      }
    });
    assertEquals(failures.seen, []);
  },
);

everyFlavour(
  "a failure is not reported while one of its joiners is still to take it",
  async (rt) => {
    using failures = new Failures();
    await rt.start(function* () {
      const gate = new Gate();
      const failing = spawn(function* () {
        yield* gate.wait();
        throw new Error("for many");
      });
      const joiners = [];
      for (let i = 0; i < 300; i++) {
        joiners.push(
          spawn(() => caught(failing[Symbol.iterator]() as Coroutine<never>)),
        );
      }
      while (gate.waiting === 0) yield* yieldNow();
      yield* yieldTimes(2);
      gate.open();
      for (const error of yield* join(...joiners)) {
        assert(error instanceof JoinError);
      }
    });
    assertEquals(failures.seen, []);
  },
);

everyFlavour(
  "a failure whose only joiner was cancelled before it looked is reported once",
  async (rt) => {
    using failures = new Failures();
    await rt.start(function* () {
      const gate = new Gate();
      const failing = spawn(function* failing() {
        yield* gate.wait();
        throw new Error("lost?");
      });
      const joiner = spawn(function* () {
        yield* failing;
      });
      yield* yieldTimes(3);
      // Both are woken now, the joiner by the failure as well.
      gate.open();
      joiner.abort();
      yield* yieldTimes(5);
    });
    assertEquals(failures.names, ['task "failing"']);
  },
);

everyFlavour(
  "a failure that came too late for the select that waited for it is reported once",
  async (rt) => {
    using failures = new Failures();
    await rt.start(function* () {
      const gate = new Gate();
      const failing = spawn(function* failing() {
        yield* gate.wait();
        throw new Error("lost?");
      });
      while (gate.waiting === 0) yield* yieldNow();
      spawn(() => gate.open());
      // The task is woken first, and ends before the select is polled again.
      const first = yield* select(gate.wait(), failing);
      assertEquals([first.index, failing.isFinished], [0, true]);
      yield* yieldTimes(5);
    });
    assertEquals(failures.names, ['task "failing"']);
  },
);

everyFlavour(
  "a joined failure that is joined again is thrown again and never reported",
  async (rt) => {
    using failures = new Failures();
    await rt.start(function* () {
      const handle = spawn(() => {
        throw new Error("twice");
      });
      const first = yield* caught(
        handle[Symbol.iterator]() as Coroutine<never>,
      );
      yield* yieldTimes(3);
      const second = yield* caught(
        handle[Symbol.iterator]() as Coroutine<never>,
      );
      assertEquals((first as JoinError).cause, (second as JoinError).cause);
    });
    assertEquals(failures.seen, []);
  },
);

everyFlavour(
  "a failure that was reported can still be joined later",
  async (rt) => {
    using failures = new Failures();
    await rt.start(function* () {
      const handle = spawn(function late() {
        throw new Error("late");
      });
      yield* yieldTimes(3);
      assertEquals(failures.names, ['task "late"']);
      yield* caught(handle[Symbol.iterator]() as Coroutine<never>);
      handle.detach();
      yield* yieldTimes(3);
    });
    assertEquals(failures.names, ['task "late"']);
  },
);

everyFlavour(
  "a failure in the very last turn is reported before the runtime is gone",
  async (rt) => {
    using failures = new Failures();
    await rt.start(function* () {
      const gate = new Gate();
      spawn(function last() {
        gate.open();
        throw new Error("last");
      });
      yield* gate.wait();
    });
    assertEquals(failures.names, ['task "last"']);
  },
);

everyFlavour(
  "a cleanup that throws at the end of the runtime is reported",
  async (rt) => {
    using failures = new Failures();
    const value = await rt.start(function* () {
      spawn(function* messy() {
        try {
          yield* never();
        } finally {
          // deno-lint-ignore no-unsafe-finally
          throw new Error("in cleanup");
        }
      });
      yield* yieldNow();
      return "value";
    });
    assertEquals(value, "value");
    assertEquals(failures.names, ['task "messy"']);
  },
);

everyFlavour(
  "a loser's cleanup that throws is reported, and the winner's value stands",
  async (rt) => {
    using failures = new Failures();
    const first = await rt.start(function* () {
      function* loser(): Coroutine<void> {
        try {
          yield* never();
        } finally {
          // deno-lint-ignore no-unsafe-finally
          throw new Error("sore loser");
        }
      }
      return yield* select(loser(), yieldNow(), loser());
    });
    assertEquals(first.index, 1);
    assertEquals(failures.seen.map(({ error }) => (error as Error).message), [
      "sore loser",
      "sore loser",
    ]);
  },
);

rtTest(
  "a waker that throws ends block_on with its error, and the tasks are cleaned up",
  () => {
    let cleanups = 0;
    function* sleeper(): Coroutine<void> {
      try {
        yield* never();
      } finally {
        cleanups++;
      }
    }
    const badWaker = {
      wake(): void {
        throw new Error("a bad waker");
      },
    };
    assertThrows(
      () =>
        blockOn(function* () {
          spawn(sleeper);
          const finishing = spawn(() => yieldTimes(2));
          spawn(sleeper);
          yield* yieldNow();
          finishing.poll(yield* contextWith(badWaker));
          yield* time.sleep(60_000);
        }),
      Error,
      "a bad waker",
    );
    assertEquals(cleanups, 2);
  },
);

rtTest("the root's failure goes to the caller alone", async () => {
  using failures = new Failures();
  function* failing(): Coroutine<void> {
    yield* yieldNow();
    throw new Error("root");
  }
  assertThrows(() => blockOn(failing), Error, "root");
  await assertRejects(() => run(failing), Error, "root");
  await assertRejects(async () => await join(failing()), Error, "root");
  // A report would come with the next turn.
  await run(() => yieldTimes(3));
  assertEquals(failures.seen, []);
});
