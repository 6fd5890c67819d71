import { assert, assertEquals, assertThrows } from "@std/assert";
import { Context, noopWaker, Pending } from "../src/future/mod.ts";
import { sleep, timersOf } from "../src/time/mod.ts";
import {
  CountingWaker,
  seededRandom,
  shuffle,
  VirtualRuntime,
} from "./time_support.ts";

Deno.test("timers armed in any order fire in the order of their deadlines, equal ones as armed", () => {
  const random = seededRandom(56);
  const rt = new VirtualRuntime(2 ** 31 - 500);
  const fired: [ms: number, order: number][] = [];
  const all: [ms: number, order: number][] = [];
  const durations = Array.from({ length: 1_000 }, (_, i) => i >> 1);
  shuffle(durations, random).forEach((ms, order) => {
    all.push([ms, order]);
    rt.timers.arm(ms, new CountingWaker(() => fired.push([ms, order])));
    if (random() < 0.01) rt.timers.turn();
  });
  rt.timers.turn();
  rt.advance(1_000);
  all.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  assertEquals(fired, all);
});

Deno.test("an instant that has passed and timers that are due fire in one order", () => {
  const rt = new VirtualRuntime(100);
  const fired: string[] = [];
  const waker = (name: string) => new CountingWaker(() => fired.push(name));
  rt.timers.arm(10, waker("110"));
  rt.timers.arm(30, waker("130"));
  rt.timers.turn();
  rt.time = 150.5;
  rt.timers.armAt(120.5, waker("120.5"));
  rt.timers.armAt(150.4, waker("150.4"));
  rt.timers.armAt(-7, waker("-7"));
  rt.timers.arm(0, waker("0 ms"));
  assertEquals(rt.timers.turn(), Infinity);
  assertEquals(fired, ["-7", "110", "120.5", "130", "150.4", "0 ms"]);
});

Deno.test("what a waker arms gets its time in the next turn, which is due at once", () => {
  const rt = new VirtualRuntime(100);
  const fired: string[] = [];
  rt.timers.arm(
    1,
    new CountingWaker(() => {
      fired.push("first");
      rt.time += 0.5;
      rt.timers.arm(0, new CountingWaker(() => fired.push("armed in a wake")));
      rt.timers.armAt(3, new CountingWaker(() => fired.push("long past")));
    }),
  );
  rt.timers.arm(1, new CountingWaker(() => fired.push("second")));
  rt.timers.turn();
  assertEquals(rt.advance(1), 0);
  assertEquals(fired, ["first", "second"]);
  assertEquals(rt.timers.turn(), Infinity);
  // Both are behind what the wheel has done: such timers fire as they were armed.
  assertEquals(fired.slice(2), ["armed in a wake", "long past"]);
});

Deno.test("ten thousand timers on one tick all fire in its turn, and the next tick is on time", () => {
  const rt = new VirtualRuntime(2 ** 32 - 100);
  let fired = 0;
  const waker = new CountingWaker(() => fired++);
  for (let i = 0; i < 10_000; i++) rt.timers.arm(100, waker);
  rt.timers.arm(101, waker);
  rt.runUntil(2 ** 32 - 1);
  assertEquals(fired, 0);
  assertEquals(rt.advance(1), 1);
  assertEquals(fired, 10_000);
  rt.advance(1);
  assertEquals(fired, 10_001);
  assertEquals(rt.timers.size, 0);
});

Deno.test("the first wake on a tick may take back all the others on it", () => {
  const rt = new VirtualRuntime();
  const timers: number[] = [];
  let fired = 0;
  const waker = new CountingWaker(() => {
    fired++;
    for (const timer of timers.splice(0)) rt.timers.release(timer);
  });
  for (let i = 0; i < 100; i++) timers.push(rt.timers.arm(64, waker));
  rt.timers.turn();
  assertEquals(rt.advance(64), Infinity);
  assertEquals(fired, 1);
  assertEquals([rt.timers.size, rt.timers.held], [0, 0]);
});

Deno.test("wakes that arm and release timers at random leave the books in order", () => {
  for (const seed of [1, 2, 3, Math.floor(Math.random() * 2 ** 31)]) {
    const random = seededRandom(seed);
    const rt = new VirtualRuntime(2 ** 31 - 5);
    const live = new Set<number>();
    let armed = 0;
    const arm = () => {
      armed++;
      const ms = Math.floor(random() * 3) * Math.floor(random() * 100);
      const timer = rt.timers.arm(
        ms,
        new CountingWaker(() => {
          rt.timers.release(timer);
          live.delete(timer);
          while (armed < 5_000 && random() < 0.5) arm();
          if (random() < 0.3) {
            for (const other of live) {
              rt.timers.release(other);
              live.delete(other);
              break;
            }
          }
        }),
      );
      live.add(timer);
    };
    for (let i = 0; i < 1_000; i++) arm();
    while (rt.timers.size > 0) {
      rt.step();
      assertEquals(rt.timers.size, live.size, `seed ${seed}`);
      assertEquals(rt.timers.held, live.size, `seed ${seed}`);
    }
    assertEquals(live.size, 0, `seed ${seed}`);
  }
});

Deno.test("after hours without a turn everything due fires once, in order", () => {
  const rt = new VirtualRuntime(123.4);
  const fired: number[] = [];
  const durations = [1, 63, 64, 65, 4_095, 4_096, 4_097, 262_144, 7_200_000];
  for (const ms of durations) {
    rt.timers.arm(ms, new CountingWaker(() => fired.push(ms)));
  }
  rt.timers.turn();
  rt.advance(3 * 3_600_000);
  assertEquals(fired, durations);
  rt.advance(3 * 3_600_000);
  assertEquals(fired, durations);
});

Deno.test("sleeps of years up to the longest number pend, and leave the others alone", () => {
  const year = 365 * 86_400_000;
  const rt = new VirtualRuntime(1_000.5);
  const fired: number[] = [];
  const arm = (ms: number) =>
    rt.timers.arm(ms, new CountingWaker(() => fired.push(ms)));
  const far = [2 ** 31, year, 10 * year, 2 ** 53 - 2_000, 2 ** 53, 1e300];
  for (const ms of [...far, 5]) arm(ms);
  const longest = arm(Number.MAX_VALUE);
  rt.runUntil(1_100);
  assertEquals(rt.timers.deadlineOf(longest), Number.MAX_SAFE_INTEGER);
  assertEquals(fired, [5]);
  for (let i = 1; i <= 5; i++) arm(year);
  rt.runUntil(rt.time + 10.5 * year);
  assertEquals(fired, [5, 2 ** 31, ...Array(6).fill(year), 10 * year]);
  assertEquals(rt.timers.size, 4);
});

Deno.test("start times near 2^31, 2^32, 2^36 and 2^53 change nothing", () => {
  for (const base of [2 ** 31, 2 ** 32, 2 ** 36, 2 ** 52]) {
    const rt = new VirtualRuntime(base - 5);
    const fired: number[] = [];
    const durations = [0, 1, 4, 5, 6, 64, 70, 5_000, 300_000, 20_000_000];
    const dropped: number[] = [];
    for (const ms of [...durations].reverse()) {
      rt.timers.arm(ms, new CountingWaker(() => fired.push(ms)));
      dropped.push(rt.timers.arm(ms, new CountingWaker(() => fired.push(-1))));
    }
    for (const timer of dropped.splice(0, 5)) rt.timers.release(timer);
    rt.timers.turn();
    for (const timer of dropped.splice(0, 4)) rt.timers.release(timer);
    assertEquals(fired, [0, -1]);
    rt.runUntil(base - 5 + 20_000_000);
    assertEquals(fired.filter((ms) => ms >= 0), durations, `base ${base}`);
    assertEquals(rt.timers.size, 0);
  }
});

Deno.test("a million timers, 99 % of them taken back, leave neither memory nor work", () => {
  const rt = new VirtualRuntime(1_000);
  const random = seededRandom(71);
  let fired = 0;
  const waker = new CountingWaker(() => fired++);
  const kept: number[] = [];
  const taken: number[] = [];
  for (let i = 0; i < 1_000_000; i++) {
    const timer = rt.timers.arm(1 + Math.floor(random() * 600_000), waker);
    if (i % 100 === 0) kept.push(timer);
    else if (i % 2 === 0) rt.timers.release(timer); // before it has a deadline
    else taken.push(timer);
    if (i % 1_000 === 999) rt.timers.turn();
  }
  assertEquals([rt.timers.held, rt.timers.size], [510_000, 510_000]);
  for (const timer of shuffle(taken, random)) rt.timers.release(timer);
  assertEquals(rt.timers.size, 10_000);
  let turns = 0;
  while (rt.timers.size > 0) {
    rt.step();
    turns++;
  }
  assertEquals(fired, 10_000);
  assert(turns < 40_000, `${turns} turns for 10,000 timers`);
  for (const timer of kept) rt.timers.release(timer);
  assertEquals(rt.timers.held, 0);
});

Deno.test("earliest timers that are taken back cost at most one idle turn each", () => {
  const rt = new VirtualRuntime(100);
  const last = new CountingWaker();
  rt.timers.arm(50_000, last);
  const early = Array.from(
    { length: 100 },
    (_, i) => rt.timers.arm(100 + 300 * i, noopWaker),
  );
  rt.timers.turn();
  let idle = 0;
  for (const timer of early) {
    const wait = rt.timers.turn();
    rt.timers.release(timer);
    rt.advance(wait);
    idle++;
  }
  while (last.count === 0) {
    rt.step();
    idle++;
  }
  assertEquals(rt.time, 50_100);
  assert(idle <= 110, `${idle} turns`);
});

Deno.test("a timer armed or moved to an earlier deadline shortens the next wait", () => {
  const rt = new VirtualRuntime(100);
  const far = rt.timers.arm(50, noopWaker);
  assertEquals(rt.timers.turn(), 28); // where it moves down, on the way to 150
  const near = rt.timers.arm(7, noopWaker);
  assertEquals(rt.timers.turn(), 7);
  rt.timers.release(near);
  rt.timers.rearm(far, 3);
  assertEquals(rt.timers.turn(), 3);
});

Deno.test("who waits off the thread is told of the first timer armed since a turn", () => {
  const rt = new VirtualRuntime();
  let told = 0;
  rt.timers.onArmed = () => told++;
  const timer = rt.timers.arm(5, noopWaker);
  rt.timers.arm(5, noopWaker);
  assertEquals(told, 1);
  rt.timers.turn();
  rt.timers.rearm(timer, 1);
  assertEquals(told, 2);
});

Deno.test("only the last waker given is called, once", () => {
  const rt = new VirtualRuntime();
  const [a, b] = [new CountingWaker(), new CountingWaker()];
  const timer = rt.timers.arm(5, a);
  rt.timers.turn();
  rt.timers.setWaker(timer, b);
  rt.advance(5);
  rt.advance(5);
  assertEquals([a.count, b.count], [0, 1]);
  assert(rt.timers.hasFired(timer));
  // It holds on to nobody: armed anew it needs a waker again.
  rt.timers.rearm(timer, 5);
  rt.timers.turn();
  rt.advance(5);
  assert(rt.timers.hasFired(timer));
  assertEquals([a.count, b.count], [0, 1]);
});

Deno.test("closed timers wake who waits, fire nothing, and refuse to be armed", () => {
  const rt = new VirtualRuntime();
  const waker = new CountingWaker();
  const done = rt.timers.arm(0, noopWaker);
  const waiting = rt.timers.arm(5, waker);
  rt.timers.turn();
  const fresh = rt.timers.arm(Number.MAX_VALUE, waker);
  const gone = rt.timers.armAt(-1, waker);
  rt.timers.close();
  assertEquals(waker.count, 3);
  assertEquals(rt.timers.size, 0);
  assertEquals(rt.advance(100), Infinity);
  assertEquals(waker.count, 3);
  assert(rt.timers.hasFired(done));
  for (const timer of [waiting, fresh, gone]) {
    assert(!rt.timers.isArmed(timer));
    assertThrows(() => rt.timers.hasFired(timer), Error, "was shut down");
    assertThrows(() => rt.timers.rearm(timer, 1), Error, "Cannot sleep");
    rt.timers.release(timer);
  }
  assertThrows(() => rt.timers.arm(1, waker), Error, "was shut down");
  assertThrows(() => rt.timers.armAt(1, waker), Error, "was shut down");
  rt.timers.close();
  assertEquals(rt.timers.held, 1);
});

Deno.test("a context without timers is named as the cause", () => {
  const cx = new Context(noopWaker);
  assertThrows(() => timersOf(cx), Error, "this context has no timers");
  assertThrows(() => sleep(1).poll(cx), Error, "Cannot sleep");
  const drivers = { timers: {}, reactor: null, defer() {} };
  assertThrows(() => timersOf(new Context(noopWaker, drivers)), Error);
  const rt = new VirtualRuntime();
  assertEquals(timersOf(rt.cx), rt.timers);
  assertEquals(sleep(1).poll(rt.cx), Pending);
});
