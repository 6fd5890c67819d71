import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { SleepPlace } from "../../src/executor/pool/sleep_place.ts";
import { explore } from "./explore.ts";
import { ScheduleError } from "./schedule.ts";
import {
  type Outcome,
  SleepModel,
  type SleepOptions,
} from "./sleep_place_model.ts";

const ENDS: Outcome = {};
const FAILS: Outcome = { fails: true, unawaited: true };
const LATER: Outcome = { later: true };

const MODELS: readonly (SleepOptions & { schedules: bigint })[] = [
  { tasks: [ENDS], schedules: 41_594n },
  { tasks: [ENDS, ENDS], schedules: 2_420_635_328_347_670_401_559n },
  { tasks: [ENDS, FAILS], schedules: 1_748_411_123_939_518_226_436n },
  { tasks: [ENDS], looks: 1, schedules: 250_238_700_777n },
  { tasks: [ENDS, ENDS], looks: 0, schedules: 6_921_524_939_305_965_096_226n },
  {
    tasks: [ENDS, ENDS],
    looks: 1,
    schedules: 248_781_380_319_128_788_791_072_347_023n,
  },
  {
    tasks: [ENDS, FAILS],
    looks: 1,
    schedules: 17_602_190_595_218_407_346_933_267_698n,
  },
  {
    tasks: [ENDS, LATER],
    looks: 1,
    schedules: 169_237_931_946_521_931_873_635_703n,
  },
];

for (const { schedules, ...options } of MODELS) {
  const { tasks, looks } = options;
  const kinds = tasks.map((task) =>
    task.fails ? "fails" : task.later ? "is awaited later" : "ends"
  );
  const where = looks === undefined
    ? "sleeps in block_on"
    : `sleeps on Deno's loop and looks ${looks} times`;
  Deno.test(`no outcome is lost on a thread that ${where}, of tasks of which one ${kinds.join(", one ")}`, () => {
    assertEquals(explore(new SleepModel(options)).schedules, schedules);
  });
}

const MUTANTS: Record<string, SleepOptions> = {
  "that leaves a notification standing whose signal a look has taken": {
    tasks: [ENDS, ENDS],
    looks: 1,
    makePlace: (...args) =>
      new class extends SleepPlace {
        override stayParked(): void {
          this.park();
        }
      }(...args),
  },
  "that becomes awake while its wait goes on": {
    tasks: [ENDS, ENDS],
    looks: 1,
    makePlace: (...args) =>
      new class extends SleepPlace {
        override stayParked(): void {
          if (!this.park()) this.unpark();
        }
      }(...args),
  },
  "that does not say for whom it waits since its wait began": {
    tasks: [ENDS, LATER],
    looks: 1,
    stayAsleep: (place, hasNews) => {
      place.stayParked();
      return !hasNews();
    },
  },
  "that does not look again when it has said for whom it waits": {
    tasks: [ENDS, ENDS],
    beforeSleep: (place) => place.park() && place.announce(),
  },
  "that does not care whether one for whom it waits has ended": {
    tasks: [ENDS],
    beforeSleep: (place, hasNews) => {
      if (!place.park()) return false;
      place.announce();
      return !hasNews();
    },
  },
  "that parks when it has looked": {
    tasks: [ENDS],
    beforeSleep: (place, hasNews) =>
      place.announce() && !hasNews() && place.park(),
  },
  "that hears of a failure only if it waits for it": {
    tasks: [ENDS, FAILS],
    failsSilently: true,
  },
  "that is unparked before the outcome is in its list": {
    tasks: [ENDS],
    unparksEarly: true,
  },
};

for (const [name, options] of Object.entries(MUTANTS)) {
  Deno.test(`the model of a sleep finds out a thread ${name}`, () => {
    const error = assertThrows(
      () => explore(new SleepModel(options)),
      ScheduleError,
    );
    assertMatch(error.message, /^Deadlock: "spawner"/);
  });
}
