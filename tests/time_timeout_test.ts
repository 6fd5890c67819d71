import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  Context,
  type Failure,
  Future,
  intoFuture,
  join,
  noopWaker,
  Pending,
  type Poll,
  POLL_BUDGET,
  setFailureHook,
  type Waker,
} from "../src/future/mod.ts";
import { sleep, timeout, TimeoutError } from "../src/time/mod.ts";
import { CountingWaker, VirtualRuntime } from "./time_support.ts";

/** A future that is ready when it is told to be, and counts what happens to it. */
class Manual extends Future<string> {
  value: string | null = null;
  error: unknown = null;
  polls = 0;
  cancels = 0;
  waker: Waker | null = null;

  override poll(cx: Context): Poll<string> {
    this.polls++;
    if (this.error !== null) throw this.error;
    if (this.value === null) {
      this.waker = cx.waker;
      return Pending;
    }
    if (cx.budget === 0) return cx.giveWay();
    cx.budget--;
    return this.value;
  }

  override cancel(): void {
    this.cancels++;
  }
}

Deno.test("a future that is ready at once needs no timer", () => {
  const rt = new VirtualRuntime();
  const inner = new Manual();
  inner.value = "here";
  assertEquals(timeout(0, inner).poll(rt.cx), "here");
  assertEquals([rt.timers.held, rt.clockReads], [0, 0]);
  assertEquals(inner.cancels, 0);
});

Deno.test("a future that is ready in time gives its value and takes its timer away", () => {
  const rt = new VirtualRuntime();
  const inner = new Manual();
  const future = timeout(10, inner);
  assertEquals(future.poll(rt.cx), Pending);
  assertEquals(rt.timers.size, 1);
  rt.timers.turn();
  rt.advance(9);
  assertEquals(future.poll(rt.cx), Pending);
  inner.value = "here";
  assertEquals(future.poll(rt.cx), "here");
  assertEquals(rt.timers.held, 0);
  future.cancel();
  rt.advance(100);
  assertEquals(rt.waker.count, 0);
});

Deno.test("after the time is over a timeout throws its own error, and the future is cancelled", () => {
  const rt = new VirtualRuntime(100.5);
  const inner = new Manual();
  const future = timeout(10_000, inner);
  future.poll(rt.cx);
  rt.timers.turn();
  rt.runUntil(10_100.4);
  assertEquals(rt.waker.count, 0);
  rt.runUntil(10_101);
  assertEquals(rt.waker.count, 1);
  const error = assertThrows(() => future.poll(rt.cx), TimeoutError);
  assertEquals(error.message, "Cannot finish within 10000 ms: timed out");
  assertEquals([error.name, error.ms], ["TimeoutError", 10_000]);
  assert(error instanceof Error);
  assertEquals(inner.cancels, 1);
  assertEquals(rt.timers.held, 0);
});

Deno.test("ready on the same wake as the deadline, or found ready after it, is a success", () => {
  for (const late of [0, 0.5, 60_000]) {
    const rt = new VirtualRuntime();
    const inner = new Manual();
    const future = timeout(10, inner);
    future.poll(rt.cx);
    rt.timers.turn();
    rt.advance(10 + late);
    assertEquals(rt.waker.count, 1);
    inner.value = "just";
    assertEquals(future.poll(rt.cx), "just");
    assertEquals(inner.cancels, 0);
  }
});

Deno.test("the future's own error passes, and its timer goes", () => {
  const rt = new VirtualRuntime();
  const inner = new Manual();
  const future = timeout(10, inner);
  future.poll(rt.cx);
  inner.error = new Error("broken");
  assertThrows(() => future.poll(rt.cx), Error, "broken");
  assertEquals(rt.timers.held, 0);
  assertThrows(() => timeout(10, inner).poll(rt.cx), Error, "broken");
  assertEquals(rt.timers.held, 0);
});

Deno.test("a loop over what is always ready is stopped by its timeout", () => {
  const rt = new VirtualRuntime();
  const ready = new Manual();
  ready.value = "more";
  let cleanups = 0;
  function* busy() {
    try {
      for (;;) yield* ready;
    } finally {
      cleanups++;
    }
  }
  const future = timeout(1, busy());
  for (let poll = 0;; poll++) {
    assert(poll < 10, "the timeout is masked");
    rt.cx.budget = POLL_BUDGET;
    try {
      assertEquals(future.poll(rt.cx), Pending);
    } catch (error) {
      assert(error instanceof TimeoutError);
      break;
    }
    rt.advance(0.4);
  }
  assertEquals(cleanups, 1);
  assert(ready.polls > POLL_BUDGET);
});

Deno.test("a budget used up by others neither hides a value from the deciding poll nor saves the timeout", () => {
  for (const value of ["here", null]) {
    const rt = new VirtualRuntime();
    const inner = new Manual();
    const future = timeout(5, inner);
    future.poll(rt.cx);
    rt.timers.turn();
    inner.value = value;
    rt.cx.budget = 0;
    // Before the deadline it has to give way like everybody.
    assertEquals(future.poll(rt.cx), Pending);
    rt.advance(5);
    rt.cx.budget = 0;
    if (value !== null) assertEquals(future.poll(rt.cx), value);
    else assertThrows(() => future.poll(rt.cx), TimeoutError);
    assert(rt.cx.budget <= 1);
  }
});

Deno.test("a generator that times out is closed where it stands, before the error is thrown", () => {
  const rt = new VirtualRuntime();
  const steps: string[] = [];
  function* work() {
    using _ = { [Symbol.dispose]: () => steps.push("disposed") };
    try {
      yield* sleep(1_000);
    } finally {
      steps.push("finally");
    }
  }
  function* outer() {
    try {
      yield* timeout(10, work());
    } catch (error) {
      steps.push((error as Error).name);
      return "went on";
    }
  }
  const future = intoFuture(outer());
  assertEquals(future.poll(rt.cx), Pending);
  assertEquals(rt.timers.size, 2);
  while (rt.time < 10) rt.step();
  rt.timers.turn();
  assertEquals(future.poll(rt.cx), "went on");
  assertEquals(steps, ["finally", "disposed", "TimeoutError"]);
  assertEquals(rt.timers.held, 0);
});

Deno.test("what the cleanup of a timed-out future throws goes to the failure hook", () => {
  const rt = new VirtualRuntime();
  const failures: Failure[] = [];
  function* work() {
    try {
      yield* sleep(1_000);
    } finally {
      // deno-lint-ignore no-unsafe-finally
      throw new Error("cleanup failed");
    }
  }
  const before = setFailureHook((failure) => failures.push(failure));
  try {
    const future = timeout(1, work());
    future.poll(rt.cx);
    rt.timers.turn();
    rt.advance(1);
    assertThrows(() => future.poll(rt.cx), TimeoutError);
  } finally {
    setFailureHook(before);
  }
  assertEquals(
    failures.map(({ error }) => (error as Error).message),
    ["cleanup failed"],
  );
  assertEquals(rt.timers.held, 0);
});

Deno.test("a cancelled timeout cancels its future and holds no timer", () => {
  const rt = new VirtualRuntime();
  const inner = new Manual();
  const future = timeout(10, inner);
  future.poll(rt.cx);
  rt.timers.turn();
  future.cancel();
  assertEquals([inner.cancels, rt.timers.held], [1, 0]);
  assertEquals(rt.advance(10), Infinity);
});

Deno.test("without timers, or after they were closed, a timeout cancels its future and says why", () => {
  const inner = new Manual();
  const bare = new Context(noopWaker);
  assertThrows(() => timeout(10, inner).poll(bare), Error, "no timers");
  assertEquals(inner.cancels, 1);

  const rt = new VirtualRuntime();
  const pending = timeout(10, inner);
  pending.poll(rt.cx);
  rt.timers.close();
  assertEquals(rt.waker.count, 1);
  assertThrows(() => pending.poll(rt.cx), Error, "was shut down");
  assertEquals(inner.cancels, 2);
  assertThrows(() => timeout(10, inner).poll(rt.cx), Error, "was shut down");
  assertEquals(inner.cancels, 3);
  assertEquals(rt.timers.held, 0);
});

Deno.test("a timeout wakes the waker of its last poll", () => {
  const rt = new VirtualRuntime();
  const [a, b] = [new CountingWaker(), new CountingWaker()];
  const future = timeout(10, new Manual());
  future.poll(rt.with(a));
  rt.timers.turn();
  future.poll(rt.with(b));
  rt.advance(10);
  assertEquals([a.count, b.count], [0, 1]);
});

Deno.test("a timeout as long as can be gives the value that comes after ten years", () => {
  const year = 365 * 86_400_000;
  const rt = new VirtualRuntime();
  const future = timeout(Number.MAX_VALUE, sleep(10 * year));
  future.poll(rt.cx);
  rt.timers.turn();
  rt.runUntil(10 * year);
  assertEquals(future.poll(rt.cx), undefined);
  assertEquals(rt.timers.held, 0);
});

Deno.test("timeouts inside timeouts: the shorter one decides", () => {
  const rt = new VirtualRuntime();
  const future = join(
    intoFuture(function* () {
      try {
        yield* timeout(20, timeout(10, sleep(30)));
      } catch (error) {
        return (error as TimeoutError).ms;
      }
    }()),
    intoFuture(function* () {
      try {
        yield* timeout(10, timeout(20, sleep(30)));
      } catch (error) {
        return (error as TimeoutError).ms;
      }
    }()),
  );
  let outcome;
  while ((outcome = future.poll(rt.cx)) === Pending) rt.step();
  assertEquals(outcome, [10, 10]);
  assertEquals(rt.time, 10);
  assertEquals(rt.timers.held, 0);
});

Deno.test("what is no future is refused at once", () => {
  assertThrows(() => timeout(1, 5 as never), TypeError, "no future");
  assertThrows(
    () => timeout(1, Promise.resolve() as never),
    TypeError,
    "fromPromise",
  );
});
