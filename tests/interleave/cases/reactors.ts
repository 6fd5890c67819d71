import type { Case } from "../cases.ts";
import { ReactorsModel, type ReactorsOptions } from "../reactors_model.ts";

const MODELS: readonly (ReactorsOptions & { schedules: bigint })[] = [
  { reactors: ["system"], schedules: 195_117n },
  { reactors: ["system"], unplaced: true, schedules: 80_973n },
  { reactors: ["system", "pool"], schedules: 1_283_194_791_617_946_201_842n },
  { reactors: ["system", "elsewhere"], schedules: 185_717_824_778_352_780n },
  { reactors: ["elsewhere", "pool"], schedules: 57_999_008_965_855_709_842n },
];

export const CASES: readonly Case[] = MODELS.map(
  ({ schedules, ...options }) => {
    const { reactors, unplaced } = options;
    const what = unplaced ? ", of a task that waits for a record" : "";
    return {
      name:
        `no outcome${what} is lost, and nobody signals a reactor that is gone, when a thread has these in turn: ${
          reactors.join(", ")
        }`,
      make: () => new ReactorsModel(options),
      schedules,
    };
  },
);
