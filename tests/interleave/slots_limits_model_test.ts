import { assertMatch, assertThrows } from "@std/assert";
import { CASES } from "./cases/slots_limits.ts";
import { explore } from "./explore.ts";
import type { SteppedAtomics, Steps } from "./model.ts";
import { ScheduleError } from "./schedule.ts";
import { fewSlots, type LimitsOptions } from "./slots_limits_model.ts";
import { testCases } from "./test_cases.ts";
import { tornAtomics } from "./weakened.ts";

testCases(CASES);

/** Puts the rest of a list back as if nobody else had touched it. */
function overwritten({ atomics }: Steps): SteppedAtomics {
  return {
    ...atomics,
    compareExchange: (
      words: Int32Array,
      index: number,
      expected: number,
      value: number,
    ) => {
      if (expected !== 0) {
        return atomics.compareExchange(words, index, expected, value);
      }
      atomics.store(words, index, value);
      return 0;
    },
  } as SteppedAtomics;
}

const MUTANTS: Record<string, Partial<LimitsOptions>> = {
  "that keep all they free": { limits: { batch: 1, kept: 9 } },
  "that take all that others gave back": {
    threads: ["---.", "+.", "+-"],
    limits: { batch: 9, kept: 0 },
  },
  "that overwrite what others gave back meanwhile": { weaken: overwritten },
  "whose compare-and-swap is two steps": { weaken: tornAtomics },
};

for (const [name, mutant] of Object.entries(MUTANTS)) {
  Deno.test(`the model of few records finds out threads ${name}`, () => {
    const options = {
      records: 3,
      threads: ["---.", "+-", "+-"],
      limits: { batch: 1, kept: 1 },
      ...mutant,
    };
    const error = assertThrows(() => explore(fewSlots(options)), ScheduleError);
    assertMatch(error.message, /^(Deadlock|Data race|At the end|.*two owners)/);
  });
}
