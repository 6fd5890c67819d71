import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  type AtomicWords,
  Parking,
  PARKING_BYTES,
} from "../../src/reactor/parking.ts";
import {
  type Exploration,
  explore,
  type Program,
  type Step,
} from "./explore.ts";

/** The word of a parking place that counts the notifiers inside it. */
const NOTIFIERS = 1;
/** After the parking place: how much work was handed over, */
const WORK = PARKING_BYTES / 4;
/** whether a signal waits to be taken by a wait, */
const SIGNAL = WORK + 1;
/** whether the backend is closed, */
const GONE = WORK + 2;
/** and whether a wait off the thread is under way (1), or has ended (2). */
const OFF_THREAD = WORK + 3;

function newWorld(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(PARKING_BYTES + 16));
}

type Words = Int32Array;

/** The operations on shared memory, each of them one step of the exploration. */
function stepping(step: Step): AtomicWords {
  function change(words: Words, at: number, next: (old: number) => number) {
    return step(() => {
      const old = words[at]!;
      words[at] = next(old);
      return old;
    });
  }
  return {
    // Only `close` reads this word, in a loop until it is 0. Readings before the
    // last change nothing, so the loop counts as being blocked.
    load: (words: Words, at: number) =>
      step(
        () => words[at]!,
        at === NOTIFIERS ? () => words[at] === 0 : undefined,
      ),
    store: (words: Words, at: number, value: number) => {
      change(words, at, () => value);
      return value;
    },
    add: (words: Words, at: number, n: number) =>
      change(words, at, (v) => v + n),
    sub: (words: Words, at: number, n: number) =>
      change(words, at, (v) => v - n),
    exchange: (words: Words, at: number, value: number) =>
      change(words, at, () => value),
    compareExchange: (words: Words, at: number, old: number, value: number) =>
      change(words, at, (v) => v === old ? value : v),
  } as unknown as AtomicWords;
}

type MakeAtomics = (step: Step) => AtomicWords;

function parkingIn(
  world: Int32Array,
  step: Step,
  atomics: MakeAtomics = stepping,
): Parking {
  return new Parking(
    { memory: world.buffer as SharedArrayBuffer, at: 0 },
    atomics(step),
  );
}

/** Takes the signal, as a wait in the backend does. */
function takeSignal(world: Int32Array): number {
  world[SIGNAL] = 0;
  return 0;
}

/** A thread that sleeps until all the work was handed over, as a reactor does. */
function sleeper(
  world: Int32Array,
  work: number,
  atomics?: MakeAtomics,
): Program {
  return (step) => {
    const parking = parkingIn(world, step, atomics);
    while (step(() => world[WORK]!) < work) {
      const mustWait = parking.park();
      step(
        () => takeSignal(world),
        mustWait ? () => world[SIGNAL] === 1 : undefined,
      );
      parking.unpark();
    }
  };
}

/** A thread that hands over a piece of work and notifies the sleeper. */
function notifier(world: Int32Array): Program {
  return (step) => {
    const parking = parkingIn(world, step);
    step(() => ++world[WORK]!);
    const wasGone = step(() => world[GONE]!);
    const told = parking.notify(() => {
      step(() => {
        if (world[GONE] === 1) throw new Error("a signal after close");
        return world[SIGNAL] = 1;
      });
    });
    if (wasGone === 1) assertEquals(told, false);
  };
}

/** A thread that waits at most once, and gives its parking place up. */
function closer(world: Int32Array, atomics?: MakeAtomics): Program {
  return (step) => {
    const parking = parkingIn(world, step, atomics);
    parking.park();
    parking.unpark();
    parking.close();
    step(() => world[GONE] = 1);
  };
}

for (
  const { work, schedules, states } of [
    { work: 1, schedules: 31, states: 54 },
    { work: 2, schedules: 7_349_060, states: 19_627 },
  ]
) {
  Deno.test(`no order of the steps of a sleeper and ${work} notifiers loses a wake`, () => {
    const world = newWorld();
    const notifiers = Array.from({ length: work }, () => notifier(world));
    assertEquals(explore(world, [sleeper(world, work), ...notifiers]), {
      schedules,
      states,
      stuck: [],
    });
  });
}

for (
  const { notifiers, schedules, states } of [
    { notifiers: 1, schedules: 182, states: 155 },
    { notifiers: 2, schedules: 4_917_170, states: 44_898 },
  ]
) {
  Deno.test(`no order of the steps of a closing thread and ${notifiers} notifiers signals a closed reactor`, () => {
    const world = newWorld();
    const threads = Array.from({ length: notifiers }, () => notifier(world));
    assertEquals(explore(world, [closer(world), ...threads]), {
      schedules,
      states,
      stuck: [],
    });
  });
}

Deno.test("the exploration counts the orders of independent steps as the binomial does", () => {
  const steps = (n: number): Program => (step) => {
    for (let i = 0; i < n; i++) step(() => 0);
  };
  assertEquals(explore(new Int32Array(1), [steps(2), steps(2)]).schedules, 6);
  assertEquals(explore(new Int32Array(1), [steps(4), steps(6)]).schedules, 210);
});

Deno.test("the exploration finds the lost wake of a sleeper that looks and parks in two steps", () => {
  const world = newWorld();
  const torn: MakeAtomics = (step) => ({
    ...stepping(step),
    compareExchange: (words: Words, at: number, old: number, value: number) => {
      const seen = step(() => words[at]!);
      if (seen === old) step(() => words[at] = value);
      return seen;
    },
  } as unknown as AtomicWords);
  const { stuck } = explore(world, [sleeper(world, 1, torn), notifier(world)]);
  assert(stuck.length > 0);
});

Deno.test("the exploration finds the late signal of a close that does not wait for notifiers", () => {
  const world = newWorld();
  const hasty: MakeAtomics = (step) => ({
    ...stepping(step),
    load: (words: Words, at: number) =>
      at === NOTIFIERS ? 0 : step(() => words[at]!),
  } as unknown as AtomicWords);
  assertThrows(
    () => explore(world, [closer(world, hasty), notifier(world)]),
    Error,
    "a signal after close",
  );
});

/** A wait off the thread, begun again each time the sleeper asks for it. */
function offThreadWait(world: Int32Array, waits: number): Program {
  return (step) => {
    for (let i = 0; i < waits; i++) {
      step(() => {
        takeSignal(world);
        return world[OFF_THREAD] = 2;
      }, () => world[OFF_THREAD] === 1 && world[SIGNAL] === 1);
    }
  };
}

type Look = (parking: Parking) => unknown;

/**
 * A thread whose wait is off the thread, and which looks in between, as the
 * executor on Deno's loop does. When it has all its work it ends its own wait.
 */
function hostedSleeper(
  world: Int32Array,
  { work, look }: { work: number; look: Look },
): Program {
  return (step) => {
    const parking = parkingIn(world, step);
    const endWait = () => void step(() => world[SIGNAL] = 1);
    while (step(() => world[WORK]!) < work) {
      if (!parking.park()) {
        parking.unpark();
        continue;
      }
      step(() => world[OFF_THREAD] = 1);
      // What the wait needs to end may be taken by the look.
      step(() => takeSignal(world));
      look(parking);
      if (step(() => world[WORK]!) >= work) parking.notify(endWait);
      step(() => 0, () => world[OFF_THREAD] === 2);
      parking.unpark();
    }
  };
}

function exploreHosted(look: Look): Exploration {
  const world = newWorld();
  const sleeper = hostedSleeper(world, { work: 1, look });
  return explore(world, [sleeper, notifier(world)], [offThreadWait(world, 2)]);
}

Deno.test("no order of the steps of a wait off the thread, a look in between and a notifier loses a wake", () => {
  assertEquals(exploreHosted((parking) => parking.repark()), {
    schedules: 322_786,
    states: 1_039,
    stuck: [],
  });
});

Deno.test("the exploration finds the lost wake of a look that ends the parking of a wait off the thread", () => {
  const { stuck } = exploreHosted((parking) => {
    if (parking.isNotified) parking.unpark();
  });
  assert(stuck.length > 0);
});
