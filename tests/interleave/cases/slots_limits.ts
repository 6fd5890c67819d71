import type { Case } from "../cases.ts";
import { fewSlots, type LimitsOptions } from "../slots_limits_model.ts";

const MODELS: readonly (LimitsOptions & { schedules: bigint })[] = [
  // Two are given back while another one puts back what it took.
  {
    records: 4,
    threads: ["----.", "+-"],
    limits: { batch: 1, kept: 0 },
    schedules: 2_393_375_450n,
  },
  {
    records: 2,
    threads: ["--.", "+-"],
    limits: { batch: 1, kept: 1 },
    schedules: 735n,
  },
  {
    records: 3,
    threads: ["---.", "+-", "+-"],
    limits: { batch: 1, kept: 1 },
    schedules: 851_825_097_025_036_012n,
  },
  {
    records: 3,
    threads: ["---.", "++--"],
    limits: { batch: 1, kept: 1 },
    schedules: 1_400_630n,
  },
  {
    records: 2,
    threads: ["--.", "+.", "+-"],
    limits: { batch: 1, kept: 0 },
    schedules: 753_793_431_617_687n,
  },
  {
    records: 4,
    threads: ["----.", "+++---"],
    limits: { batch: 2, kept: 0 },
    schedules: 1_592_693_622_864_158n,
  },
  {
    records: 3,
    threads: ["---+-.", "+-"],
    limits: { batch: 2, kept: 1 },
    schedules: 35_214_657n,
  },
];

export const CASES: readonly Case[] = MODELS.map(
  ({ schedules, ...options }) => {
    const { records, threads, limits: { batch, kept } } = options;
    return {
      name:
        `nobody starves while one of ${records} records is free, fetched by ${batch} and kept up to ${kept}, in threads that do ${
          threads.join(" and ")
        }`,
      make: () => fewSlots(options),
      schedules,
    };
  },
);
