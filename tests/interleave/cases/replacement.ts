import type { Case } from "../cases.ts";
import {
  ReplacementModel,
  type ReplacementOptions,
} from "../replacement_model.ts";

const MODELS: readonly (ReplacementOptions & { schedules: bigint })[] = [
  { tasks: 1, schedules: 444_484_494_921n },
  { tasks: 1, aborts: [0], schedules: 7_468_321_621_037_126_794n },
  { tasks: 2, schedules: 6_151_357_719_479_394_426_941n },
  {
    tasks: 2,
    aborts: [0],
    schedules: 3_489_059_131_717_295_709_415_653_778_878n,
  },
  {
    tasks: 2,
    aborts: [1],
    schedules: 685_570_939_720_626_220_388_612_124_844n,
  },
  {
    tasks: 2,
    aborts: [0, 1],
    schedules: 35_557_044_520_727_509_251_445_528_752_944_656_914n,
  },
];

export const CASES: readonly Case[] = MODELS.map(
  ({ schedules, ...options }) => {
    const { tasks, aborts = [] } = options;
    const which = aborts.length === 0
      ? "none is aborted"
      : `${aborts.join(" and ")} are aborted`;
    return {
      name:
        `each task mailed to a worker that dies is lost, runs at the next one, or is cancelled: ${tasks}, of which ${which}`,
      make: () => new ReplacementModel(options),
      schedules,
    };
  },
);
