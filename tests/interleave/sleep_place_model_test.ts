import { assertMatch, assertThrows } from "@std/assert";
import { SleepPlace } from "../../src/executor/pool/sleep_place.ts";
import { CASES } from "./cases/sleep_place.ts";
import { explore } from "./explore.ts";
import { ScheduleError } from "./schedule.ts";
import {
  ENDS,
  FAILS,
  LATER,
  SleepModel,
  type SleepOptions,
} from "./sleep_place_model.ts";
import { testCases } from "./test_cases.ts";

testCases(CASES);

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
