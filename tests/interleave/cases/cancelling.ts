import type { Case } from "../cases.ts";
import { CancellingModel, type Child } from "../cancelling_model.ts";

const MODELS: readonly {
  workers: number;
  children: readonly Child[];
  schedules: bigint;
}[] = [
  { workers: 2, children: [{ by: 0, on: 1 }], schedules: 2_025n },
  {
    workers: 2,
    children: [{ by: 0, on: 1 }, { by: 1, on: 0 }],
    schedules: 2_488_260n,
  },
  {
    workers: 3,
    children: [{ by: 0, on: 1 }, { by: 0, on: 2 }, { by: 1, on: 2 }],
    schedules: 7_691_011_461_250_958n,
  },
];

export const CASES: readonly Case[] = MODELS.map(
  ({ schedules, ...options }) => ({
    name: `no task hears that others were cancelled by a shutdown, where ${
      options.children.map(({ by, on }) =>
        `worker ${by} waits for one on worker ${on}`
      ).join(", ")
    }`,
    make: () => new CancellingModel(options),
    schedules,
  }),
);
