import type { Case } from "../cases.ts";
import { PortsModel, type PortsOptions } from "../ports_model.ts";

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

export const CASES: readonly Case[] = MODELS.map(
  ({ schedules, ...options }) => {
    const { workers, tasks, blocking } = options;
    const rest = blocking ? " besides a thread with a blocking task" : "";
    return {
      name:
        `attachments of ${tasks} tasks arrive, and a pool of ${workers} workers${rest} retires and closes the ways to them`,
      make: () => new PortsModel(options),
      schedules,
    };
  },
);
