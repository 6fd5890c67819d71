import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import {
  type Context,
  type Coroutine,
  Future,
  Pending,
  select,
  setFailureHook,
} from "../../src/future/mod.ts";
import { Bench, Manual } from "./support.ts";

Deno.test("of several that are ready at once the first argument wins, and the rest is not polled", () => {
  const bench = new Bench();
  const [a, b, c] = [
    new Manual<string>(),
    new Manual<string>(),
    new Manual<string>(),
  ];
  b.resolve("b");
  c.resolve("c");
  assertEquals(bench.poll(select(a, b, c)), { index: 1, value: "b" });
  assertEquals([a.polls, b.polls, c.polls], [1, 1, 0]);
  assertEquals([a.cancels, b.cancels, c.cancels], [1, 0, 1]);
});

Deno.test("later, the one that was woken first wins", () => {
  const bench = new Bench();
  const [a, b] = [new Manual<string>(), new Manual<number>()];
  const selected = select(a, b);
  assertEquals(bench.poll(selected), Pending);
  b.resolve(2);
  a.resolve("a");
  const first = bench.poll(selected);
  // Narrowed by the index.
  if (first === Pending || first.index !== 1) throw new Error("not the second");
  const value: number = first.value;
  assertEquals([value, a.cancels], [2, 1]);
});

Deno.test("the losers are cancelled before the winner's value is there, the last first", () => {
  const bench = new Bench();
  const order: string[] = [];
  function* loser(name: string): Coroutine<void> {
    try {
      yield* new Manual<void>();
    } finally {
      order.push(name);
    }
  }
  const winner = new Manual<string>();
  const selected = select(loser("a"), winner, loser("b"));
  bench.poll(selected);
  assertEquals(order, []);
  winner.resolve("won");
  assertEquals(bench.poll(selected), { index: 1, value: "won" });
  assertEquals(order, ["b", "a"]);
});

Deno.test("generators that lose before they were started run none of their code", () => {
  const bench = new Bench();
  let started = 0;
  // deno-lint-ignore require-yield
  function* late(): Coroutine<void> {
    started++;
  }
  const winner = new Manual<number>();
  winner.resolve(1);
  assertEquals(bench.poll(select(winner, late())), { index: 0, value: 1 });
  assertEquals(started, 0);
});

Deno.test("only those that were woken are polled again", () => {
  const bench = new Bench();
  const parts = Array.from({ length: 100 }, () => new Manual<number>());
  const selected = select(...parts as [Manual<number>, ...Manual<number>[]]);
  bench.poll(selected);
  parts[42]!.waker!.wake();
  bench.poll(selected);
  bench.poll(selected);
  assertEquals(parts.reduce((sum, { polls }) => sum + polls, 0), 101);
});

Deno.test("the first to end by an error throws it, and the others are cancelled", () => {
  const bench = new Bench();
  const [a, b] = [new Manual<void>(), new Manual<void>()];
  const selected = select(a, b);
  bench.poll(selected);
  const error = new Error("first");
  b.reject(error);
  assertStrictEquals(assertThrows(() => bench.poll(selected)), error);
  assertEquals([a.cancels, b.cancels], [1, 0]);
});

function* messy(): Coroutine<void> {
  try {
    yield* new Manual<void>();
  } finally {
    // deno-lint-ignore no-unsafe-finally
    throw "cleanup";
  }
}

Deno.test("losers' cleanups that throw go to the hook; the value stands", () => {
  const seen: unknown[] = [];
  const before = setFailureHook(({ error }) => void seen.push(error));
  try {
    const bench = new Bench();
    const winner = new Manual<number>();
    const selected = select(messy(), messy(), winner);
    bench.poll(selected);
    winner.resolve(1);
    assertEquals(bench.poll(selected), { index: 2, value: 1 });
    assertEquals(seen, ["cleanup", "cleanup"]);
  } finally {
    setFailureHook(before);
  }
});

Deno.test("losers that are woken by the cleanup of others, or later, do nothing", () => {
  const bench = new Bench();
  const [a, b, winner] = [
    new Manual<void>(),
    new Manual<void>(),
    new Manual<void>(),
  ];
  function* waking(): Coroutine<void> {
    try {
      yield* new Manual<void>();
    } finally {
      a.waker!.wake();
      b.waker!.wake();
    }
  }
  const selected = select(a, waking(), b, winner);
  bench.poll(selected);
  winner.resolve();
  const { count } = bench.waker;
  bench.poll(selected);
  a.waker!.wake();
  b.waker!.wake();
  assertEquals(bench.waker.count, count);
  assertEquals([a.polls, b.polls], [1, 1]);
});

Deno.test("a cancelled select cancels all", () => {
  const bench = new Bench();
  const [a, b] = [new Manual<void>(), new Manual<void>()];
  const selected = select(a, b);
  bench.poll(selected);
  selected.cancel();
  selected.cancel();
  assertEquals([a.cancels, b.cancels], [1, 1]);
});

Deno.test("select of nothing is refused: it could never be ready", () => {
  const misuse = select as unknown as () => void;
  assertThrows(() => misuse(), TypeError, "no futures");
});

Deno.test("a select that gives way for lack of budget goes on where it was", () => {
  const bench = new Bench();
  class Costly extends Future<string> {
    override poll(cx: Context) {
      if (cx.budget === 0) return cx.giveWay();
      cx.budget--;
      return "ready";
    }
  }
  bench.cx.budget = 0;
  const selected = select(new Costly(), new Costly());
  assertEquals([bench.poll(selected), bench.deferred.length], [Pending, 2]);
  for (const waker of bench.deferred) waker.wake();
  assertEquals(bench.waker.count, 1);
  bench.cx.budget = 1;
  assertEquals(bench.poll(selected), { index: 0, value: "ready" });
});
