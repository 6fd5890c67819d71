import { assertMatch, assertThrows } from "@std/assert";
import { CASES } from "./cases/parking.ts";
import { explore } from "./explore.ts";
import type { SteppedAtomics } from "./model.ts";
import {
  closer,
  hosted,
  lookingSleeper,
  modelOf,
  notifiers,
  sleeper,
  type Weaken,
} from "./parking_model.ts";
import { ScheduleError } from "./schedule.ts";
import { testCases } from "./test_cases.ts";
import { tornAtomics } from "./weakened.ts";

testCases(CASES);

Deno.test("the model finds the lost wake of a sleeper that looks and parks in two steps", () => {
  const model = modelOf(sleeper(1, tornAtomics), ...notifiers(1));
  const error = assertThrows(() => explore(model), ScheduleError);
  assertMatch(error.message, /^Deadlock: "sleeper"/);
});

Deno.test("the model finds the late signal of a close that does not wait for notifiers", () => {
  const hasty: Weaken = ({ atomics }) => ({
    ...atomics,
    load: (words: Int32Array, index: number) =>
      index === 1 ? 0 : atomics.load(words, index),
  } as SteppedAtomics);
  const model = modelOf(
    closer(hasty),
    ...notifiers(1, { mayBeClosed: true }),
  );
  assertThrows(() => explore(model), ScheduleError, "a signal after close");
});

Deno.test("the model finds the lost wake of a sleeper that looks before it parks, if it is notified only then", () => {
  const rest = notifiers(1, { onlyIfParked: true });
  const model = modelOf(lookingSleeper(1, true), ...rest);
  const error = assertThrows(() => explore(model), ScheduleError);
  assertMatch(error.message, /^Deadlock: "sleeper"/);
});

Deno.test("the model finds the lost wake of a look that ends the parking of a wait off the thread", () => {
  const model = hosted((parking) => {
    if (parking.isNotified) parking.unpark();
  });
  const error = assertThrows(() => explore(model), ScheduleError);
  assertMatch(error.message, /^Deadlock: "sleeper"/);
});
