import {
  assert,
  assertEquals,
  assertMatch,
  assertStrictEquals,
} from "@std/assert";
import {
  blockOn,
  type Coroutine,
  JoinError,
  setFailureHook,
  spawn,
  yieldNow,
} from "../../mod.ts";
import { everyFlavour, rtTest } from "./flavours.ts";
import { runProgram } from "./program.ts";
import { caught, Failures, yieldTimes } from "./support.ts";

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

rtTest(
  "setFailureHook returns the hook before, and null brings printing back",
  () => {
    const mine = () => {};
    const original = setFailureHook(mine);
    assertStrictEquals(setFailureHook(null), mine);
    const print = setFailureHook(original);
    assertEquals(typeof print, "function");
  },
);

rtTest(
  "by default a failure is printed to stderr with name, stack and cause, once",
  async () => {
    const { code, stdout, stderr } = await runProgram(`
    import { block_on, spawn, time, yieldNow } from "edo";
    function thrower() {
      throw new RangeError("too much", { cause: new Error("the cause") });
    }
    block_on(function* () {
      const handle = spawn(function* careless() {
        yield* time.sleep(1);
        thrower();
      });
      while (!handle.isFinished) yield* yieldNow();
      for (let i = 0; i < 3; i++) yield* yieldNow();
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

rtTest(
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
