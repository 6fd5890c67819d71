import { assertMatch, assertThrows } from "@std/assert";
import { CASES } from "./cases/ports.ts";
import { explore } from "./explore.ts";
import { PortsModel, type PortsOptions } from "./ports_model.ts";
import { ScheduleError } from "./schedule.ts";
import { testCases } from "./test_cases.ts";

testCases(CASES);

const MUTANTS: readonly PortsOptions[] = [
  {
    mistake: "closes the ways to workers whose results it has not got",
    workers: 1,
    tasks: 1,
  },
  { mistake: "closes the ways to workers that stay", workers: 1, tasks: 2 },
  {
    mistake: "sends to workers before it makes sure that they stay",
    workers: 1,
    tasks: 2,
  },
  {
    mistake: "starts workers before the others have left",
    workers: 2,
    tasks: 2,
  },
  {
    mistake: "closes ways by which something has come",
    workers: 1,
    tasks: 2,
  },
  {
    mistake: "does not try to retire again after two tried at once",
    workers: 2,
    tasks: 1,
  },
  {
    mistake: "has only workers retire",
    workers: 1,
    tasks: 1,
    blocking: true,
  },
];

for (const options of MUTANTS) {
  Deno.test(`the model of the ways between threads finds out a pool that ${options.mistake}`, () => {
    const error = assertThrows(
      () => explore(new PortsModel(options), { preemptions: 4 }),
      ScheduleError,
    );
    assertMatch(
      error.message,
      /(are|is) lost|no way to|^Deadlock: "creator"/,
    );
  });
}
