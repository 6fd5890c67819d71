import { assertMatch, assertThrows } from "@std/assert";
import { Life } from "../../src/executor/pool/life.ts";
import { CASES } from "./cases/life.ts";
import { explore } from "./explore.ts";
import { LifeModel, type LifeOptions, type LifeRules } from "./life_model.ts";
import type { Steps } from "./model.ts";
import { ScheduleError } from "./schedule.ts";
import { testCases } from "./test_cases.ts";

testCases(CASES);

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
    assertMatch(
      error.message,
      /neither ran nor ended|never starts|has not retired/,
    );
  });
}
