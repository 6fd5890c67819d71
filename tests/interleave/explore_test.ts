import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { explore, type ExploreOptions } from "./explore.ts";
import { again, type Model, type Round, type Thread } from "./model.ts";
import {
  decodeSchedule,
  encodeSchedule,
  replay,
  ScheduleError,
} from "./schedule.ts";

function thread(name: string, ...rounds: Round[]): Thread {
  return { name, rounds };
}

/** So many steps that concern nobody else. */
function idleSteps(n: number): Round {
  return ({ step }) => {
    for (let i = 0; i < n; i++) step("nothing", () => 0, { reads: [] });
  };
}

/** The failure that exploring a model must find. */
function failureOf(model: Model, options?: ExploreOptions): ScheduleError {
  return assertThrows(() => explore(model, options), ScheduleError);
}

const increment: Round = ({ atomics, world }) => {
  atomics.store(world, 0, atomics.load(world, 0) + 1);
};

/** Two threads that count in one word, by a load and a store. */
const torn: Model = {
  words: 1,
  names: { COUNT: 0 },
  threads: [thread("left", increment), thread("right", increment)],
  check: ({ world }) => assert(world[0] === 2, "one was lost"),
};

/** A waiter that looks and then sleeps; the waker sets FLAG, then maybe wakes. */
function sleepAndWake(looksAgain: boolean): Model {
  const [FLAG, ASLEEP, SIGNAL] = [0, 1, 2];
  return {
    words: 3,
    names: { FLAG, ASLEEP, SIGNAL },
    threads: [
      thread("waiter", ({ atomics, world, loadUntil }) => {
        if (atomics.load(world, FLAG) === 1) return;
        atomics.store(world, ASLEEP, 1);
        if (looksAgain && atomics.load(world, FLAG) === 1) return;
        loadUntil(SIGNAL, (value) => value === 1);
      }),
      thread("waker", ({ atomics, world }) => {
        atomics.store(world, FLAG, 1);
        if (atomics.load(world, ASLEEP) === 1) atomics.store(world, SIGNAL, 1);
      }),
    ],
  };
}

Deno.test("the exploration counts the orders of independent steps as the binomial does", () => {
  const count = (...lengths: number[]) =>
    explore({
      words: 1,
      threads: lengths.map((n) => thread(`${n} steps`, idleSteps(n))),
    }).schedules;
  assertEquals(count(2, 2), 6n);
  assertEquals(count(4, 6), 210n);
  assertEquals(count(1, 1, 1), 6n);
  // 60! / (20!)³ is far beyond what a double holds.
  assertEquals(count(20, 20, 20), 577831214478475823831865900n);
});

Deno.test("the exploration counts the schedules with a bound on preemptions", () => {
  const model: Model = {
    words: 1,
    threads: [thread("a", idleSteps(2)), thread("b", idleSteps(2))],
  };
  const count = (preemptions: number) =>
    explore(model, { preemptions }).schedules;
  // aabb bbaa; abba baab; abab baba.
  assertEquals([count(0), count(1), count(2), count(3)], [2n, 4n, 6n, 6n]);
});

Deno.test("rounds that end alike lead to one state, whatever went before", () => {
  const look: Round = ({ atomics, world }) => {
    atomics.load(world, 0);
  };
  const write: Round = ({ atomics, world }) => {
    for (let i = 1; i <= 3; i++) atomics.store(world, 0, i);
  };
  const one: Round = (steps, carried) => {
    look(steps, carried);
    look(steps, carried);
  };
  const inOne = [thread("a", one), thread("b", write)];
  const inTwo = [thread("a", look, look), thread("b", write)];
  const inTurns = [
    thread("a", (steps, n) => {
      look(steps, n);
      return n < 1 ? again(n + 1) : 0;
    }),
    thread("b", write),
  ];
  const [a, b, c] = [inOne, inTwo, inTurns].map((threads) =>
    explore({ words: 1, threads })
  );
  assertEquals([a!.schedules, b!.schedules, c!.schedules], [10n, 10n, 10n]);
  assertEquals([a!.states, b!.states, c!.states], [18, 12, 12]);
});

Deno.test("the exploration shows how a torn increment loses a count", () => {
  const error = failureOf(torn);
  assertEquals(error.schedule, "a b2 a");
  assertEquals(
    error.message.split("\n").slice(1),
    [
      "",
      "  left   load  COUNT  = 0",
      "  right  load  COUNT  = 0",
      "  right  store  COUNT  1",
      "  left   store  COUNT  1",
      "",
      'to replay: "a b2 a"',
      "",
    ],
  );
  assertMatch(error.message, /^At the end: one was lost/);
  failureOf(torn, { reduce: true });
  failureOf(torn, { preemptions: 1 });
  assertEquals(explore(torn, { preemptions: 0 }).schedules, 2n);
});

Deno.test("a schedule that has failed fails again when it is replayed, and others do not", () => {
  const { message, schedule } = failureOf(torn);
  const again = assertThrows(() => replay(torn, schedule), ScheduleError);
  assertEquals(again.message, message);
  const { lines, end, isEnd } = replay(torn, "b2 a2");
  assertEquals(lines.at(-1), "left   store  COUNT  2");
  assertEquals([end.world[0], isEnd], [2, true]);
  assertEquals(replay(torn, "b").isEnd, false);
});

Deno.test("a schedule is read as it was written, and refused if it fits no run of the model", () => {
  const threads = [0, 0, 0, 1, 0, 1, 1, 2];
  assertEquals(encodeSchedule(threads), "a3 b a b2 c");
  assertEquals(decodeSchedule("a3 b a b2 c"), threads);
  assertEquals(decodeSchedule(encodeSchedule([])), []);
  assertThrows(() => decodeSchedule("a3 3b"), TypeError, '"3b"');
  assertThrows(() => replay(torn, "a3"), ScheduleError, '"left" cannot move');
  assertThrows(() => replay(torn, "c"), RangeError, "no thread 2");
});

Deno.test("the exploration finds a lost wake-up, and none where the sleeper looks again", () => {
  for (const reduce of [false, true]) {
    const { message } = failureOf(sleepAndWake(false), { reduce });
    assertMatch(message, /^Deadlock: "waiter" \(before load SIGNAL\) wait/);
    assertEquals(explore(sleepAndWake(true), { reduce }).ends > 0, true);
  }
});

Deno.test("a failed attempt that is forgotten leads to no other schedules, and fewer states", () => {
  const model = (forgets: boolean, reuses: boolean): Model => {
    const count: Round = ({ atomics, world, retry }) => {
      const attempt = () => {
        let old = atomics.load(world, 0);
        for (;;) {
          const seen = atomics.compareExchange(world, 0, old, old + 1);
          if (seen === old) return old;
          old = reuses ? seen : atomics.load(world, 0);
        }
      };
      return forgets ? retry(0, attempt, { reuses }) : attempt();
    };
    return {
      words: 1,
      threads: ["a", "b", "c"].map((name) => thread(name, count, count)),
      check: ({ world }) => assertEquals(world[0], 6),
    };
  };
  for (const reuses of [false, true]) {
    const { states, ...all } = explore(model(false, reuses));
    const { states: fewer, ...same } = explore(model(true, reuses));
    assertEquals(same, all);
    assert(fewer < 0.7 * states, `${fewer} states instead of ${states}`);
  }
});

Deno.test("servants may wait when the others have ended", () => {
  const { schedules } = explore({
    words: 1,
    threads: [
      thread("client", ({ atomics, world }) => {
        atomics.store(world, 0, 1);
      }),
      {
        name: "server",
        isServant: true,
        rounds: [({ step, world }) => {
          step("serve", () => void (world[0] = 0), {
            when: () => world[0] === 1,
          });
          return again();
        }],
      },
    ],
  });
  assertEquals(schedules, 1n);
});

Deno.test("threads that undo each other's work for ever are reported", () => {
  const turn = (from: number, to: number): Round => ({ atomics, world }) => {
    atomics.compareExchange(world, 0, from, to);
    return atomics.load(world, 0) === 2 ? 0 : again();
  };
  const model = {
    words: 1,
    threads: [thread("a", turn(0, 1)), thread("b", turn(1, 0))],
  };
  assertMatch(failureOf(model).message, /^Livelock/);
  assertMatch(failureOf(model, { reduce: true }).message, /^Livelock/);
});

Deno.test("a loop that waits for another thread by reading is reported as endless", () => {
  const model = (isDeclared: boolean): Model => ({
    words: 1,
    threads: [
      thread("reader", ({ atomics, world, loadUntil }) => {
        if (isDeclared) loadUntil(0, (value) => value === 1);
        else while (atomics.load(world, 0) !== 1);
      }),
      thread("writer", ({ atomics, world }) => {
        atomics.store(world, 0, 1);
      }),
    ],
  });
  const { message } = failureOf(model(false), { maxSteps: 20 });
  assertMatch(message, /^Endless: more than 20 steps/);
  assertEquals(explore(model(true)).schedules, 1n);
});

Deno.test("what a program or a step throws is shown with the schedule that leads to it", () => {
  const model = (fail: Round): Model => ({
    words: 1,
    threads: [
      thread("thrower", fail),
      thread("setter", ({ atomics, world }) => {
        atomics.store(world, 0, 1);
      }),
    ],
  });
  const inProgram = failureOf(model(({ atomics, world }) => {
    assertEquals(atomics.load(world, 0), 0, "seen");
  }));
  assertMatch(inProgram.message, /^"thrower" failed: .*seen/);
  assertEquals(inProgram.schedule, "b a");
  const inStep = failureOf(model(({ step, world }) => {
    step("must be 0", () => assertEquals(world[0], 0, "not 0"));
  }));
  assertMatch(inStep.message, /^After a step of "thrower": .*not 0/);
  assertStringIncludes(inStep.message, "thrower  must be 0  failed");
});

Deno.test("a `finally` takes its steps when the program throws, and none when it is replayed", () => {
  const { outcomes } = explore({
    words: 1,
    threads: [thread("a", ({ atomics, world }) => {
      try {
        try {
          atomics.add(world, 0, 1);
          if (atomics.add(world, 0, 1) === 1) throw new Error("expected");
        } finally {
          atomics.sub(world, 0, 2);
        }
      } catch (error) {
        if (!(error instanceof Error)) throw error;
      }
      return atomics.load(world, 0) + 7;
    })],
  });
  assertEquals(outcomes, ["7"]);
});

Deno.test("a program that is not deterministic, or changes memory outside of steps, is refused", () => {
  let calls = 0;
  const fickle: Model = {
    words: 2,
    threads: [thread("a", ({ atomics, world }) => {
      atomics.load(world, calls++ % 2);
      atomics.load(world, 0);
    })],
  };
  assertMatch(failureOf(fickle).message, /not deterministic/);
  const rash: Model = {
    words: 1,
    threads: [thread("a", ({ atomics, world }) => {
      atomics.load(world, 0);
      world[0] = 1;
    })],
  };
  assertMatch(failureOf(rash).message, /outside of a step/);
});

Deno.test("ordinary reads and writes are steps, and those that race are reported", () => {
  const model = (isReadAtomic: boolean, races: number[] = []): Model => ({
    words: 2,
    names: { DATA: 1 },
    races,
    threads: [
      thread("writer", ({ atomics, words }) => {
        words[1] = 5;
        atomics.store(words, 0, 1);
      }),
      thread("reader", ({ atomics, words }) => {
        if (isReadAtomic && atomics.load(words, 0) === 0) return -1;
        return words[1]!;
      }),
    ],
  });
  assertEquals(explore(model(true)).outcomes, ["0,-1", "0,5"]);
  assertMatch(
    failureOf(model(false)).message,
    /^Data race: "writer" \(write\) and "reader" \(read\) touch DATA at once/,
  );
  assertEquals(explore(model(false, [1])).outcomes, ["0,0", "0,5"]);
});
