import type { Case } from "../cases.ts";
import {
  dequeAlone,
  dequeModel,
  type DequeOptions,
  halves,
  type HalvesOptions,
} from "../task_deque_model.ts";

/** The counts that each model has, all interleavings of its steps taken. */
const MODELS: readonly (DequeOptions & { schedules: bigint })[] = [
  { owner: "++-+--", thieves: [3], schedules: 374_309_032n },
  { owner: "+-+-+-", thieves: [3], schedules: 1_509_601_942n },
  // The third one does not fit, unless a thief was there before.
  { owner: "+++-+-", thieves: [2, 2], schedules: 806_621_813_908_748n },
  { owner: "++p-p", thieves: [2], schedules: 7_219_756n },
  { owner: "++--+-", thieves: [3, 3], schedules: 4_961_145_970_121_208_308n },
  // The indices wrap at the second task.
  {
    owner: "++-+--",
    thieves: [2, 2],
    start: 2 ** 31 - 1,
    schedules: 367_622_130_587_414n,
  },
];

const DEQUES: readonly Case[] = MODELS.map(
  ({ schedules, ...options }) => {
    const { owner, thieves, start = 0 } = options;
    return {
      name:
        `no order of the steps of an owner (${owner}) and thieves (${thieves}) loses a task of a deque or runs one twice, from index ${start} on`,
      make: () => dequeModel(options),
      schedules,
    };
  },
);

const HALVES: readonly (HalvesOptions & { schedules: bigint })[] = [
  {
    owner: "++-+-",
    capacity: 2,
    steals: 1,
    schedules: 1_085_466_597_145_320n,
  },
  { owner: "+++--", capacity: 4, steals: 0, schedules: 3_343_665_129_774n },
  { owner: "+++", capacity: 4, steals: 1, schedules: 390_900_376_954n },
];

/** Where indices begin: they wrap at once, after two tasks, and much later. */
const STARTS = [2 ** 31 - 1, 2 ** 31 - 2, 0];

const ALONE = [
  "?-ps+?p+?p++?p+?p-ps?-p-p-p-?",
  "++++h?o+h?o+oh?s-",
  "+hoo+++h?+h?oo",
  "++++h++h++h?ooo----",
];

export const CASES: readonly Case[] = [
  ...DEQUES,
  ...HALVES.map(({ schedules, ...options }) => ({
    name:
      `no order of the steps of an owner (${options.owner}), one who takes halves, and thieves of both loses a task or runs one twice, in deques for ${options.capacity}`,
    make: () => halves(options),
    schedules,
  })),
  ...STARTS.flatMap((start) =>
    ALONE.map((operations) => ({
      name:
        `a deque gives a thread that is alone (${operations}) what is there, from index ${start} on`,
      make: () => dequeAlone(operations, start),
      schedules: 1n,
    }))
  ),
];
