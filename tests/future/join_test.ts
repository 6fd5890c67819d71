import {
  assert,
  assertEquals,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import {
  type Context,
  type Coroutine,
  Future,
  join,
  Pending,
  type Poll,
  setFailureHook,
} from "../../src/future/mod.ts";
import { Bench, Manual } from "./support.ts";

Deno.test("join of nothing is ready at once", () => {
  assertEquals(new Bench().poll(join()), []);
});

Deno.test("join gives the values in the order of the arguments, whichever is ready first", () => {
  const bench = new Bench();
  const [a, b, c] = [
    new Manual<string>(),
    new Manual<number>(),
    new Manual<boolean>(),
  ];
  const joined = join(a, b, c);
  assertEquals(bench.poll(joined), Pending);
  c.resolve(true);
  assertEquals(bench.poll(joined), Pending);
  a.resolve("a");
  assertEquals(bench.poll(joined), Pending);
  b.resolve(2);
  const values: [string, number, boolean] | typeof Pending = bench.poll(joined);
  assertEquals(values, ["a", 2, true]);
});

Deno.test("each part is polled once, and then only when it was woken itself", () => {
  const bench = new Bench();
  const parts = Array.from({ length: 1_000 }, () => new Manual<number>());
  const joined = join(...parts);
  bench.poll(joined);
  for (let n = 0; n < 10; n++) {
    bench.poll(joined);
    parts[n * 7]!.waker!.wake();
    bench.poll(joined);
  }
  const polls = parts.map((part) => part.polls);
  assertEquals(polls.reduce((a, b) => a + b), 1_010);
  assertEquals(polls.filter((n) => n === 2).length, 10);
});

Deno.test("a part that is ready is not polled again, and its forgotten waker does nothing", () => {
  const bench = new Bench();
  const [a, b] = [new Manual<number>(), new Manual<number>()];
  const joined = join(a, b);
  bench.poll(joined);
  const waker = a.waker!;
  a.resolve(1);
  bench.poll(joined);
  const { count } = bench.waker;
  waker.wake();
  waker.wake();
  bench.poll(joined);
  assertEquals([a.polls, b.polls, bench.waker.count], [2, 1, count]);
});

Deno.test("wakes of several parts before a poll wake the task once", () => {
  const bench = new Bench();
  const parts = [1, 2, 3].map(() => new Manual<number>());
  const joined = join(...parts);
  bench.poll(joined);
  for (const part of parts) {
    part.waker!.wake();
    part.waker!.wake();
  }
  assertEquals(bench.waker.count, 1);
  bench.poll(joined);
  assertEquals(parts.map(({ polls }) => polls), [2, 2, 2]);
  parts[1]!.waker!.wake();
  assertEquals(bench.waker.count, 2);
});

Deno.test("a part that wakes itself while it is polled is polled again by the next poll", () => {
  const bench = new Bench();
  class Eager extends Future<string> {
    polls = 0;
    override poll(cx: Context) {
      if (++this.polls === 3) return "done";
      cx.waker.wake();
      cx.waker.wake();
      return Pending;
    }
  }
  const eager = new Eager();
  const other = new Manual<void>();
  const joined = join(eager, other);
  assertEquals([bench.poll(joined), bench.waker.count], [Pending, 1]);
  assertEquals([bench.poll(joined), bench.waker.count], [Pending, 2]);
  assertEquals([bench.poll(joined), bench.waker.count], [Pending, 2]);
  assertEquals([eager.polls, other.polls], [3, 1]);
});

Deno.test("a part that wakes another while it is polled has that one polled, too", () => {
  const bench = new Bench();
  const other = new Manual<void>();
  class Waking extends Future<void> {
    override poll(): Poll<void> {
      other.waker?.wake();
      return Pending;
    }
  }
  // Before and behind the one that it wakes.
  const joined = join(new Waking(), other, new Waking());
  bench.poll(joined);
  assertEquals([other.polls, bench.waker.count], [1, 1]);
  bench.poll(joined);
  assertEquals(other.polls, 2);
});

Deno.test("the waker of the last poll is the one that is called", () => {
  const [first, second] = [new Bench(), new Bench()];
  const part = new Manual<number>();
  const joined = join(part);
  first.poll(joined);
  second.poll(joined);
  part.resolve(1);
  assertEquals([first.waker.count, second.waker.count], [0, 1]);
  assertEquals(second.poll(joined), [1]);
});

Deno.test("the first error is thrown, and the others are cancelled, the last first", () => {
  const bench = new Bench();
  const order: string[] = [];
  class Noted extends Manual<void> {
    constructor(readonly name: string) {
      super();
    }
    override cancel(): void {
      order.push(this.name);
    }
  }
  const parts = ["a", "b", "c", "d"].map((name) => new Noted(name));
  const joined = join(...parts);
  bench.poll(joined);
  parts[3]!.resolve();
  const error = new Error("first");
  parts[1]!.reject(error);
  assertStrictEquals(assertThrows(() => bench.poll(joined)), error);
  assertEquals(order, ["c", "a"]);
  joined.cancel();
  assertEquals(order, ["c", "a"]);
});

Deno.test("parts that were not polled yet when one fails are cancelled without being started", () => {
  const bench = new Bench();
  let started = 0;
  // deno-lint-ignore require-yield
  function* failing(): Coroutine<void> {
    throw new Error("at once");
  }
  // deno-lint-ignore require-yield
  function* late(): Coroutine<void> {
    started++;
  }
  assertThrows(
    () => bench.poll(join(failing(), late(), late())),
    Error,
    "at once",
  );
  assertEquals(started, 0);
});

Deno.test("a cleanup that throws while the others are cancelled goes to the hook", () => {
  const seen: unknown[] = [];
  const before = setFailureHook(({ error }) => void seen.push(error));
  try {
    class Messy extends Manual<void> {
      override cancel(): void {
        throw "cleanup";
      }
    }
    const bench = new Bench();
    const [a, b, c] = [new Messy(), new Manual<void>(), new Messy()];
    const joined = join(a, b, c);
    bench.poll(joined);
    b.reject("error");
    let thrown: unknown;
    try {
      bench.poll(joined);
    } catch (error) {
      thrown = error;
    }
    assertEquals([thrown, seen], ["error", ["cleanup", "cleanup"]]);
  } finally {
    setFailureHook(before);
  }
});

Deno.test("a cancelled join cancels its parts once, and their wakers do nothing", () => {
  const bench = new Bench();
  const parts = [new Manual<void>(), new Manual<void>()];
  const joined = join(...parts);
  bench.poll(joined);
  joined.cancel();
  joined.cancel();
  for (const part of parts) part.waker!.wake();
  assertEquals(parts.map(({ cancels }) => cancels), [1, 1]);
  assertEquals(bench.waker.count, 0);
});

Deno.test("the parts are polled with the task's drivers, owner and budget", () => {
  const bench = new Bench();
  const owner = { adopt() {}, release() {} };
  bench.cx.owner = owner;
  bench.cx.budget = 10;
  class Spending extends Future<number> {
    override poll(cx: Context) {
      assertStrictEquals(cx.drivers, bench.drivers);
      assertStrictEquals(cx.owner, owner);
      cx.budget -= 3;
      return cx.budget;
    }
  }
  assertEquals(bench.poll(join(new Spending(), new Spending())), [7, 4]);
  assertEquals(bench.cx.budget, 4);
});

Deno.test("join can be nested, and generators can be joined", () => {
  const bench = new Bench();
  const inner = new Manual<number>();
  function* plusOne(): Coroutine<number> {
    return 1 + (yield* inner);
  }
  const joined = join(join(plusOne()), join(join()));
  assertEquals(bench.poll(joined), Pending);
  inner.resolve(1);
  assertEquals(bench.waker.count, 1);
  assertEquals(bench.poll(joined), [[2], [[]]]);
});

Deno.test("what is no future is refused by its place, with a hint", () => {
  const misuse = join as (...args: unknown[]) => unknown;
  const ok = new Manual();
  const error = assertThrows(() => misuse(ok, function* () {}), TypeError);
  assert(error.message.includes("argument 1"), error.message);
  assert(error.message.includes("call it"), error.message);
  assertThrows(() => misuse(Promise.resolve()), TypeError, "fromPromise");
  assertThrows(() => misuse(ok, ok, 5), TypeError, "argument 2: 5");
  assertThrows(() => misuse("text"), TypeError, '"text"');
  assertThrows(() => misuse(null), TypeError, "null");
  assertThrows(() => misuse({}), TypeError, "Object");
  assertEquals(ok.polls, 0);
});
