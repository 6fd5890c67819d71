import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { Sleepers } from "../../src/executor/pool/sleepers.ts";
import { explore } from "./explore.ts";
import type { SteppedAtomics } from "./model.ts";
import { ScheduleError } from "./schedule.ts";
import {
  type PoolOptions,
  type SleeperRules,
  SleepersModel,
} from "./sleepers_model.ts";

type Rules = PoolOptions["rules"];

const shipped: Rules = (...place) => new Sleepers(...place);

type Options = Omit<PoolOptions, "rules">;

const MODELS: readonly (Options & { schedules: bigint })[] = [
  { workers: 1, adders: [1], schedules: 84_751_769n },
  {
    workers: 2,
    adders: [1],
    schedules: 22_612_726_829_756_626_891_374_879_845_286n,
  },
  {
    workers: 2,
    adders: [2],
    parking: "one step",
    schedules: 32_662_000_273_503_852_554_685_166_854_782_038n,
  },
  {
    workers: 2,
    adders: [2],
    events: 1,
    parking: "one step",
    schedules: 5_681_895_528_240_533_348_760_505_034_433_775_382_413_864n,
  },
  { workers: 1, adders: [1], closes: true, schedules: 8_078_802_247_331_309n },
  {
    workers: 2,
    adders: [1],
    closes: true,
    parking: "one step",
    schedules: 7_029_192_311_147_636_560_562_424_271_963_936_805_188_407n,
  },
];

/** Those that take longer than all others together. */
const LARGE_MODELS: typeof MODELS = [
  {
    workers: 2,
    adders: [1, 1],
    parking: "one step",
    schedules: 18_245_834_853_304_160_276_457_396_023_043_752_164_231_238n,
  },
  {
    workers: 2,
    adders: [2],
    schedules: 227_012_846_787_323_926_039_672_332_909_835_785_231_899_514_321n,
  },
];

const isThorough = Deno.env.get("EDO_MODELS") === "large";

for (
  const { schedules, ...options } of [
    ...MODELS,
    ...(isThorough ? LARGE_MODELS : []),
  ]
) {
  const { workers, adders, events = 0, closes, parking } = options;
  const what = `${workers} workers, adders of ${adders.join(" and ")} tasks` +
    (events > 0 ? `, ${events} events` : "") +
    (closes ? ", a shutdown" : "") +
    (parking === undefined ? " and the shipped parking" : "");
  Deno.test(`no task lies about while a worker sleeps: ${what}`, () => {
    const model = new SleepersModel({ ...options, rules: shipped });
    assertEquals(explore(model).schedules, schedules);
  });
}

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
  "who does not look again before it sleeps": { skipsLastLook: true },
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
    const error = assertThrows(
      () => explore(new SleepersModel({ ...options, parking: "one step" })),
      ScheduleError,
    );
    assertMatch(error.message, /^(Deadlock|Endless)/);
  });
}
