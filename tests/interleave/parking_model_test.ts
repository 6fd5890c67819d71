import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { Parking, PARKING_BYTES } from "../../src/reactor/parking.ts";
import { explore } from "./explore.ts";
import type { Model, Round, SteppedAtomics, Steps, Thread } from "./model.ts";
import { Places } from "./places.ts";
import { ScheduleError } from "./schedule.ts";
import { tornAtomics } from "./weakened.ts";

const places = new Places();
const PLACE = places.block("", PARKING_BYTES / 4, { STATE: 0, NOTIFIERS: 1 });
const NOTIFIERS = PLACE + 1;
/** How much work was handed over, */
const WORK = places.word("WORK");
/** whether a signal waits to be taken by a wait, */
const SIGNAL = places.word("SIGNAL");
/** whether the backend is closed, */
const GONE = places.word("GONE");
/** and whether a wait off the thread is under way (1), or has ended (2). */
const OFF_THREAD = places.word("OFF THREAD");

type Weaken = (steps: Steps) => SteppedAtomics;

function parkingOf(steps: Steps, weaken?: Weaken): Parking {
  const memory = steps.world.buffer as SharedArrayBuffer;
  const atomics = weaken?.(steps) ?? {
    ...steps.atomics,
    // Only `close` reads this word, in a loop until it is 0.
    load: (words: Int32Array, index: number) =>
      index === 1
        ? steps.loadUntil(NOTIFIERS, (value) => value === 0)
        : steps.atomics.load(words, index),
  } as SteppedAtomics;
  return new Parking({ memory, at: PLACE }, atomics);
}

function modelOf(...threads: Thread[]): Model {
  return { words: places.words, names: places.names, threads };
}

/** Waits in the backend: until there is a signal, or not at all. */
function wait({ step, world }: Steps, mustWait: boolean): void {
  step("wait", () => void (world[SIGNAL] = 0), {
    ...(mustWait ? { when: () => world[SIGNAL] === 1 } : {}),
    reads: [SIGNAL],
    writes: [SIGNAL],
  });
}

/** A thread that sleeps until all the work was handed over, as a reactor does. */
function sleeper(work: number, weaken?: Weaken): Thread {
  const round: Round = (steps) => {
    const { atomics, world } = steps;
    const parking = parkingOf(steps, weaken);
    while (atomics.load(world, WORK) < work) {
      wait(steps, parking.park());
      parking.unpark();
    }
  };
  return { name: "sleeper", rounds: [round] };
}

interface NotifierOptions {
  /** Leaves it to the sleeper to look for the work once it has parked. */
  readonly onlyIfParked?: boolean;
}

/** Threads that each hand over a piece of work and notify the sleeper. */
function notifiers(
  count: number,
  { onlyIfParked = false }: NotifierOptions = {},
): Thread[] {
  const notify: Round = (steps) => {
    const { atomics, step, world } = steps;
    const parking = parkingOf(steps);
    const wasGone = atomics.load(world, GONE);
    const signal = () => {
      step("signal", () => {
        if (world[GONE] === 1) throw new Error("a signal after close");
        world[SIGNAL] = 1;
      }, { reads: [GONE], writes: [SIGNAL] });
    };
    if (onlyIfParked) parking.notifyIfParked(signal);
    else {
      const told = parking.notify(signal);
      if (wasGone === 1) assertEquals(told, false, "nobody was told");
    }
  };
  const handOver: Round = ({ atomics, world }) => {
    atomics.add(world, WORK, 1);
  };
  return Array.from({ length: count }, (_, i) => ({
    name: `notifier ${i + 1}`,
    rounds: [handOver, notify],
  }));
}

/** A thread that waits at most once, and gives its parking place up. */
function closer(weaken?: Weaken): Thread {
  const round: Round = (steps) => {
    const parking = parkingOf(steps, weaken);
    parking.park();
    parking.unpark();
    parking.close();
    steps.atomics.store(steps.world, GONE, 1);
  };
  return { name: "closer", rounds: [round] };
}

for (
  const { work, schedules } of [{ work: 1, schedules: 31n }, {
    work: 2,
    schedules: 7_349_060n,
  }]
) {
  Deno.test(`no order of the steps of a sleeper and ${work} notifiers loses a wake`, () => {
    const model = modelOf(sleeper(work), ...notifiers(work));
    assertEquals(explore(model).schedules, schedules);
  });
}

for (
  const { count, schedules } of [{ count: 1, schedules: 182n }, {
    count: 2,
    schedules: 4_917_170n,
  }]
) {
  Deno.test(`no order of the steps of a closing thread and ${count} notifiers signals a closed reactor`, () => {
    const model = modelOf(closer(), ...notifiers(count));
    assertEquals(explore(model).schedules, schedules);
  });
}

Deno.test("the model finds the lost wake of a sleeper that looks and parks in two steps", () => {
  const model = modelOf(sleeper(1, tornAtomics), ...notifiers(1));
  const error = assertThrows(() => explore(model), ScheduleError);
  assertMatch(error.message, /^Deadlock: "sleeper"/);
});

Deno.test("the model finds the late signal of a close that does not wait for notifiers", () => {
  const hasty: Weaken = ({ atomics }) => ({
    ...atomics,
    load: (words: Int32Array, index: number) =>
      index === 1 ? 0 : atomics.load(words, index),
  } as SteppedAtomics);
  const model = modelOf(closer(hasty), ...notifiers(1));
  assertThrows(() => explore(model), ScheduleError, "a signal after close");
});

/** A sleeper that parks first, and then looks for the work. */
function lookingSleeper(work: number, looksFirst = false): Thread {
  const round: Round = (steps) => {
    const { atomics, world } = steps;
    const parking = parkingOf(steps);
    for (;;) {
      const before = atomics.load(world, WORK);
      if (before === work) return;
      const isParked = parking.park();
      const seen = looksFirst ? before : atomics.load(world, WORK);
      wait(steps, isParked && seen < work);
      parking.unpark();
    }
  };
  return { name: "sleeper", rounds: [round] };
}

Deno.test("no order of the steps of a sleeper that looks when it has parked, and two who notify it if it has, loses a wake", () => {
  const rest = notifiers(2, { onlyIfParked: true });
  const model = modelOf(lookingSleeper(2), ...rest);
  assertEquals(explore(model).schedules, 365_817_822n);
});

Deno.test("the model finds the lost wake of a sleeper that looks before it parks, if it is notified only then", () => {
  const rest = notifiers(1, { onlyIfParked: true });
  const model = modelOf(lookingSleeper(1, true), ...rest);
  const error = assertThrows(() => explore(model), ScheduleError);
  assertMatch(error.message, /^Deadlock: "sleeper"/);
});

/** A wait off the thread, begun again each time the sleeper asks for it. */
const offThreadWait: Thread = {
  name: "off-thread wait",
  isServant: true,
  rounds: Array.from({ length: 2 }, (): Round => ({ step, world }) => {
    step("end of wait", () => {
      world[SIGNAL] = 0;
      world[OFF_THREAD] = 2;
    }, {
      when: () => world[OFF_THREAD] === 1 && world[SIGNAL] === 1,
      reads: [OFF_THREAD, SIGNAL],
      writes: [OFF_THREAD, SIGNAL],
    });
  }),
};

/**
 * A thread whose wait is off the thread, and which looks in between, as the
 * executor on Deno's loop does. When it has all its work it ends its own wait.
 */
function hosted(look: (parking: Parking) => unknown): Model {
  const round: Round = (steps) => {
    const { atomics, loadUntil, world } = steps;
    const parking = parkingOf(steps);
    while (atomics.load(world, WORK) < 1) {
      if (!parking.park()) {
        parking.unpark();
        continue;
      }
      atomics.store(world, OFF_THREAD, 1);
      // What the wait needs to end may be taken by the look.
      wait(steps, false);
      look(parking);
      if (atomics.load(world, WORK) >= 1) {
        parking.notify(() => void atomics.store(world, SIGNAL, 1));
      }
      loadUntil(OFF_THREAD, (value) => value === 2);
      parking.unpark();
    }
  };
  return modelOf(
    { name: "sleeper", rounds: [round] },
    ...notifiers(1),
    offThreadWait,
  );
}

Deno.test("no order of the steps of a wait off the thread, a look in between and a notifier loses a wake", () => {
  const { schedules } = explore(hosted((parking) => parking.repark()));
  assertEquals(schedules, 322_786n);
});

Deno.test("the model finds the lost wake of a look that ends the parking of a wait off the thread", () => {
  const model = hosted((parking) => {
    if (parking.isNotified) parking.unpark();
  });
  const error = assertThrows(() => explore(model), ScheduleError);
  assertMatch(error.message, /^Deadlock: "sleeper"/);
});
