import { FAILED, LOST } from "../../../src/executor/pool/shared_state.ts";
import type { Case } from "../cases.ts";
import { TaskModel, type TaskOptions } from "../shared_state_model.ts";

const MODELS: readonly (TaskOptions & { schedules: bigint })[] = [
  { workers: 1, sleeps: true, schedules: 3_671_974n },
  { workers: 1, sleeps: true, aborts: 1, schedules: 528_807_881_783n },
  { workers: 1, sleeps: false, aborts: 2, schedules: 20_568_671_897n },
  { workers: 2, sleeps: true, aborts: 1, schedules: 2_115_235_123_510n },
  { workers: 2, sleeps: true, aborts: 2, schedules: 10_691_637_069_698n },
  { workers: 2, sleeps: false, aborts: 2, schedules: 82_274_687_588n },
  { workers: 1, sleeps: false, leaves: true, schedules: 120n },
  {
    workers: 1,
    sleeps: false,
    aborts: 1,
    leaves: true,
    schedules: 737_387_319n,
  },
  {
    workers: 2,
    sleeps: false,
    aborts: 1,
    leaves: true,
    schedules: 2_949_549_276n,
  },
  {
    workers: 2,
    sleeps: false,
    aborts: 2,
    leaves: true,
    schedules: 43_396_357_148n,
  },
  { workers: 1, sleeps: true, ending: FAILED, schedules: 936_176n },
  { workers: 1, sleeps: true, ending: LOST, leaves: true, schedules: 78n },
  {
    workers: 1,
    sleeps: true,
    aborts: 1,
    endless: true,
    schedules: 58_429_720n,
  },
  {
    workers: 2,
    sleeps: false,
    aborts: 2,
    endless: true,
    schedules: 35_436_526_384n,
  },
  { workers: 1, sleeps: true, detaches: true, schedules: 151_656_485n },
  {
    workers: 1,
    sleeps: true,
    aborts: 1,
    detaches: true,
    schedules: 3_899_282_849_732n,
  },
  { workers: 1, sleeps: false, givesUp: true, schedules: 63_688n },
  {
    workers: 2,
    sleeps: false,
    aborts: 1,
    givesUp: true,
    schedules: 7_319_542_192n,
  },
];

export const CASES: readonly Case[] = MODELS.map(
  ({ schedules, ...options }) => {
    const { workers, sleeps, aborts = 0, leaves, endless, detaches, givesUp } =
      options;
    const { ending = 0 } = options;
    const kind = endless ? "runs until then" : `ends with ${ending}`;
    const does = givesUp
      ? "gives it up"
      : detaches
      ? "lets go of it"
      : leaves
      ? "leaves"
      : sleeps
      ? "sleeps"
      : "looks";
    return {
      name:
        `a task that is aborted ${aborts} times and ${kind}, with ${workers} workers and a spawner that ${does}, settles once and frees its record once`,
      make: () => new TaskModel(options),
      schedules,
    };
  },
);
