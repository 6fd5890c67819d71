import { assert, assertEquals, assertThrows } from "@std/assert";
import { join, Pending, POLL_BUDGET, select } from "../src/future/mod.ts";
import { interval, sleep, sleepUntil, timeout } from "../src/time/mod.ts";
import { CountingWaker, VirtualRuntime } from "./time_support.ts";

Deno.test("a sleep starts when it is first polled and is ready once its time is over", () => {
  const rt = new VirtualRuntime(100);
  const future = sleep(5);
  rt.advance(50);
  assertEquals(rt.timers.size, 0);
  assertEquals(future.poll(rt.cx), Pending);
  assertEquals(rt.timers.size, 1);
  rt.timers.turn();
  rt.advance(4.9);
  assertEquals(future.poll(rt.cx), Pending);
  assertEquals(rt.waker.count, 0);
  rt.advance(0.1);
  assertEquals(rt.waker.count, 1);
  assertEquals(future.poll(rt.cx), undefined);
  // Ready it stays.
  assertEquals(future.poll(rt.cx), undefined);
  assertEquals([rt.timers.size, rt.timers.held], [0, 0]);
});

Deno.test("sleeping until now or until an instant that has passed takes one turn, before and after others", () => {
  for (const start of [0, 100.4, 2 ** 31 + 0.4]) {
    const rt = new VirtualRuntime(start);
    for (const warm of [false, true]) {
      if (warm) {
        rt.timers.arm(1e6, rt.waker);
        rt.timers.turn();
      }
      const [now, past, before] = [
        sleepUntil(rt.time),
        sleepUntil(rt.time - 90),
        sleepUntil(-1e9),
      ];
      for (const future of [now, past, before]) {
        assertEquals(future.poll(rt.cx), Pending);
      }
      const wait = rt.timers.turn();
      assert(wait > 0);
      for (const future of [now, past, before]) {
        assertEquals(future.poll(rt.cx), undefined);
      }
    }
  }
});

Deno.test("a sleep of 0 ms takes one turn", () => {
  const rt = new VirtualRuntime(100.4);
  const future = sleep(0);
  assertEquals(future.poll(rt.cx), Pending);
  rt.timers.turn();
  assertEquals(future.poll(rt.cx), undefined);
});

Deno.test("sleeping until an instant ends at the first tick at or after it", () => {
  const rt = new VirtualRuntime(100.2);
  const [exact, between] = [sleepUntil(105), sleepUntil(105.000001)];
  exact.poll(rt.cx);
  between.poll(rt.cx);
  assertEquals(exact.deadline, 105);
  rt.runUntil(104.9999);
  assertEquals(exact.poll(rt.cx), Pending);
  rt.runUntil(105.9);
  assertEquals(exact.poll(rt.cx), undefined);
  assertEquals(between.poll(rt.cx), Pending);
  rt.runUntil(106);
  assertEquals(between.poll(rt.cx), undefined);
});

Deno.test("a sleep wakes the waker of its last poll, and no other", () => {
  const rt = new VirtualRuntime();
  const wakers = [0, 1, 2].map(() => new CountingWaker());
  const future = sleep(5);
  future.poll(rt.with(wakers[0]!));
  future.poll(rt.with(wakers[1]!));
  rt.timers.turn();
  future.poll(rt.with(wakers[2]!));
  rt.advance(5);
  assertEquals(wakers.map((waker) => waker.count), [0, 0, 1]);
});

Deno.test("a sleep knows its deadline from the turn after its first poll", () => {
  const rt = new VirtualRuntime(100.5);
  const future = sleep(5);
  assertEquals(future.deadline, null);
  future.poll(rt.cx);
  assertEquals(future.deadline, null);
  rt.timers.turn();
  assertEquals(future.deadline, 106);
  rt.advance(6);
  future.poll(rt.cx);
  assertEquals(future.deadline, 106);
  assertEquals(sleepUntil(7.5).deadline, 7.5);
});

Deno.test("a sleep that was reset after it fired is pending again and fires once more", () => {
  for (const polled of [true, false]) {
    const rt = new VirtualRuntime(100);
    const future = sleep(5);
    future.poll(rt.cx);
    rt.timers.turn();
    rt.advance(5);
    assertEquals(rt.waker.count, 1);
    if (polled) assertEquals(future.poll(rt.cx), undefined);
    future.reset(7);
    assertEquals(future.poll(rt.cx), Pending);
    rt.timers.turn();
    rt.runUntil(111.9);
    assertEquals(future.poll(rt.cx), Pending);
    rt.runUntil(112);
    assertEquals(rt.waker.count, 2);
    assertEquals(future.poll(rt.cx), undefined);
    rt.runUntil(200);
    assertEquals(rt.waker.count, 2);
    assertEquals(rt.timers.held, 0);
  }
});

Deno.test("a pending sleep that is reset into the past wakes its waiter within one turn", () => {
  const rt = new VirtualRuntime(5_000);
  for (const past of [-1, 0, 4_000, 5_000]) {
    const future = sleep(60_000);
    const waker = new CountingWaker();
    future.poll(rt.with(waker));
    rt.timers.turn();
    future.resetUntil(past);
    rt.timers.turn();
    assertEquals(waker.count, 1, `until ${past}`);
    assertEquals(future.poll(rt.cx), undefined);
  }
  assertEquals(rt.timers.size, 0);
});

Deno.test("a pending sleep that is reset keeps its waiter, sooner or later", () => {
  const rt = new VirtualRuntime(100);
  const future = sleep(1_000);
  future.poll(rt.cx);
  rt.timers.turn();
  future.reset(10); // sooner: the wait that would follow is cut short
  assertEquals(rt.timers.turn(), 10);
  future.reset(50_000);
  rt.timers.turn();
  future.resetUntil(300.5);
  assertEquals(future.deadline, 300.5);
  rt.runUntil(300);
  assertEquals(rt.waker.count, 0);
  rt.runUntil(301);
  assertEquals(rt.waker.count, 1);
  assertEquals(future.poll(rt.cx), undefined);
});

Deno.test("a sleep that was reset before its first poll starts with it", () => {
  const rt = new VirtualRuntime(100);
  const future = sleep(1_000);
  future.reset(5);
  assertEquals(rt.timers.size, 0);
  future.poll(rt.cx);
  rt.timers.turn();
  assertEquals(future.deadline, 105);
});

Deno.test("a cancelled sleep never fires and leaves nothing behind", () => {
  const rt = new VirtualRuntime(60);
  const cancelled = [sleep(5), sleep(5), sleep(5), sleep(5), sleepUntil(65)];
  for (const future of cancelled) future.poll(rt.cx);
  cancelled[0]!.cancel(); // before it has a deadline
  rt.timers.turn();
  cancelled[1]!.cancel();
  cancelled[2]!.reset(100_000);
  rt.timers.turn();
  cancelled[2]!.cancel(); // after it moved to another slot
  cancelled[4]!.cancel();
  rt.advance(5);
  assertEquals(rt.waker.count, 1);
  cancelled[3]!.cancel(); // after it fired, before it was polled
  cancelled[3]!.cancel();
  assertEquals(rt.advance(1e6), Infinity);
  assertEquals(rt.waker.count, 1);
  assertEquals([rt.timers.size, rt.timers.held], [0, 0]);
});

Deno.test("a sleep cancelled by a select that it lost goes on to the same deadline", () => {
  const rt = new VirtualRuntime(100);
  const deadline = sleep(10);
  for (let at = 103; at < 110; at += 3) {
    const race = select(deadline, sleep(3));
    assertEquals(race.poll(rt.cx), Pending);
    rt.timers.turn();
    rt.runUntil(at);
    assertEquals(race.poll(rt.cx), { index: 1, value: undefined });
    assertEquals(rt.timers.size, 0);
  }
  const race = select(deadline, sleep(3));
  race.poll(rt.cx);
  rt.timers.turn();
  rt.advance(1);
  assertEquals(race.poll(rt.cx), { index: 0, value: undefined });
  assertEquals(deadline.deadline, 110);
});

Deno.test("a sleep, an interval and a timeout stay with the runtime that polled them first", () => {
  const [first, second] = [new VirtualRuntime(100), new VirtualRuntime(9_000)];
  const future = sleep(10);
  const ticks = interval(10);
  const tick = ticks.tick();
  const limited = timeout(10, sleep(1_000));
  for (const each of [future, tick, limited]) each.poll(first.cx);
  first.timers.turn();
  for (const each of [future, tick, limited]) {
    assertEquals(each.poll(second.cx), Pending);
  }
  future.reset(20);
  assertEquals(second.timers.size, 0);
  second.advance(60_000);
  assertEquals(second.waker.count, 0);

  first.timers.turn();
  first.advance(10);
  assertEquals(tick.poll(second.cx), 110);
  assertThrows(() => limited.poll(second.cx), Error, "timed out");
  assertEquals(future.poll(second.cx), Pending);
  first.advance(10);
  assertEquals(future.poll(second.cx), undefined);
  assertEquals(second.waker.count, 3);
  assertEquals(first.waker.count, 0);
  future.reset(5);
  assertEquals(future.poll(second.cx), Pending);
  assertEquals([first.timers.size, second.timers.size], [1, 0]);
});

Deno.test("a sleep left over from a runtime that was shut down fails, before and after", () => {
  const [first, second] = [new VirtualRuntime(), new VirtualRuntime()];
  const waker = new CountingWaker();
  const pending = sleep(10);
  pending.poll(first.with(waker));
  const tick = interval(10).tick();
  tick.poll(first.with(waker));
  first.timers.turn();
  first.timers.close();
  assertEquals(waker.count, 2);
  for (const future of [pending, tick]) {
    assertThrows(() => future.poll(second.cx), Error, "was shut down");
  }
  assertThrows(() => pending.reset(5), Error, "was shut down");
  pending.cancel();
  tick.cancel();
  assertThrows(() => sleep(5).poll(first.cx), Error, "was shut down");
  assertEquals(first.timers.held, 0);
});

Deno.test("sleeps that are ready at once give way when the budget is used up", () => {
  const rt = new VirtualRuntime(100);
  rt.cx.budget = 0;
  const future = sleepUntil(0);
  future.poll(rt.cx);
  rt.timers.turn();
  assertEquals(future.poll(rt.cx), Pending);
  assertEquals(rt.deferred, [rt.waker]);
  rt.cx.budget = POLL_BUDGET;
  assertEquals(future.poll(rt.cx), undefined);
  assertEquals(rt.cx.budget, POLL_BUDGET - 1);
});

Deno.test("many sleeps joined end in the order of their deadlines", () => {
  const rt = new VirtualRuntime(10);
  const order: number[] = [];
  function* sleeper(ms: number) {
    yield* sleep(ms);
    order.push(ms);
  }
  const all = join(...[300, 4, 70, 4_100, 1, 64].map((ms) => sleeper(ms)));
  assertEquals(all.poll(rt.cx), Pending);
  while (all.poll(rt.cx) === Pending) rt.step();
  assertEquals(order, [1, 4, 64, 70, 300, 4_100]);
  assertEquals(rt.time, 4_110);
  assertEquals(rt.timers.held, 0);
});

Deno.test("wrong times are refused with the argument and its value", () => {
  const notMs = "a finite number of milliseconds";
  const cases: [() => unknown, typeof Error, string][] = [
    [() => sleep(-1), RangeError, `Cannot sleep: ms is -1, not ${notMs}`],
    [() => sleep(NaN), RangeError, `Cannot sleep: ms is NaN, not ${notMs}`],
    [() => sleep(Infinity), RangeError, "ms is Infinity"],
    [() => sleep("5" as never), TypeError, 'ms is "5", not a number'],
    [() => sleep(5n as never), TypeError, "ms is 5, not a number"],
    [() => sleep(null as never), TypeError, "ms is null, not a number"],
    [() => sleepUntil(NaN), RangeError, "instant is NaN"],
    [() => sleepUntil(-Infinity), RangeError, "instant is -Infinity"],
    [() => sleepUntil(undefined as never), TypeError, "instant is undefined"],
    [
      () => sleep(1).reset(-0.5),
      RangeError,
      "Cannot reset a sleep: ms is -0.5",
    ],
    [() => sleep(1).resetUntil(Infinity), RangeError, "instant is Infinity"],
    [() => timeout(-1, sleep(1)), RangeError, "Cannot set a timeout: ms is -1"],
    [() => timeout({} as never, sleep(1)), TypeError, "not a number"],
    [() => interval(0), RangeError, "ms is 0, not a finite number of"],
    [() => interval(-1), RangeError, "Cannot make an interval: ms is -1"],
    [() => interval("x" as never), TypeError, 'ms is "x", not a number'],
    [
      () => interval(1, { missed: "drop" as never }),
      RangeError,
      'options.missed is "drop", not "skip", "burst" or "delay"',
    ],
  ];
  for (const [call, errorClass, message] of cases) {
    assertThrows(call, errorClass, message);
  }
  for (const ms of [0, -0, 0.1, Number.MAX_VALUE, Number.MIN_VALUE]) sleep(ms);
});
