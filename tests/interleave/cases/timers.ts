import type { Case } from "../cases.ts";
import { TimersModel, type TimersOptions } from "../timers_model.ts";

const MODELS: readonly (TimersOptions & { schedules: bigint })[] = [
  { timers: [1], senders: 1, schedules: 406_643_115n },
  { timers: [2, 1], senders: 1, schedules: 1_168_419_743_983_793_362_296n },
  { timers: [1], senders: 1, hosted: true, schedules: 15_759_888_403n },
  {
    timers: [2, 1],
    senders: 1,
    hosted: true,
    schedules: 5_407_176_575_241_112_258_944_193n,
  },
];

export const CASES: readonly Case[] = MODELS.map(
  ({ schedules, ...options }) => {
    const { timers, senders, hosted } = options;
    const where = hosted ? "under Deno's loop" : "that blocks its thread";
    return {
      name: `timers of ${
        timers.join(" and ")
      } ticks fire that are armed by what ${senders} senders mail to a worker ${where}`,
      make: () => new TimersModel(options),
      schedules,
    };
  },
);
