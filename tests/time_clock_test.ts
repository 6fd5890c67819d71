import { assert, assertEquals } from "@std/assert";
import { enterContext, noopWaker } from "../src/future/mod.ts";
import { now, Timers } from "../src/time/mod.ts";
import { CountingWaker, seededRandom, VirtualRuntime } from "./time_support.ts";

Deno.test("no timer is early on the fractional clock, and none is late by a millisecond", () => {
  const random = seededRandom(45);
  const rt = new VirtualRuntime();
  for (let i = 0; i < 1_000; i++) {
    rt.time += random() * 50;
    const ms = i < 3 ? [1, 10, 60][i]! : random() * 200;
    const waker = new CountingWaker();
    const start = rt.time;
    const timer = rt.timers.arm(ms, waker);
    while (waker.count === 0) rt.step();
    const took = rt.time - start;
    assert(took >= ms, `${took} instead of ${ms}`);
    assert(took < ms + 1, `${took} instead of ${ms}`);
    rt.timers.release(timer);
  }
});

Deno.test("a deadline between two ticks is rounded up, one on a tick is not", () => {
  const cases: [start: number, ms: number, end: number][] = [
    [100, 1, 101],
    [100, 5, 105],
    [100, 5.000001, 106],
    [100, 4.999999, 105],
    [100.000001, 5, 106],
    [100.3, 4.7, 105],
    [100.3, 0.7, 101],
    [100.3, 0.1, 101],
    [0.9, 0.1, 2], // 0.9 + 0.1 is 1, but 1 - 0.9 is less than 0.1
    [100, 0, 100],
    [100.3, 0, 100.3],
  ];
  for (const [start, ms, end] of cases) {
    const rt = new VirtualRuntime(start);
    const waker = new CountingWaker();
    rt.timers.arm(ms, waker);
    rt.timers.turn();
    if (end > start) {
      rt.time = end - 1e-6;
      assertEquals([rt.timers.turn() > 0, waker.count], [true, 0]);
    }
    rt.time = end;
    rt.timers.turn();
    assertEquals(waker.count, 1, `${ms} ms from ${start}`);
  }
});

Deno.test("a fraction of a millisecond gives a wait above 0", () => {
  const rt = new VirtualRuntime(100.3);
  rt.timers.arm(0.1, noopWaker);
  const wait = rt.timers.turn();
  assert(wait > 0.69 && wait < 0.71, `${wait}`);
});

Deno.test("a turn reads the clock once, however much it does, and not at all without timers", () => {
  const rt = new VirtualRuntime(5);
  assertEquals(rt.timers.turn(), Infinity);
  assertEquals(rt.clockReads, 0);
  const timers = Array.from(
    { length: 100 },
    (_, i) => rt.timers.arm(i, noopWaker),
  );
  assertEquals(rt.clockReads, 0);
  rt.timers.turn();
  assertEquals(rt.clockReads, 1);
  rt.advance(50);
  assertEquals(rt.clockReads, 2);
  for (const timer of timers) rt.timers.release(timer);
  assertEquals(rt.timers.turn(), Infinity);
  assertEquals(rt.clockReads, 2);
});

Deno.test("a duration starts at the turn after it was armed, not at the turn before", () => {
  const rt = new VirtualRuntime(100);
  rt.timers.arm(1_000, noopWaker);
  rt.timers.turn();
  rt.time = 103.5;
  const waker = new CountingWaker();
  const timer = rt.timers.arm(5, waker);
  assertEquals(rt.timers.deadlineOf(timer), null);
  assertEquals(rt.timers.turn(), 109 - 103.5);
  assertEquals(rt.timers.deadlineOf(timer), 109);
  rt.runUntil(108);
  assertEquals(waker.count, 0);
  rt.runUntil(109);
  assertEquals(waker.count, 1);
});

Deno.test("a clock that goes back or gives no number stands still", () => {
  const rt = new VirtualRuntime(1_000);
  const waker = new CountingWaker();
  rt.timers.arm(10, waker);
  assertEquals(rt.timers.turn(), 10);
  rt.time = 900;
  assertEquals(rt.timers.turn(), 10);
  rt.time = NaN;
  assertEquals(rt.timers.turn(), 10);
  rt.time = 1_009;
  assertEquals([rt.timers.turn(), waker.count], [1, 0]);
  rt.time = 1_010;
  assertEquals([rt.timers.turn(), waker.count], [Infinity, 1]);
});

Deno.test("ten thousand random sleeps leave the same trace twice", () => {
  const trace = () => {
    const random = seededRandom(72);
    const rt = new VirtualRuntime(77.7);
    const fired: string[] = [];
    for (let i = 0; i < 10_000; i++) {
      const ms = random() * 5_000;
      rt.timers.arm(
        ms,
        new CountingWaker(() => fired.push(`${i} at ${rt.time}`)),
      );
      if (random() < 0.2) rt.advance(random());
    }
    while (rt.timers.size > 0) rt.step();
    return fired;
  };
  const first = trace();
  assertEquals(first.length, 10_000);
  assertEquals(trace(), first);
});

Deno.test("advances of fractions of a millisecond add up", () => {
  const rt = new VirtualRuntime();
  const waker = new CountingWaker();
  rt.timers.arm(1, waker);
  rt.timers.turn();
  for (let i = 0; i < 7; i++) rt.advance(0.125);
  assertEquals(waker.count, 0);
  rt.advance(0.125);
  assertEquals(waker.count, 1);
});

Deno.test("replacing Date.now and performance.now moves no timer", () => {
  const timers = new Timers();
  const before = now();
  const { now: dateNow } = Date;
  const { now: performanceNow } = performance;
  Date.now = () => dateNow() + 1e9;
  performance.now = () => 1e9;
  try {
    const waker = new CountingWaker();
    timers.arm(60_000, waker);
    assert(timers.turn() > 0);
    assertEquals(waker.count, 0);
    const after = now();
    assert(after >= before && after < before + 60_000, `${before} ${after}`);
  } finally {
    Date.now = dateNow;
    performance.now = performanceNow;
  }
});

Deno.test("now() is the clock of the runtime whose task asks, else performance.now()", () => {
  const rt = new VirtualRuntime(1e12);
  const before = enterContext(rt.cx);
  try {
    assertEquals(now(), 1e12);
  } finally {
    enterContext(before);
  }
  assert(now() < 1e12);
  assert(now() <= performance.now());
});
