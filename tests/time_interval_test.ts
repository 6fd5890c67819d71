import { assertEquals, assertThrows } from "@std/assert";
import {
  type Future,
  Pending,
  POLL_BUDGET,
  select,
} from "../src/future/mod.ts";
import { interval, type MissedTicks, sleep } from "../src/time/mod.ts";
import { VirtualRuntime } from "./time_support.ts";

/** Polls until the future is ready, letting time pass. Returns when that was. */
function finish(rt: VirtualRuntime, future: Future<number>) {
  for (;;) {
    const due = future.poll(rt.cx);
    if (due !== Pending) return { due, at: rt.time };
    rt.step();
  }
}

Deno.test("an interval ticks first after one period, counted from the first wait", () => {
  const rt = new VirtualRuntime(100);
  const every = interval(10);
  assertEquals(every.period, 10);
  rt.time = 150;
  assertEquals(finish(rt, every.tick()), { due: 160, at: 160 });
  assertEquals(finish(rt, every.tick()), { due: 170, at: 170 });
  assertEquals(rt.timers.held, 0);
});

Deno.test("the time that the work between ticks takes does not push them back", () => {
  const rt = new VirtualRuntime(100.5);
  const every = interval(10);
  for (let i = 1; i <= 5; i++) {
    const { due, at } = finish(rt, every.tick());
    assertEquals([due, at], [100.5 + 10 * i, 101 + 10 * i]);
    rt.time += 7.25;
  }
});

Deno.test("a period with a fraction adds up over many ticks", () => {
  const rt = new VirtualRuntime();
  const every = interval(1000 / 60);
  let last = 0;
  for (let i = 1; i <= 600; i++) {
    const { due, at } = finish(rt, every.tick());
    assertEquals(due, i * (1000 / 60));
    assertEquals(at, Math.ceil(due));
    last = at;
  }
  assertEquals(last, 10_000);
});

Deno.test("missed ticks are skipped, made up for, or put off, as asked", () => {
  const expected: Record<MissedTicks, [due: number, at: number][]> = {
    skip: [[10, 10], [20, 47], [50, 50], [60, 60], [70, 70]],
    burst: [[10, 10], [20, 47], [30, 47], [40, 47], [50, 50]],
    delay: [[10, 10], [20, 47], [57, 57], [67, 67], [77, 77]],
  };
  for (const missed of ["skip", "burst", "delay"] as const) {
    const rt = new VirtualRuntime();
    const every = interval(10, { missed });
    const seen: [number, number][] = [];
    while (seen.length < 5) {
      const { due, at } = finish(rt, every.tick());
      seen.push([due, at]);
      if (seen.length === 1) rt.time = 47;
    }
    assertEquals(seen, expected[missed], missed);
  }
  assertEquals(interval(1).period, 1);
});

Deno.test("a tick that comes late by less than a period makes none be skipped", () => {
  const rt = new VirtualRuntime();
  const every = interval(10);
  finish(rt, every.tick());
  rt.time = 29.9;
  assertEquals(finish(rt, every.tick()), { due: 20, at: 29.9 });
  assertEquals(finish(rt, every.tick()), { due: 30, at: 30 });
  rt.time = 50; // exactly one period late
  assertEquals(finish(rt, every.tick()), { due: 40, at: 50 });
  assertEquals(finish(rt, every.tick()), { due: 60, at: 60 });
});

Deno.test("a tick that lost a select is not used up, and holds no timer", () => {
  const rt = new VirtualRuntime();
  const every = interval(10);
  for (const end of [4, 8]) {
    const race = select(every.tick(), sleep(4));
    while (race.poll(rt.cx) === Pending) rt.step();
    assertEquals(rt.time, end);
    assertEquals(rt.timers.held, 0);
  }
  assertEquals(finish(rt, every.tick()), { due: 10, at: 10 });
});

Deno.test("reset puts the next tick one period from now, for who waits as well", () => {
  const rt = new VirtualRuntime();
  const every = interval(10);
  every.reset(); // before it has started: nothing to put off
  finish(rt, every.tick());
  rt.time = 17;
  every.reset();
  const tick = every.tick();
  assertEquals(tick.poll(rt.cx), Pending);
  rt.timers.turn();
  rt.advance(8);
  every.reset();
  assertEquals(finish(rt, tick), { due: 35, at: 35 });
  assertEquals(finish(rt, every.tick()), { due: 45, at: 45 });
});

Deno.test("a second wait for the same interval is refused, and the first goes on", () => {
  const rt = new VirtualRuntime();
  const every = interval(10);
  const [first, second] = [every.tick(), every.tick()];
  assertEquals(first.poll(rt.cx), Pending);
  assertThrows(() => second.poll(rt.cx), Error, "Cannot wait for a tick");
  second.cancel(); // it was never waited for
  assertEquals(rt.timers.size, 1);
  assertEquals(finish(rt, first), { due: 10, at: 10 });
  assertEquals(first.poll(rt.cx), 10);
  assertEquals(second.poll(rt.cx), Pending);
  first.cancel(); // finished long ago: not the timer of the second
  assertEquals(rt.timers.size, 1);
  assertEquals(finish(rt, second), { due: 20, at: 20 });
});

Deno.test("ticks that are overdue give way when the budget is used up", () => {
  const rt = new VirtualRuntime();
  const every = interval(1, { missed: "burst" });
  finish(rt, every.tick());
  rt.time = 50;
  const tick = every.tick();
  rt.cx.budget = 0;
  tick.poll(rt.cx);
  rt.timers.turn();
  assertEquals(tick.poll(rt.cx), Pending);
  assertEquals(rt.deferred, [rt.waker]);
  rt.cx.budget = POLL_BUDGET;
  assertEquals(tick.poll(rt.cx), 2);
  assertEquals(rt.cx.budget, POLL_BUDGET - 1);
});
