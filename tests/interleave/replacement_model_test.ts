import { assertMatch, assertThrows } from "@std/assert";
import { CASES } from "./cases/replacement.ts";
import { explore } from "./explore.ts";
import { ReplacementModel } from "./replacement_model.ts";
import { ScheduleError } from "./schedule.ts";
import { testCases } from "./test_cases.ts";

testCases(CASES);

const MISTAKES = [
  "keeps what has not started",
  "loses what has not started",
  "leaves what has started",
  "says too early that it is dead",
  "tells nobody",
] as const;

for (const mistake of MISTAKES) {
  Deno.test(`the model of a dying worker finds out one that ${mistake}`, () => {
    const options = { tasks: 2, aborts: [0], mistake };
    const error = assertThrows(
      () => explore(new ReplacementModel(options)),
      ScheduleError,
    );
    assertMatch(
      error.message,
      /^(Deadlock: "spawner"|At the end|"spawner" failed|"next worker" failed)/,
    );
  });
}
