import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { explore } from "./explore.ts";
import { PortsModel, type PortsOptions } from "./ports_model.ts";
import { ScheduleError } from "./schedule.ts";

const MODELS: readonly (PortsOptions & { schedules: bigint })[] = [
  { workers: 1, tasks: 1, schedules: 2_378_362_477_867n },
  { workers: 1, tasks: 2, schedules: 141_538_403_241_080_915_483_284n },
  {
    workers: 2,
    tasks: 1,
    schedules: 445_235_130_319_246_118_207_080_801_751_612_348n,
  },
  {
    workers: 2,
    tasks: 2,
    schedules:
      17_900_629_149_156_094_769_480_589_952_284_645_821_645_832_994_161_087_085_096_189_321_531_066n,
  },
  {
    workers: 1,
    tasks: 1,
    blocking: true,
    schedules: 15_089_403_204_464_627_265_959_048_943_758_866n,
  },
];

for (const { schedules, ...options } of MODELS) {
  const { workers, tasks, blocking } = options;
  const rest = blocking ? " besides a thread with a blocking task" : "";
  Deno.test(`attachments of ${tasks} tasks arrive, and a pool of ${workers} workers${rest} retires and closes the ways to them`, () => {
    assertEquals(
      explore(new PortsModel(options), { maxStates: 1_000_000 }).schedules,
      schedules,
    );
  });
}

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
