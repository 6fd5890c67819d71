import { assert, assertEquals, assertMatch } from "@std/assert";
import { explore } from "./explore.ts";
import type { Model, Round, Thread } from "./model.ts";
import { ScheduleError } from "./schedule.ts";

function thread(name: string, ...rounds: Round[]): Thread {
  return { name, rounds };
}

Deno.test("steps that commute are tried in one order only, if so desired", () => {
  const model: Model = {
    words: 3,
    threads: [0, 1, 2].map((at) =>
      thread(`${at}`, ({ atomics, world }) => {
        for (let i = 0; i < 5; i++) atomics.add(world, at, 1);
      })
    ),
  };
  assertEquals(explore(model).states, 216);
  const { schedules, states, ends } = explore(model, { reduce: true });
  assertEquals({ schedules, states, ends }, {
    schedules: 1n,
    states: 16,
    ends: 1,
  });
});

Deno.test("loads of one word commute", () => {
  const reader: Round = ({ atomics, world }) => {
    for (let i = 0; i < 5; i++) atomics.load(world, 0);
  };
  const model = {
    words: 1,
    threads: [thread("a", reader), thread("b", reader)],
  };
  assertEquals(explore(model, { reduce: true }).schedules, 1n);
});

Deno.test("a compare-and-swap that fails commutes with a load, one that succeeds does not", () => {
  const swap = (expected: number): Round => ({ atomics, world }) =>
    atomics.compareExchange(world, 0, expected, 5);
  const load: Round = ({ atomics, world }) => atomics.load(world, 0);
  const model = (expected: number) => ({
    words: 1,
    threads: [thread("a", swap(expected)), thread("b", load)],
  });
  assertEquals(explore(model(1), { reduce: true }).schedules, 1n);
  assertEquals(explore(model(0), { reduce: true }), {
    schedules: 2n,
    states: 5,
    ends: 2,
    outcomes: ["0,0", "0,5"],
  });
});

Deno.test("leaving out what commutes misses no end of random models", () => {
  let seed = 1;
  const random = (n: number) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    return Math.floor(seed / 2 ** 32 * n);
  };
  let [all, reduced] = [0, 0];
  for (let i = 0; i < 150; i++) {
    const words = 2 + random(3);
    const threads = Array.from({ length: 2 + random(2) }, (_, i) => {
      const steps = Array.from({ length: 2 + random(3) }, () => ({
        kind: random(5),
        at: random(words),
        value: random(3),
      }));
      return thread(`${i}`, ({ atomics, world, loadUntil }) => {
        let sum = 0;
        for (const { kind, at, value } of steps) {
          if (kind === 0) sum += atomics.load(world, at);
          if (kind === 1) atomics.store(world, at, value);
          if (kind === 2) sum += 3 * atomics.add(world, at, value);
          if (kind === 3) {
            sum += atomics.compareExchange(world, at, value, sum % 3);
          }
          // Only half of them can get stuck.
          if (kind === 4) loadUntil(at, (v) => v !== value || i % 2 === 0);
        }
        return sum;
      });
    });
    const seen = (reduce: boolean) => {
      const ends = new Set<string>();
      const check: Model["check"] = ({ world, results }) => {
        ends.add(`${world.join()} ${results.join()}`);
      };
      try {
        const found = explore({ words, threads, check }, { reduce });
        assertEquals(found.ends, ends.size);
        if (reduce) reduced += found.states;
        else all += found.states;
        return [...ends].sort();
      } catch (error) {
        assert(error instanceof ScheduleError);
        assertMatch(error.message, /^Deadlock/);
        return "deadlock";
      }
    };
    assertEquals(seen(true), seen(false), `model ${i}`);
  }
  assert(reduced < 0.7 * all, `${reduced} states instead of ${all}`);
});
