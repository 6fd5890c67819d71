import { assertThrows } from "@std/assert";
import { CancellingModel } from "./cancelling_model.ts";
import { CASES } from "./cases/cancelling.ts";
import { explore } from "./explore.ts";
import { ScheduleError } from "./schedule.ts";
import { testCases } from "./test_cases.ts";

testCases(CASES);

Deno.test("the model of a shutdown finds out a worker that looks if the pool is closed before it takes its outcomes", () => {
  const model = new CancellingModel({
    workers: 2,
    children: [{ by: 0, on: 1 }],
    mistake: "looks if the pool is closed before it takes its outcomes",
  });
  assertThrows(
    () => explore(model),
    ScheduleError,
    "a task heard that child 0 was cancelled",
  );
});
