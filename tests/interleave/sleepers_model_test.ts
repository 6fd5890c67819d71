import { assertMatch, assertThrows } from "@std/assert";
import { Sleepers } from "../../src/executor/pool/sleepers.ts";
import { CASES } from "./cases/sleepers.ts";
import { explore } from "./explore.ts";
import type { SteppedAtomics } from "./model.ts";
import type { SleeperRules } from "./idling_support.ts";
import { ScheduleError } from "./schedule.ts";
import { type PoolOptions, SleepersModel } from "./sleepers_model.ts";
import { testCases } from "./test_cases.ts";

type Rules = PoolOptions["rules"];

const shipped: Rules = (...place) => new Sleepers(...place);

testCases(CASES);

const ONE_IDLE = 1 << 16;

/** The shipped rules, some of them replaced. */
function weaken(
  change: (
    sleepers: SleeperRules,
    atomics: SteppedAtomics,
    words: { words: Int32Array; at: number; workers: number },
  ) => Partial<SleeperRules>,
): Rules {
  return (words, at, workers, atomics) => {
    const sleepers: SleeperRules = new Sleepers(words, at, workers, atomics);
    return {
      claimOne: () => sleepers.claimOne(),
      startSearch: () => sleepers.startSearch(),
      endSearch: () => sleepers.endSearch(),
      goIdle: (worker, was) => sleepers.goIdle(worker, was),
      getUp: (worker, saw) => sleepers.getUp(worker, saw),
      get searching() {
        return sleepers.searching;
      },
      ...change(sleepers, atomics, { words, at, workers }),
    };
  };
}

/** Takes a worker's flag before it is counted as a searcher. */
const claimsFirst = weaken((_, atomics, { words, at, workers }) => ({
  claimOne: () => {
    const counts = atomics.load(words, at);
    if ((counts & (ONE_IDLE - 1)) !== 0 || counts < ONE_IDLE) return -1;
    for (let worker = 0; worker < workers; worker++) {
      const flag = at + 16 + worker;
      if (atomics.compareExchange(words, flag, 1, 0) !== 1) continue;
      atomics.add(words, at, 1);
      return worker;
    }
    return -1;
  },
}));

/** Gives up when all idle workers have got up by themselves. */
const givesUp = weaken((sleepers, atomics, { words, at, workers }) => ({
  claimOne: () => {
    const counts = atomics.load(words, at);
    if ((counts & (ONE_IDLE - 1)) !== 0 || counts < ONE_IDLE) return -1;
    if (atomics.compareExchange(words, at, counts, counts + 1) !== counts) {
      return sleepers.claimOne();
    }
    for (let worker = 0; worker < workers; worker++) {
      const flag = at + 16 + worker;
      if (atomics.compareExchange(words, flag, 1, 0) === 1) return worker;
    }
    sleepers.endSearch();
    return -1;
  },
}));

const MUTANTS: Record<string, Partial<PoolOptions>> = {
  "who does not look again before it sleeps": {
    mistake: "do not look again before they sleep",
  },
  "under Deno's loop who looks before it says that it sleeps": {
    hosted: 1,
    mistake: "look before they say that they sleep under Deno's loop",
  },
  "who relies on itself to search while it has something else to do": {
    mistake: "search on with something of their own to do",
    events: 1,
    hasOwnTasks: true,
    tasksEnd: true,
  },
  "under Deno's loop who does so": {
    hosted: 1,
    mistake: "search on with something of their own to do",
    events: 1,
    hasOwnTasks: true,
    tasksEnd: true,
  },
  "who gives a task back and wakes nobody": {
    mistake: "wake nobody for what they give back",
    imports: true,
    adders: [1],
  },
  "who takes what it saw in its last look and wakes nobody": {
    rules: weaken((sleepers) => ({
      getUp: (worker) => sleepers.getUp(worker, false),
    })),
  },
  "who ends while it sleeps and is still counted as idle": {
    rules: weaken(() => ({ getUp: () => false })),
  },
  "who wakes nobody when it was the last to search": {
    rules: weaken((sleepers) => ({
      endSearch: () => sleepers.endSearch() && false,
    })),
  },
  "who is claimed before it is counted": { rules: claimsFirst },
  "whom an adder did not find and does not look for again": { rules: givesUp },
  "who goes idle before others can see its flag": {
    rules: weaken((_, atomics, { words, at }) => ({
      goIdle: (worker, wasSearching) => {
        atomics.add(words, at, wasSearching ? ONE_IDLE - 1 : ONE_IDLE);
        atomics.store(words, at + 16 + worker, 1);
      },
    })),
  },
};

for (const [name, mutant] of Object.entries(MUTANTS)) {
  Deno.test(`the model of idle workers finds out one ${name}`, () => {
    const options = { rules: shipped, workers: 2, adders: [2], ...mutant };
    const model = new SleepersModel({ ...options, parking: "one step" });
    // Those are large, and need few interruptions.
    const limit = options.hasOwnTasks ? { preemptions: 4 } : {};
    const error = assertThrows(
      () => explore(model, limit),
      ScheduleError,
    );
    assertMatch(error.message, /^(Deadlock|Endless)/);
  });
}
