import { BlockingModel, type BlockingOptions } from "../blocking_model.ts";
import type { Case } from "../cases.ts";

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

export const CASES: readonly Case[] = MODELS.map(
  ({ schedules, ...options }) => {
    const { seats, adders, tasks, timeouts = 0, started = 0 } = options;
    return {
      name:
        `no blocking task is left without a thread: ${seats} threads, of which ${started} were there and ${timeouts} go, adders of ${
          adders.join(" and ")
        } tasks that ${tasks}`,
      make: () => new BlockingModel(options),
      schedules,
    };
  },
);
