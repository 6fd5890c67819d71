import {
  assert,
  assertEquals,
  assertMatch,
  assertStrictEquals,
} from "@std/assert";
import {
  blockOn,
  type Coroutine,
  join,
  JoinError,
  run,
  select,
  setFailureHook,
  spawn,
  time,
  yieldNow,
} from "../../mod.ts";
import { edoTest } from "../helpers/leaks.ts";
import { everyFlavour } from "./flavours.ts";
import { runProgram } from "./program.ts";
import { caught, Failures, Gate, never, yieldTimes } from "./support.ts";

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
  "a failure that lost a select together with its joiner is reported once",
  async (rt) => {
    using failures = new Failures();
    await rt.start(function* () {
      const gate = new Gate();
      const failing = spawn(function* failing() {
        yield* gate.wait();
        throw new Error("lost?");
      });
      yield* select(gate.wait(), failing);
      gate.open();
      yield* yieldTimes(5);
    }).catch(() => {});
    assertEquals(failures.names.length <= 1, true);
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

everyFlavour("a hook that throws does not end the runtime", async (rt) => {
  const printed: unknown[][] = [];
  const print = console.error;
  console.error = (...args: unknown[]) => void printed.push(args);
  const before = setFailureHook(() => {
    throw new Error("the hook's own");
  });
  try {
    const value = await rt.start(function* () {
      spawn(function broken() {
        throw new Error("the task's");
      });
      yield* yieldTimes(3);
      return "unharmed";
    });
    assertEquals(value, "unharmed");
  } finally {
    setFailureHook(before);
    console.error = print;
  }
  const messages = printed.map((args) => (args.at(-1) as Error).message);
  assertEquals(messages, ["the task's", "the hook's own"]);
});

everyFlavour(
  "any value may be thrown, undefined and what cannot be printed included",
  async (rt) => {
    using failures = new Failures();
    const odd = Object.create(null);
    await rt.start(function* () {
      for (const value of [undefined, null, "text", odd]) {
        const handle = spawn(() => {
          throw value;
        });
        const error = yield* caught(
          handle[Symbol.iterator]() as Coroutine<never>,
        );
        assert(error instanceof JoinError);
        assertEquals(error.kind, "failed");
        assertStrictEquals(error.cause, value);
      }
      spawn(() => {
        throw odd;
      });
      yield* yieldTimes(3);
    });
    assertEquals(failures.seen.length, 1);
    assertStrictEquals(failures.seen[0]!.error, odd);
  },
);

everyFlavour(
  "a waker that throws ends the run with its error, and the tasks are still cleaned up",
  async (rt) => {
    let cleanups = 0;
    // Hosted, it would be an uncaught error of Deno's loop.
    if (!rt.blocking) return;
    let thrown: unknown;
    try {
      await rt.start(function* () {
        const sleeper = () =>
          spawn(function* () {
            try {
              yield* never();
            } finally {
              cleanups++;
            }
          });
        sleeper();
        const finishing = spawn(() => yieldTimes(2));
        sleeper();
        yield* yieldNow();
        const { poll } = finishing;
        void poll;
        yield* joinWithThrowingWaker(finishing);
        yield* time.sleep(60_000);
      });
    } catch (error) {
      thrown = error;
    }
    assertEquals((thrown as Error).message, "a bad waker");
    assertEquals(cleanups, 2);
  },
);

import { Context, type JoinHandle } from "../../mod.ts";
import { contextWith } from "./support.ts";

function* joinWithThrowingWaker(handle: JoinHandle<void>): Coroutine<void> {
  const cx: Context = yield* contextWith({
    wake() {
      throw new Error("a bad waker");
    },
  });
  handle.poll(cx);
}

edoTest(
  "setFailureHook returns the hook before, and null brings printing back",
  () => {
    const mine = () => {};
    const original = setFailureHook(mine);
    assertStrictEquals(setFailureHook(null), mine);
    const print = setFailureHook(original);
    assertEquals(typeof print, "function");
  },
);

edoTest(
  "by default a failure is printed to stderr with name, stack and cause, once",
  async () => {
    const { code, stdout, stderr } = await runProgram(`
    import { block_on, spawn, time } from "edo";
    function thrower() {
      throw new RangeError("too much", { cause: new Error("the cause") });
    }
    block_on(function* () {
      spawn(function* careless() {
        yield* time.sleep(1);
        thrower();
      });
      yield* time.sleep(20);
    });
    console.log("the runtime went on");
  `);
    assertEquals([code, stdout], [0, "the runtime went on\n"]);
    assertEquals(stderr.match(/task "careless" failed/g)?.length, 1, stderr);
    assertEquals(stderr.match(/RangeError: too much/g)?.length, 1, stderr);
    assertMatch(stderr, /at thrower/);
    assertMatch(stderr, /the cause/);
  },
);

edoTest(
  "an error that a task threw keeps its stack through the JoinError",
  () => {
    function deepDown(): never {
      throw new Error("deep");
    }
    const error = blockOn(function* () {
      const handle = spawn(function* () {
        yield* yieldNow();
        deepDown();
      });
      return yield* caught(handle[Symbol.iterator]() as Coroutine<never>);
    });
    const cause = (error as JoinError).cause as Error;
    assertMatch(cause.stack!, /deepDown/);
  },
);

edoTest("the root's failure goes to the caller alone", async () => {
  using failures = new Failures();
  let thrown = 0;
  for (const start of [blockOn, run] as const) {
    try {
      await start(function* () {
        yield* yieldNow();
        throw new Error("root");
      });
    } catch {
      thrown++;
    }
  }
  await new Promise((resolve) => setTimeout(resolve, 1));
  assertEquals([thrown, failures.seen.length], [2, 0]);
});
