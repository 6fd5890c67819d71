import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import {
  abortable,
  type Context,
  type Coroutine,
  Future,
  Pending,
  type Poll,
  setFailureHook,
} from "../../src/future/mod.ts";
import { Bench, Manual } from "./support.ts";

/** A signal that counts its listeners. */
function countingSignal() {
  const controller = new AbortController();
  const { signal } = controller;
  let listeners = 0;
  const add = signal.addEventListener.bind(signal) as (
    ...args: unknown[]
  ) => void;
  const remove = signal.removeEventListener.bind(signal) as (
    ...args: unknown[]
  ) => void;
  Object.assign(signal, {
    addEventListener: (...args: unknown[]) => (listeners++, add(...args)),
    removeEventListener: (...args: unknown[]) => (listeners--, remove(...args)),
  });
  return { controller, signal, listeners: () => listeners };
}

Deno.test("a future that is not aborted gives its value, and leaves no listener", () => {
  const { signal, listeners } = countingSignal();
  const bench = new Bench();
  const inner = new Manual<string>();
  const future = abortable(signal, inner);
  assertEquals([bench.poll(future), listeners()], [Pending, 1]);
  assertEquals([bench.poll(future), listeners()], [Pending, 1]);
  inner.resolve("value");
  assertEquals([bench.poll(future), listeners()], ["value", 0]);
});

Deno.test("a future that is ready at once adds no listener", () => {
  const { signal, listeners } = countingSignal();
  const inner = new Manual<string>();
  inner.resolve("value");
  assertEquals(new Bench().poll(abortable(signal, inner)), "value");
  assertEquals(listeners(), 0);
});

Deno.test("an abort wakes the task, cancels the future and throws the reason", () => {
  const { controller, signal, listeners } = countingSignal();
  const bench = new Bench();
  const inner = new Manual<string>();
  const future = abortable(signal, inner);
  bench.poll(future);
  const reason = new Error("the user left");
  controller.abort(reason);
  assertEquals([bench.waker.count, inner.cancels], [1, 0]);
  assertStrictEquals(assertThrows(() => bench.poll(future)), reason);
  assertEquals([inner.cancels, inner.polls, listeners()], [1, 1, 0]);
});

Deno.test("a signal that is aborted already keeps the future from starting", () => {
  let started = false;
  // deno-lint-ignore require-yield
  function* body(): Coroutine<void> {
    started = true;
  }
  const future = abortable(AbortSignal.abort("early"), body());
  let thrown: unknown;
  try {
    new Bench().poll(future);
  } catch (error) {
    thrown = error;
  }
  assertEquals([thrown, started], ["early", false]);
});

Deno.test("an abort from inside the first poll is not missed", () => {
  const { controller, signal, listeners } = countingSignal();
  let cancels = 0;
  class Aborting extends Future<void> {
    override poll(_: Context): Poll<void> {
      controller.abort(new Error("by itself"));
      return Pending;
    }
    override cancel(): void {
      cancels++;
    }
  }
  const future = abortable(signal, new Aborting());
  assertThrows(() => new Bench().poll(future), Error, "by itself");
  assertEquals([cancels, listeners()], [1, 0]);
});

Deno.test("the waker of the last poll is the one that an abort calls", () => {
  const { controller, signal } = countingSignal();
  const [first, second] = [new Bench(), new Bench()];
  const future = abortable(signal, new Manual<void>());
  first.poll(future);
  second.poll(future);
  controller.abort();
  assertEquals([first.waker.count, second.waker.count], [0, 1]);
});

Deno.test("a future that fails, or is cancelled, leaves no listener", () => {
  const { controller, signal, listeners } = countingSignal();
  const bench = new Bench();
  const failing = new Manual<void>();
  const future = abortable(signal, failing);
  bench.poll(future);
  failing.reject(new Error("mine"));
  assertThrows(() => bench.poll(future), Error, "mine");
  assertEquals(listeners(), 0);
  const inner = new Manual<void>();
  const given = abortable(signal, inner);
  bench.poll(given);
  given.cancel();
  assertEquals([listeners(), inner.cancels], [0, 1]);
  const { count } = bench.waker;
  controller.abort();
  assertEquals(bench.waker.count, count);
});

Deno.test("a cleanup that throws after an abort goes to the hook, the reason is thrown", () => {
  const seen: unknown[] = [];
  const before = setFailureHook(({ error }) => void seen.push(error));
  try {
    const controller = new AbortController();
    class Messy extends Manual<void> {
      override cancel(): void {
        throw "cleanup";
      }
    }
    const bench = new Bench();
    const future = abortable(controller.signal, new Messy());
    bench.poll(future);
    controller.abort(new Error("reason"));
    assertThrows(() => bench.poll(future), Error, "reason");
    assertEquals(seen, ["cleanup"]);
  } finally {
    setFailureHook(before);
  }
});

Deno.test("what is no signal, and what is no future, is refused", () => {
  const misuse = abortable as (signal: unknown, future: unknown) => void;
  assertThrows(() => misuse({}, new Manual()), TypeError, "AbortSignal");
  assertThrows(
    () => misuse(new AbortController().signal, 5),
    TypeError,
    "future",
  );
});
