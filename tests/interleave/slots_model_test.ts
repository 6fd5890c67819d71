import { assertThrows } from "@std/assert";
import { CASES } from "./cases/slots.ts";
import { explore } from "./explore.ts";
import { heapModel } from "./heap_model.ts";
import { ScheduleError } from "./schedule.ts";
import { slotsModel } from "./slots_model.ts";
import { testCases } from "./test_cases.ts";
import { tornAtomics, tornExchange } from "./weakened.ts";

testCases(CASES);

const unused: typeof slotsModel = (options) => slotsModel(options, false);

for (
  const [name, make] of [
    ["records", slotsModel],
    ["records that were never used", unused],
    ["blocks", heapModel],
  ] as const
) {
  for (
    const [mutant, weaken] of [
      ["compare-and-swaps", tornAtomics],
      ["exchanges", tornExchange],
    ] as const
  ) {
    Deno.test(`the model of ${name} finds out ${mutant} in two steps`, () => {
      const threads = ["+-+", "+", "+"];
      assertThrows(() => explore(make({ threads, weaken })), ScheduleError);
    });
  }
}
