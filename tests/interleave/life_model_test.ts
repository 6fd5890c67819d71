import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { Life } from "../../src/executor/pool/life.ts";
import { explore } from "./explore.ts";
import { LifeModel, type LifeOptions, type LifeRules } from "./life_model.ts";
import type { Steps } from "./model.ts";
import { ScheduleError } from "./schedule.ts";

const MODELS: readonly (LifeOptions & { schedules: bigint })[] = [
  { workers: 1, adders: [2], schedules: 434_581_704n },
  { workers: 1, adders: [2], isAwake: true, schedules: 59_694_791_384_753n },
  {
    workers: 2,
    adders: [1],
    isAwake: true,
    schedules: 322_687_415_028_678_338_951_156n,
  },
  {
    workers: 2,
    adders: [2],
    isAwake: true,
    schedules: 4_686_302_447_889_818_343_498_394_672_136_586_039_827_108n,
  },
  {
    workers: 2,
    adders: [1, 1],
    isAwake: true,
    schedules:
      4_783_468_885_633_908_324_234_776_507_484_931_022_066_045_749_076n,
  },
  { workers: 1, adders: [2], closes: true, schedules: 241_889_037_768n },
  {
    workers: 1,
    adders: [1, 1],
    closes: true,
    isAwake: true,
    schedules: 5_595_836_646_363_011_776_498n,
  },
  {
    workers: 2,
    adders: [1],
    closes: true,
    isAwake: true,
    schedules: 547_738_169_526_122_620_865_879_636n,
  },
];

for (const { schedules, ...options } of MODELS) {
  const { workers, adders, closes, isAwake } = options;
  const pool = `a pool of ${workers} that ${isAwake ? "runs" : "sleeps"}`;
  const end = closes ? " and is shut down" : "";
  Deno.test(`every task runs or is cancelled when ${adders.join(" and ")} are added to ${pool}${end}`, () => {
    assertEquals(explore(new LifeModel(options)).schedules, schedules);
  });
}

type Rules = (steps: Steps, at: number) => LifeRules;

/** The shipped rules, some of them replaced. */
function life(
  change: (life: Life, steps: Steps, at: number) => Partial<LifeRules>,
): Rules {
  return (steps, at) => {
    const shipped = new Life(steps.words, at, steps.atomics);
    const rules: LifeRules = {
      keepAwake: () => shipped.keepAwake(),
      wakeUp: () => shipped.wakeUp(),
      retire: (isIdle, worker) => shipped.retire(isIdle, worker),
      close: () => shipped.close(),
      get isAwake() {
        return shipped.isAwake;
      },
      get isClosed() {
        return shipped.isClosed;
      },
    };
    return Object.defineProperties(
      rules,
      Object.getOwnPropertyDescriptors(change(shipped, steps, at)),
    );
  };
}

const MUTANTS: Record<string, Partial<LifeOptions>> = {
  "whose workers cannot be told apart when they retire": {
    rules: life((life) => ({ retire: (isIdle) => life.retire(isIdle, 0) })),
  },
  "that looks for work before it says that it retires": {
    rules: life((life) => ({
      retire: (isIdle, worker) => isIdle() && life.retire(() => true, worker),
    })),
  },
  "whose adders do not take a retirement back": {
    rules: life((life) => ({ keepAwake: () => life.isAwake })),
  },
  "whose adders look first and publish then": { publishesLate: true },
  "that starts before those that retired have left": { startsEarly: true },
};

for (const [name, mutant] of Object.entries(MUTANTS)) {
  Deno.test(`the model of a pool's life finds out one ${name}`, () => {
    const options = { workers: 2, adders: [2], isAwake: true, ...mutant };
    const error = assertThrows(
      () => explore(new LifeModel(options)),
      ScheduleError,
    );
    assertMatch(error.message, /neither ran nor ended|never starts/);
  });
}
