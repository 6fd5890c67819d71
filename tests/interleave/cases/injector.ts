import type { Case } from "../cases.ts";
import { injectorModel, type InjectorOptions } from "../injector_model.ts";

const MODELS: readonly (InjectorOptions & { schedules: bigint })[] = [
  { threads: ["+++", "---"], schedules: 5_819_134n },
  { threads: ["+++", "-2-"], schedules: 11_156_247n },
  { threads: ["++", "++", "22"], schedules: 854_045_852_759_502n },
  { threads: ["+++", "--", "2-"], schedules: 886_200_185_953_398n },
  // The indices wrap at the third task.
  {
    threads: ["+++", "--", "2-"],
    start: 2 ** 31 - 2,
    schedules: 886_200_185_953_398n,
  },
  {
    threads: ["++-", "++-", "-2-"],
    schedules: 491_462_360_885_378_041_109_674n,
  },
  {
    threads: ["+-+", "-+2", "+2"],
    schedules: 648_804_952_987_618_124_551_027n,
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
