import { assertMatch, assertThrows } from "@std/assert";
import { BlockingModel, type BlockingOptions } from "./blocking_model.ts";
import { CASES } from "./cases/blocking.ts";
import { explore } from "./explore.ts";
import { ScheduleError } from "./schedule.ts";
import { testCases } from "./test_cases.ts";

testCases(CASES);

const MUTANTS: readonly BlockingOptions[] = [
  {
    mistake: "counts on those that have a task",
    seats: 2,
    adders: [2],
    tasks: "wait",
  },
  {
    mistake: "does not look again when a place is free",
    seats: 1,
    adders: [2],
    tasks: "end",
    timeouts: 1,
  },
  {
    mistake: "does not wake another",
    seats: 2,
    started: 1,
    adders: [2],
    tasks: "block",
  },
  {
    mistake: "searches on when it leaves",
    seats: 2,
    started: 2,
    adders: [2],
    tasks: "end",
    timeouts: 1,
  },
  {
    mistake: "counts those that have a task as free",
    seats: 2,
    adders: [2],
    tasks: "block",
  },
];

for (const options of MUTANTS) {
  Deno.test(`the model of threads that may block finds out one that ${options.mistake}`, () => {
    const error = assertThrows(
      () => explore(new BlockingModel(options), { preemptions: 3 }),
      ScheduleError,
    );
    assertMatch(error.message, /^(Deadlock|Livelock)/);
  });
}
