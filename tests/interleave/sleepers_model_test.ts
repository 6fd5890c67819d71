import { Sleepers } from "./fixed_sleepers.ts";
import { Parking, PARKING_BYTES } from "../../src/reactor/parking.ts";
import { explore } from "./explore.ts";
import {
  type Again,
  again,
  type Model,
  type Steps,
  type Thread,
} from "./model.ts";
import { Places } from "./places.ts";

interface PoolOptions {
  readonly workers: number;
  /** How many tasks each of the adding threads adds, one at a time. */
  readonly adders: readonly number[];
}

/**
 * Where a worker stands between two rounds. What it remembers there is a phase and
 * a number.
 */
const PHASES = [
  "look",
  "search",
  "found",
  "claim",
  "notify",
  "run",
  "wait",
  "idle",
  "last look",
  "sleep",
  "up",
] as const;

type Phase = (typeof PHASES)[number];

function go(phase: Phase, number = 0): Again {
  return again(PHASES.indexOf(phase) + PHASES.length * number);
}

function pool({ workers, adders }: PoolOptions): Model {
  const places = new Places();
  const total = adders.reduce((sum, n) => sum + n);
  /** How many tasks can be taken, how many were, and how many have begun. */
  const QUEUE = places.word("QUEUE");
  const RUNNING = places.word("RUNNING");
  const SLEEPERS = places.block("SLEEPERS", Sleepers.size(workers), {
    ".COUNTS": 0,
    ".CURSOR": 1,
  });
  const parkings = Array.from({ length: workers }, (_, i) => ({
    place: places.block(`PARKING ${i}`, PARKING_BYTES / 4, {
      ".STATE": 0,
      ".NOTIFIERS": 1,
    }),
    signal: places.word(`SIGNAL ${i}`),
  }));

  function pieces({ world, words, atomics, step }: Steps) {
    const sleepers = new Sleepers(words, SLEEPERS, workers, atomics);
    const parkingOf = (worker: number) =>
      new Parking({
        memory: world.buffer as SharedArrayBuffer,
        at: parkings[worker]!.place,
      }, atomics);
    const unpark = (worker: number) => {
      const { place, signal } = parkings[worker]!;
      parkingOf(worker).notifyIfParked(() => {
        step(`signal ${worker}`, () => void (world[signal] = 1), {
          writes: [signal],
        });
      });
    };
    return { sleepers, parkingOf, unpark };
  }

  const worker = (worker: number): Thread => ({
    name: `worker ${worker}`,
    isServant: true,
    rounds: [(steps, carried) => {
      const { world, atomics, step } = steps;
      const { sleepers, parkingOf, unpark } = pieces(steps);
      const { signal } = parkings[worker]!;
      const number = Math.floor(carried / PHASES.length);
      const isSearching = number === 1;
      switch (PHASES[carried % PHASES.length]) {
        case "look":
          return take(steps) ? go("found", number) : go("search", number);
        case "search":
          if (!isSearching && sleepers.startSearch()) return go("look", 1);
          if (parkingOf(worker).park()) return go("idle", number);
          parkingOf(worker).unpark();
          return go("look", number);
        case "found":
          if (!isSearching) break;
          return sleepers.endSearch() ? go("claim") : go("run");
        case "claim": {
          const other = steps.retry(SLEEPERS, () => sleepers.claimOne());
          return other < 0 ? go("run") : go("notify", other);
        }
        case "notify":
          unpark(number);
          return go("run");
        case "run":
          break;
        case "wait":
          // Each task waits for all others: one that lies about holds all up.
          step("end of task", () => 0, {
            when: () => world[RUNNING] === total,
            reads: [RUNNING],
          });
          return go("look");
        case "idle":
          sleepers.goIdle(worker, isSearching);
          return go("last look");
        case "last look":
          return atomics.load(world, QUEUE) > 0 ? go("up", 1) : go("sleep");
        case "sleep":
          step("sleep", () => void (world[signal] = 0), {
            when: () => world[signal] === 1,
            writes: [signal],
          });
          return go("up");
        case "up":
          parkingOf(worker).unpark();
          return go("look", sleepers.getUp(worker, isSearching) ? 1 : 0);
      }
      atomics.add(world, RUNNING, 1);
      return go("wait");
    }],
  });

  const take = ({ step, world }: Steps) =>
    step("take a task", () => {
      if (world[QUEUE] === 0) return 0;
      world[QUEUE]!--;
      return 1;
    }, { reads: [QUEUE], writes: [QUEUE] }) === 1;

  const adder = (n: number, tasks: number): Thread => ({
    name: `adder ${n}`,
    rounds: [
      ...Array.from({ length: tasks }, () => [
        ({ atomics, world }: Steps) => {
          atomics.add(world, QUEUE, 1);
        },
        (steps: Steps) =>
          steps.retry(SLEEPERS, () => pieces(steps).sleepers.claimOne()),
        (steps: Steps, worker: number) => {
          if (worker >= 0) pieces(steps).unpark(worker);
        },
      ]).flat(),
      ({ step, world }) => {
        step("all tasks run", () => 0, {
          when: () => world[RUNNING] === total,
          reads: [RUNNING],
        });
      },
    ],
  });

  return {
    words: places.words,
    names: places.names,
    races: [SLEEPERS + 1],
    threads: [
      ...adders.map((tasks, n) => adder(n, tasks)),
      ...Array.from({ length: workers }, (_, n) => worker(n)),
    ],
  };
}

for (
  const o of [{ workers: 1, adders: [1] }, { workers: 2, adders: [2] }, {
    workers: 2,
    adders: [1, 1],
  }] as PoolOptions[]
) {
  for (const reduce of [true, false]) {
    Deno.test(`sleepers ${JSON.stringify(o)} ${reduce}`, () => {
      console.log(explore(pool(o), { reduce, maxStates: 3e6 }));
    });
  }
}
