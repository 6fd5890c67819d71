import { assertThrows } from "@std/assert";
import { CASES } from "./cases/reactors.ts";
import { explore } from "./explore.ts";
import { ReactorsModel } from "./reactors_model.ts";
import { ScheduleError } from "./schedule.ts";
import { testCases } from "./test_cases.ts";

testCases(CASES);

Deno.test("the model of a thread's reactors finds out one that is closed before others know", () => {
  const model = new ReactorsModel({
    reactors: ["system", "system"],
    mistake: "closes its reactor before the place",
  });
  assertThrows(
    () => explore(model),
    ScheduleError,
    "a signal to a reactor that is gone",
  );
});
