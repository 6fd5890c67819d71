import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { BlockingModel, type BlockingOptions } from "./blocking_model.ts";
import { explore } from "./explore.ts";
import { ScheduleError } from "./schedule.ts";

const MODELS: readonly (BlockingOptions & { schedules: bigint })[] = [
  { seats: 1, adders: [1], tasks: "block", timeouts: 1, schedules: 388n },
  {
    seats: 1,
    adders: [2],
    tasks: "end",
    timeouts: 1,
    schedules: 115_046_956_351n,
  },
  {
    seats: 1,
    adders: [1, 1],
    tasks: "end",
    timeouts: 1,
    schedules: 6_150_382_633_360n,
  },
  { seats: 2, adders: [2], tasks: "block", schedules: 30_382_240_877_400n },
  {
    seats: 2,
    adders: [2],
    tasks: "block",
    timeouts: 1,
    schedules: 361_289_534_596_328_372n,
  },
  { seats: 2, adders: [2], tasks: "wait", schedules: 7_841_984_902_289_314n },
  {
    seats: 2,
    adders: [2],
    tasks: "block",
    started: 1,
    schedules: 790_454_939_700_810_802_908_775_369n,
  },
  {
    seats: 2,
    adders: [2],
    tasks: "wait",
    started: 1,
    schedules: 1_032_570_370_224_216_342_787_101_651_042n,
  },
];

for (const { schedules, ...options } of MODELS) {
  const { seats, adders, tasks, timeouts = 0, started = 0 } = options;
  Deno.test(`no blocking task is left without a thread: ${seats} threads, of which ${started} were there and ${timeouts} go, adders of ${adders.join(" and ")} tasks that ${tasks}`, () => {
    assertEquals(
      explore(new BlockingModel(options), { maxStates: 1_000_000 }).schedules,
      schedules,
    );
  });
}

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
