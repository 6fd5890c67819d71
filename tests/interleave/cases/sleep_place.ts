import type { Case } from "../cases.ts";
import {
  ENDS,
  FAILS,
  LATER,
  SleepModel,
  type SleepOptions,
} from "../sleep_place_model.ts";

const MODELS: readonly (SleepOptions & { schedules: bigint })[] = [
  { tasks: [ENDS], schedules: 45_754n },
  { tasks: [ENDS, ENDS], schedules: 6_722_698_194_014_086_939_809n },
  { tasks: [ENDS, FAILS], schedules: 2_774_453_378_138_226_500_927n },
  { tasks: [ENDS], looks: 1, schedules: 146_035_448_425n },
  { tasks: [ENDS, ENDS], looks: 0, schedules: 4_502_535_485_802_830_658_982n },
  {
    tasks: [ENDS, ENDS],
    looks: 1,
    schedules: 123_094_341_686_165_820_102_058_864_517n,
  },
  {
    tasks: [ENDS, FAILS],
    looks: 1,
    schedules: 9_766_475_055_425_426_696_734_554_732n,
  },
  {
    tasks: [ENDS, LATER],
    looks: 1,
    schedules: 114_784_787_664_679_734_916_019_314n,
  },
];

export const CASES: readonly Case[] = MODELS.map(
  ({ schedules, ...options }) => {
    const { tasks, looks } = options;
    const kinds = tasks.map((task) =>
      task.fails ? "fails" : task.later ? "is awaited later" : "ends"
    );
    const where = looks === undefined
      ? "sleeps in block_on"
      : `sleeps on Deno's loop and looks ${looks} times`;
    return {
      name:
        `no outcome is lost on a thread that ${where}, of tasks of which one ${
          kinds.join(", one ")
        }`,
      make: () => new SleepModel(options),
      schedules,
    };
  },
);
