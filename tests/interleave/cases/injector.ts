import type { Case } from "../cases.ts";
import { injectorModel, type InjectorOptions } from "../injector_model.ts";

const MODELS: readonly (InjectorOptions & { schedules: bigint })[] = [
  { threads: ["+++", "---"], schedules: 5_819_134n },
  { threads: ["+++", "-2-"], schedules: 38_336_197n },
  { threads: ["++", "++", "22"], schedules: 65_589_224_612_619_714n },
  { threads: ["+++", "--", "2-"], schedules: 30_924_324_398_983_888n },
  // The indices wrap at the third task.
  {
    threads: ["+++", "--", "2-"],
    start: 2 ** 31 - 2,
    schedules: 30_924_324_398_983_888n,
  },
  {
    threads: ["++-", "++-", "-2-"],
    schedules: 2_362_721_596_896_040_325_828_754n,
  },
  {
    threads: ["+-+", "-+2", "+2"],
    schedules: 12_003_501_269_939_355_693_789_810n,
  },
];

/** Threads that must not be sent away as long as there is room, or a task. */
const STRICT_MODELS: typeof MODELS = [
  { threads: ["+?-+++?-2?3?-+?-"], schedules: 1n },
  { threads: ["+++?22++?-1?-"], start: 2 ** 31 - 2, schedules: 1n },
  { threads: ["**?", ".!!"], schedules: 1n },
  { threads: ["*", "*?"], schedules: 2_823n },
  { threads: ["**", ".!", ".!?"], schedules: 9_773n },
  { threads: ["*", "*", ".a", ".!"], schedules: 5_349_888n },
  { threads: ["**", ".a", ".a"], schedules: 2_064n },
];

export const CASES: readonly Case[] = [...MODELS, ...STRICT_MODELS].map(
  ({ schedules, ...options }) => {
    const { threads, start = 0 } = options;
    return {
      name: `no order of the steps of threads that do ${
        threads.join(" and ")
      } loses a task of an injector or gives it twice, from index ${start} on`,
      make: () => injectorModel(options),
      schedules,
    };
  },
);
