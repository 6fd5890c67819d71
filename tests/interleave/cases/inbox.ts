import type { Case } from "../cases.ts";
import { inboxModel, type InboxOptions } from "../inbox_model.ts";

const MODELS: readonly (InboxOptions & { schedules: bigint })[] = [
  { pushers: [3], takes: 3, schedules: 213_667n },
  { pushers: [2, 2], takes: 2, schedules: 2_528_834_261_800n },
  { pushers: [2, 2], takes: 3, schedules: 146_333_474_377_532n },
  { pushers: [3, 3], takes: 3, schedules: 3_815_376_220_677_786_371_740n },
  { pushers: [2], takes: 2, putsBack: true, schedules: 42_364n },
  {
    pushers: [2, 2],
    takes: 3,
    putsBack: true,
    schedules: 3_390_739_614_932_075_300n,
  },
];

export const CASES: readonly Case[] = MODELS.map(
  ({ schedules, ...options }) => {
    const { pushers, takes, putsBack } = options;
    const what = putsBack ? ", one of which it puts back" : "";
    return {
      name: `no order of the steps of threads that add ${
        pushers.join(" and ")
      } records and one that takes all ${takes} times${what} loses a record`,
      make: () => inboxModel(options),
      schedules,
    };
  },
);
