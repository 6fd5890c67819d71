import { assert, assertEquals } from "@std/assert";
import { NO_TIMER, TimerTable } from "../src/time/timer_table.ts";
import { HEADS, MAX_TICK, Wheel } from "../src/time/wheel.ts";
import { seededRandom, shuffle } from "./time_support.ts";

/** A wheel at a tick, with a table of its own. */
function wheelAt(tick: number) {
  const table = new TimerTable(HEADS);
  const wheel = new Wheel(table);
  wheel.pop(tick);
  return {
    table,
    wheel,
    insert(deadline: number): number {
      const timer = table.add(null);
      wheel.insert(timer, deadline);
      return timer;
    },
    /** Everything due at a tick, in order. */
    popAll(now: number): number[] {
      const popped: number[] = [];
      for (;;) {
        const timer = wheel.pop(now);
        if (timer === NO_TIMER) return popped;
        popped.push(timer);
      }
    },
  };
}

/** Ticks from which 32-bit, top-level and 53-bit boundaries are soon crossed. */
const STARTS = [
  0,
  2 ** 30 - 5,
  2 ** 31 - 5,
  2 ** 32 - 5,
  2 ** 36 - 5,
  3 * 2 ** 36 + 2 ** 30 - 5,
  2 ** 52 - 5,
  2 ** 53 - 2 ** 38,
];

Deno.test("each of three levels' ticks gives exactly its timer when the wheel goes tick by tick", () => {
  const { wheel, insert, popAll } = wheelAt(0);
  const end = 64 ** 3;
  const timers = Array.from({ length: end }, (_, tick) => insert(tick));
  for (let tick = 0; tick < end; tick++) {
    const popped = popAll(tick);
    if (popped.length !== 1 || popped[0] !== timers[tick]) {
      assertEquals(popped, [timers[tick]], `tick ${tick}`);
    }
  }
  assertEquals(wheel.size, 0);
  assertEquals(wheel.nextExpiration(), Infinity);
});

Deno.test("uneven advances and a tick processed twice give a timer once, at its tick", () => {
  for (const start of STARTS) {
    const { insert, popAll } = wheelAt(start);
    const timer = insert(start + 193);
    for (const tick of [62, 192, 192]) {
      assertEquals(popAll(start + tick), [], `${start} + ${tick}`);
    }
    assertEquals(popAll(start + 193), [timer]);
    assertEquals(popAll(start + 193), []);
  }
});

Deno.test("a timer on the first tick of a slot of any level fires once, at that tick", () => {
  for (const start of STARTS) {
    for (let level = 1; level <= 5; level++) {
      const unit = 64 ** level;
      const boundary = (Math.floor(start / unit) + 1) * unit;
      for (const before of [1, 2, 63, 64]) {
        const { wheel, insert, popAll } = wheelAt(
          Math.max(start, boundary - before),
        );
        const at = insert(boundary);
        const behind = insert(boundary + 1);
        assertEquals(popAll(boundary - 1), []);
        assertEquals(popAll(boundary), [at], `${start}, level ${level}`);
        assertEquals(popAll(boundary + 1), [behind]);
        assertEquals(wheel.size, 0);
      }
    }
  }
});

Deno.test("a timer on a slot's first tick can be taken out or moved at that very tick", () => {
  for (const unit of [64, 64 ** 2, 64 ** 5]) {
    const { wheel, insert, popAll } = wheelAt(unit - 1);
    const timers = [insert(unit), insert(unit), insert(unit), insert(unit + 1)];
    assertEquals(wheel.pop(unit), timers[0]);
    assertEquals(wheel.elapsed, unit);
    // Due, and not popped yet.
    wheel.cancel(timers[1]!);
    wheel.cancel(timers[2]!);
    wheel.insert(timers[2]!, unit + 1);
    assertEquals(popAll(unit), []);
    assertEquals(popAll(unit + 1), [timers[3], timers[2]]);
    assertEquals(wheel.nextExpiration(), Infinity);
  }
});

Deno.test("one jump over all levels gives every timer once, in the order of the deadlines", () => {
  for (const start of STARTS) {
    const { insert, popAll } = wheelAt(start);
    const deadlines: number[] = [];
    for (let level = 0; level <= 6; level++) {
      for (const digit of [1, 2, 31, 32, 33, 62, 63]) {
        for (const offset of [-1, 0, 1]) {
          deadlines.push(start + digit * 64 ** level + offset);
        }
      }
    }
    const inRange = deadlines.filter((tick) => tick <= MAX_TICK);
    const random = seededRandom(start);
    const deadlineOf = new Map<number, number>();
    for (const tick of shuffle(inRange, random)) {
      deadlineOf.set(insert(tick), tick);
    }
    const popped = popAll(MAX_TICK).map((timer) => deadlineOf.get(timer)!);
    // What was due from the start comes first, whatever its deadline.
    const expected = inRange.filter((tick) => tick > start).sort((a, b) =>
      a - b
    );
    assertEquals(popped.slice(popped.length - expected.length), expected);
    assertEquals(popped.length, inRange.length);
  }
});

Deno.test("equal deadlines fire in the order of insertion, however far ahead each was inserted", () => {
  for (const start of STARTS) {
    const deadline = start + 64 ** 4 + 64 ** 3 + 64 ** 2 + 64 + 1;
    const { insert, popAll } = wheelAt(start);
    const order: number[] = [];
    // Each from closer, so that it comes in at another level.
    for (const distance of [64 ** 4, 64 ** 3, 64 ** 2, 130, 64, 2, 1]) {
      assertEquals(popAll(deadline - distance), []);
      order.push(insert(deadline), insert(deadline));
    }
    assertEquals(popAll(deadline), order, `start ${start}`);
  }
});

Deno.test("a deadline beyond the top level is looked at once a round, is never early, and ends", () => {
  const round = 2 ** 36;
  for (const start of [0, 5, 2 ** 30, 2 ** 36 - 1, 2 ** 40 + 12_345]) {
    for (const rounds of [1, 2, 3, 10]) {
      const { wheel, insert, popAll } = wheelAt(start);
      const far = insert(start + rounds * round + 7);
      const near = insert(start + 100);
      assertEquals(popAll(start + 100), [near]);
      let looks = 0;
      for (;;) {
        const next = wheel.nextExpiration();
        assert(next > wheel.elapsed, "the wheel stands still");
        assert(next <= start + rounds * round + 7);
        looks++;
        const popped = popAll(next);
        if (popped.length === 0) continue;
        assertEquals(popped, [far]);
        assertEquals(wheel.elapsed, start + rounds * round + 7);
        break;
      }
      assert(looks <= rounds + 6, `${looks} looks in ${rounds} rounds`);
    }
  }
});

Deno.test("far deadlines in one slot of the top level leave it in their own rounds", () => {
  const slot = 17 * 2 ** 30;
  const { insert, popAll } = wheelAt(2 ** 30);
  const third = insert(slot + 2 * 2 ** 36);
  const first = insert(slot);
  const second = insert(slot + 2 ** 36);
  assertEquals(popAll(slot), [first]);
  // Now their slot is the current one: a whole round away, not due.
  assertEquals(popAll(slot + 2 ** 36 - 1), []);
  assertEquals(popAll(slot + 2 ** 36), [second]);
  assertEquals(popAll(slot + 2 * 2 ** 36 - 1), []);
  assertEquals(popAll(slot + 2 * 2 ** 36), [third]);
});

Deno.test("the last tick there is can be waited for", () => {
  const { wheel, insert, popAll } = wheelAt(MAX_TICK - 2 ** 37);
  const timer = insert(MAX_TICK);
  const before = insert(MAX_TICK - 1);
  assertEquals(popAll(MAX_TICK - 1), [before]);
  assertEquals(wheel.nextExpiration(), MAX_TICK);
  assertEquals(popAll(MAX_TICK), [timer]);
});

Deno.test("a lone timer is moved down at most once a level on its way", () => {
  for (const start of STARTS) {
    for (const distance of [1, 64, 5_000, 10_000, 10_000_000, 2 ** 35 + 3]) {
      const { wheel, insert } = wheelAt(start);
      insert(start + distance);
      let looks = 0;
      while (wheel.pop(wheel.nextExpiration()) === NO_TIMER) looks++;
      assertEquals(wheel.elapsed, start + distance);
      assert(looks <= 5, `${looks} looks for ${distance} from ${start}`);
    }
  }
});

Deno.test("a cancelled timer leaves its slot and the masks empty", () => {
  for (const start of STARTS) {
    const { wheel, table, insert } = wheelAt(start);
    for (let level = 0; level <= 6; level++) {
      const deadline = Math.min(start + 3 * 64 ** level, MAX_TICK);
      const timers = [insert(deadline), insert(deadline), insert(deadline)];
      for (const which of [1, 0, 2]) {
        assert(wheel.nextExpiration() <= deadline);
        wheel.cancel(timers[which]!);
        table.remove(timers[which]!);
      }
      assertEquals(wheel.nextExpiration(), Infinity);
      assertEquals(wheel.size, 0);
      assertEquals(table.count, 0);
    }
  }
});

Deno.test("what is inserted with a deadline already reached comes with the next pop", () => {
  const { wheel, table, insert, popAll } = wheelAt(1_000);
  const later = insert(1_001);
  const past = table.add(null);
  assertEquals(wheel.insert(past, 999), false);
  const now = table.add(null);
  assertEquals(wheel.insert(now, 1_000), false);
  assertEquals(wheel.nextExpiration(), 1_000);
  assertEquals(popAll(0), [past, now]);
  assertEquals(popAll(1_001), [later]);
});

Deno.test("all can be taken out of the wheel, whatever their deadlines", () => {
  for (const start of STARTS) {
    const { wheel, insert } = wheelAt(start);
    const timers = new Set<number>();
    for (let level = 0; level <= 6; level++) {
      for (const digit of [0, 1, 63]) {
        timers.add(insert(Math.min(start + digit * 64 ** level, MAX_TICK)));
      }
    }
    const size = timers.size;
    for (let i = 0; i < size; i++) assert(timers.delete(wheel.takeAny()));
    assertEquals(wheel.takeAny(), NO_TIMER);
    assertEquals(wheel.size, 0);
    assertEquals(wheel.nextExpiration(), Infinity);
  }
});

Deno.test("the table uses the rows of removed timers again and gives a crowd's memory back", () => {
  const table = new TimerTable(3);
  const capacity = table.capacity;
  const few = Array.from({ length: 10 }, () => table.add(null));
  assertEquals(new Set(few).size, 10);
  for (const row of few) table.remove(row);
  const again = Array.from({ length: 10 }, () => table.add(null));
  assertEquals(again.sort(), few.sort());

  const crowd = Array.from({ length: 10 * capacity }, () => table.add(null));
  assertEquals(new Set([...crowd, ...again]).size, 10 * capacity + 10);
  assert(table.capacity > 10 * capacity);
  for (const row of [...crowd, ...again]) table.remove(row);
  assertEquals(table.count, 0);
  assertEquals(table.capacity, capacity);
  assert([0, 1, 2].every((head) => table.isEmpty(head)));
});
