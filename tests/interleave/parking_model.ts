import { Parking, PARKING_BYTES } from "../../src/reactor/parking.ts";
import { expect } from "./expect.ts";
import type { Model, Round, SteppedAtomics, Steps, Thread } from "./model.ts";
import { Places } from "./places.ts";

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

export type Weaken = (steps: Steps) => SteppedAtomics;

function parkingOf(steps: Steps, weaken?: Weaken): Parking {
  const memory = steps.world.buffer as SharedArrayBuffer;
  let looks = 0;
  const atomics = weaken?.(steps) ?? {
    ...steps.atomics,
    // Only `close` reads this word, again and again until it is 0.
    load: (words: Int32Array, index: number) =>
      index === 1 && looks++ > 0
        ? steps.loadUntil(NOTIFIERS, (value) => value === 0)
        : steps.atomics.load(words, index),
  } as SteppedAtomics;
  return new Parking({ memory, at: PLACE }, atomics);
}

export function modelOf(...threads: Thread[]): Model {
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
export function sleeper(work: number, weaken?: Weaken): Thread {
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
  /** Whether the place may be given up meanwhile. */
  readonly mayBeClosed?: boolean;
}

/** Threads that each hand over a piece of work and notify the sleeper. */
export function notifiers(
  count: number,
  { onlyIfParked = false, mayBeClosed = false }: NotifierOptions = {},
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
      expect(told || mayBeClosed, "it is told that there is nobody");
      if (wasGone === 1) expect(!told, "nobody was told");
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

/** A thread that gives its parking place up, in the middle of a wait or after one. */
export function closer(weaken?: Weaken, isAsleep = false): Thread {
  const round: Round = (steps) => {
    const parking = parkingOf(steps, weaken);
    parking.park();
    if (!isAsleep) parking.unpark();
    parking.close();
    steps.atomics.store(steps.world, GONE, 1);
  };
  return { name: "closer", rounds: [round] };
}

/** How a thread hears of notifications: at its wait's end, or at a look. */
export type Hearing = "wait" | "look" | "look while it waits elsewhere";

/** A thread that waits until it has heard of the work, and does not look for it. */
export function listener(hearing: Hearing): Thread {
  const round: Round = (steps) => {
    const { atomics, loadUntil, world } = steps;
    const parking = parkingOf(steps);
    const expectWork = () =>
      expect(atomics.load(world, WORK) === 1, "it has heard of nothing");
    if (hearing === "look") {
      if (parking.isNotified) expectWork();
      loadUntil(PLACE, (state) => state === 2);
      expect(parking.isNotified, "it does not hear");
    }
    if (hearing === "look while it waits elsewhere" && parking.park()) {
      wait(steps, false);
      if (!parking.repark()) {
        wait(steps, true);
        expect(parking.repark(), "it does not hear");
      }
      expect(atomics.load(world, PLACE) === 1, "it is not parked any more");
      parking.unpark();
    } else {
      // The first wait ends for another reason.
      let mustWait = false;
      do {
        wait(steps, hearing !== "look" && parking.park() && mustWait);
        mustWait = true;
      } while (!parking.unpark());
    }
    expectWork();
  };
  return { name: "listener", rounds: [round] };
}

/** A sleeper that parks first, and then looks for the work. */
export function lookingSleeper(work: number, looksFirst = false): Thread {
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
export function hosted(look: (parking: Parking) => unknown): Model {
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
