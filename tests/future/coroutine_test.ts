import {
  assert,
  assertEquals,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import {
  closeCoroutine,
  type Coroutine,
  enterContext,
  Future,
  isCoroutine,
  isThenable,
  Pending,
  resumeCoroutine,
  SUSPENSION,
  yieldNow,
} from "../../src/future/mod.ts";
import { Bench, Manual } from "./support.ts";

/** Polls a generator once, as its task would. */
function poll<T>(bench: Bench, coroutine: Coroutine<T>) {
  const before = enterContext(bench.cx);
  try {
    return resumeCoroutine(coroutine);
  } finally {
    enterContext(before);
  }
}

/** What a generator yields that has forgotten its types. */
type Untyped = () => Coroutine<unknown>;

/** The error that a wrong `yield` gets, caught where it is written. */
function wrong(value: unknown): string {
  let message = "none";
  function* body(): Generator<unknown, void, unknown> {
    try {
      yield value;
      message = "it went on";
    } catch (error) {
      assert(error instanceof TypeError);
      message = error.message;
    }
  }
  assertEquals(poll(new Bench(), (body as Untyped)()), undefined);
  return message;
}

Deno.test("a generator is polled up to its value, through every yield*", () => {
  const bench = new Bench();
  const [a, b] = [new Manual<number>(), new Manual<number>()];
  function* inner(): Coroutine<number> {
    return 10 * (yield* a);
  }
  function* outer(): Coroutine<number> {
    return (yield* inner()) + (yield* b);
  }
  const coroutine = outer();
  assertEquals(poll(bench, coroutine), Pending);
  assertEquals([a.polls, b.polls], [1, 0]);
  a.resolve(1);
  assertEquals(poll(bench, coroutine), Pending);
  assertEquals([a.polls, b.polls], [2, 1]);
  b.resolve(2);
  assertEquals(poll(bench, coroutine), 12);
});

Deno.test("a future's error is thrown at its yield*, where it can be caught", () => {
  const bench = new Bench();
  const failing = new Manual<void>();
  const error = new Error("mine");
  failing.reject(error);
  function* body(): Coroutine<unknown> {
    try {
      yield* failing;
    } catch (caught) {
      return caught;
    }
  }
  assertStrictEquals(poll(bench, body()), error);
});

Deno.test("yield future is refused at that line, and the error says what to write", () => {
  for (const value of [yieldNow(), (function* () {})()]) {
    assertEquals(
      wrong(value),
      "Cannot yield a future: write `yield* future`, with the asterisk",
    );
  }
});

Deno.test("yield promise is refused at that line, and names fromPromise and run", () => {
  const message = wrong(Promise.resolve());
  assert(message.startsWith("Cannot yield a promise"), message);
  assert(message.includes("yield* fromPromise(promise)"), message);
  assert(message.includes("run()"), message);
});

Deno.test("yield of anything else is refused and says what it was", () => {
  assertEquals(
    [5, "five", undefined, null, true, Symbol("s"), 5n, [1], new Map()].map(
      (value) =>
        /^Cannot yield (.*?): a task yields only/.exec(wrong(value))?.[1],
    ),
    [
      "5",
      '"five"',
      "undefined",
      "null",
      "true",
      "Symbol(s)",
      "5",
      "an object of class Array",
      "an object of class Map",
    ],
  );
  assert(wrong(Object.create(null)).startsWith("Cannot yield an object"));
  assert(wrong(Pending).startsWith("Cannot yield"));
});

Deno.test("an uncaught wrong yield ends the generator with its error, cleanups included", () => {
  const order: string[] = [];
  function* body(): Generator<unknown, void, unknown> {
    try {
      yield 1;
    } finally {
      order.push("cleanup");
    }
  }
  assertThrows(
    () => poll(new Bench(), (body as Untyped)()),
    TypeError,
    "Cannot yield 1",
  );
  assertEquals(order, ["cleanup"]);
});

Deno.test("a generator that catches the error and goes on properly is left to do so", () => {
  const bench = new Bench();
  const future = new Manual<string>();
  function* body(): Generator<unknown, string, unknown> {
    try {
      yield 1;
    } catch {
      // On to what is right.
    }
    return yield* future;
  }
  const coroutine = body() as Coroutine<string>;
  assertEquals(poll(bench, coroutine), Pending);
  future.resolve("value");
  assertEquals(poll(bench, coroutine), "value");
});

Deno.test("a generator that never stops yielding wrong values is given up", () => {
  function* body(): Generator<unknown, void, unknown> {
    while (true) {
      try {
        yield "again";
      } catch {
        // It does not learn.
      }
    }
  }
  assertThrows(
    () => poll(new Bench(), (body as Untyped)()),
    TypeError,
    '"again"',
  );
});

Deno.test("the one suspension may pass, from whichever iterator it comes", () => {
  const bench = new Bench();
  let left = 2;
  const custom = {
    [Symbol.iterator]: () => ({
      next: () =>
        left-- > 0
          ? { done: false as const, value: SUSPENSION }
          : { done: true as const, value: "own iterator" },
    }),
  };
  function* body(): Coroutine<string> {
    return yield* custom;
  }
  const coroutine = body();
  assertEquals(
    [poll(bench, coroutine), poll(bench, coroutine), poll(bench, coroutine)],
    [Pending, Pending, "own iterator"],
  );
});

Deno.test("closing a generator cancels what it waits for, then runs cleanups inside out", () => {
  const bench = new Bench();
  const order: string[] = [];
  const leaf = new Manual<void>();
  function* inner(): Coroutine<void> {
    try {
      yield* leaf;
    } finally {
      order.push(`inner, leaf cancelled: ${leaf.cancels}`);
    }
  }
  function* outer(): Coroutine<void> {
    using _ = { [Symbol.dispose]: () => void order.push("using") };
    try {
      yield* inner();
    } finally {
      order.push("outer");
    }
  }
  const coroutine = outer();
  poll(bench, coroutine);
  closeCoroutine(coroutine);
  assertEquals(order, ["inner, leaf cancelled: 1", "outer", "using"]);
  closeCoroutine(coroutine);
  assertEquals([order.length, leaf.cancels], [3, 1]);
});

Deno.test("closing a generator that was not started runs none of its code", () => {
  let ran = false;
  // deno-lint-ignore require-yield
  function* body(): Coroutine<void> {
    try {
      ran = true;
    } finally {
      ran = true;
    }
  }
  closeCoroutine(body());
  assertEquals(ran, false);
});

Deno.test("a cleanup that waits is cut off by an error at its yield*", () => {
  const bench = new Bench();
  const second = new Manual<void>();
  let message = "";
  function* body(): Coroutine<void> {
    try {
      yield* new Manual<void>();
    } finally {
      try {
        yield* second;
      } catch (error) {
        message = (error as Error).message;
      }
    }
  }
  const coroutine = body();
  poll(bench, coroutine);
  const before = enterContext(bench.cx);
  try {
    closeCoroutine(coroutine);
  } finally {
    enterContext(before);
  }
  assert(message.startsWith("Cannot wait while being cancelled"), message);
  assertEquals([second.polls, second.cancels], [1, 1]);
});

Deno.test("a cleanup may use ready futures without regard to the budget, which is kept", () => {
  const bench = new Bench();
  class Costly extends Future<void> {
    override poll(cx: typeof bench.cx) {
      if (cx.budget === 0) return cx.giveWay();
      cx.budget--;
    }
  }
  let done = 0;
  function* body(): Coroutine<void> {
    try {
      yield* new Manual<void>();
    } finally {
      for (; done < 500; done++) yield* new Costly();
    }
  }
  for (const budget of [0, 1, 128]) {
    done = 0;
    const coroutine = body();
    poll(bench, coroutine);
    bench.cx.budget = budget;
    const before = enterContext(bench.cx);
    closeCoroutine(coroutine);
    enterContext(before);
    assertEquals([done, bench.cx.budget], [500, budget]);
  }
});

Deno.test("closing throws what the cleanup throws", () => {
  const bench = new Bench();
  function* body(): Coroutine<void> {
    try {
      yield* new Manual<void>();
    } finally {
      // deno-lint-ignore no-unsafe-finally
      throw new Error("cleanup");
    }
  }
  const coroutine = body();
  poll(bench, coroutine);
  assertThrows(() => closeCoroutine(coroutine), Error, "cleanup");
});

Deno.test("isCoroutine and isThenable know what is what", () => {
  function* sync() {}
  async function* asynchronous() {}
  const thenable = { then() {} };
  const values = [
    sync(),
    sync,
    asynchronous(),
    [][Symbol.iterator](),
    thenable,
    yieldNow(),
    Promise.resolve(),
    null,
    5,
  ];
  assertEquals(values.map(isCoroutine), [
    true,
    false,
    false,
    false,
    false,
    false,
    false,
    false,
    false,
  ]);
  assertEquals(values.map(isThenable), [
    false,
    false,
    false,
    false,
    true,
    false,
    true,
    false,
    false,
  ]);
});
