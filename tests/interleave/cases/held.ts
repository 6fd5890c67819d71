import type { Case } from "../cases.ts";
import { HeldModel, type HeldOptions } from "../held_model.ts";

const MODELS: readonly (HeldOptions & { schedules: bigint })[] = [
  { threads: 2, aborts: false, schedules: 2n },
  { threads: 1, aborts: true, schedules: 5_609_156n },
  { threads: 2, aborts: true, schedules: 11_218_312n },
];

export const CASES: readonly Case[] = MODELS.map(
  ({ schedules, ...options }) => ({
    name: `a blocking task that ${
      options.aborts ? "is aborted" : "is awaited"
    } gets its message or leaves none, with ${options.threads} threads`,
    make: () => new HeldModel(options),
    schedules,
  }),
);
