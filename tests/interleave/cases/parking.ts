import type { Case } from "../cases.ts";
import {
  closer,
  type Hearing,
  hosted,
  listener,
  lookingSleeper,
  modelOf,
  notifiers,
  sleeper,
} from "../parking_model.ts";

const SLEEPERS = [{ work: 1, schedules: 31n }, {
  work: 2,
  schedules: 7_349_060n,
}];
const CLOSERS = [{ count: 1, schedules: 338n }, {
  count: 2,
  schedules: 18_146_202n,
}];

const ASLEEP = [{ count: 1, schedules: 136n }, {
  count: 2,
  schedules: 2_201_834n,
}];
const HEARINGS: readonly { hearing: Hearing; schedules: bigint }[] = [
  { hearing: "wait", schedules: 801n },
  { hearing: "look", schedules: 38n },
  { hearing: "look while it waits elsewhere", schedules: 783n },
];

export const CASES: readonly Case[] = [
  ...SLEEPERS.map(({ work, schedules }) => ({
    name:
      `no order of the steps of a sleeper and ${work} notifiers loses a wake`,
    make: () => modelOf(sleeper(work), ...notifiers(work)),
    schedules,
  })),
  ...CLOSERS.map(({ count, schedules }) => ({
    name:
      `no order of the steps of a closing thread and ${count} notifiers signals a closed reactor`,
    make: () => modelOf(closer(), ...notifiers(count, { mayBeClosed: true })),
    schedules,
  })),
  ...ASLEEP.map(({ count, schedules }) => ({
    name:
      `no order of the steps of a thread that closes while it waits and ${count} notifiers signals a closed reactor`,
    make: () =>
      modelOf(
        closer(undefined, true),
        ...notifiers(count, { mayBeClosed: true }),
      ),
    schedules,
  })),
  ...HEARINGS.map(({ hearing, schedules }) => ({
    name: `a thread hears of each notification at its ${hearing}`,
    make: () => modelOf(listener(hearing), ...notifiers(1)),
    schedules,
  })),
  {
    name:
      "no order of the steps of a sleeper that looks when it has parked, and two who notify it if it has, loses a wake",
    make: () =>
      modelOf(lookingSleeper(2), ...notifiers(2, { onlyIfParked: true })),
    schedules: 365_817_822n,
  },
  {
    name:
      "no order of the steps of a wait off the thread, a look in between and a notifier loses a wake",
    make: () => hosted((parking) => parking.repark()),
    schedules: 322_786n,
  },
];
