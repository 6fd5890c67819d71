import { assertMatch, assertThrows } from "@std/assert";
import { CASES } from "./cases/timers.ts";
import { explore } from "./explore.ts";
import { ScheduleError } from "./schedule.ts";
import { testCases } from "./test_cases.ts";
import { TimersModel, type TimersOptions } from "./timers_model.ts";

testCases(CASES);

const MUTANTS: readonly Pick<TimersOptions, "hosted" | "mistake">[] = [
  {
    mistake: "sleeps until a timer that it looked up before it took its mail",
  },
  {
    hosted: true,
    mistake: "sleeps until a timer that it looked up before it took its mail",
  },
  { mistake: "looks for mail before it parks" },
  { hosted: true, mistake: "looks for mail before it parks" },
  { hosted: true, mistake: "leaves a later timeout standing" },
  { hosted: true, mistake: "does not park again while its wait goes on" },
];

for (const options of MUTANTS) {
  const where = options.hosted ? " under Deno's loop" : "";
  Deno.test(`the model of timers finds out a worker${where} that ${options.mistake}`, () => {
    const model = new TimersModel({ timers: [2, 1], senders: 1, ...options });
    const error = assertThrows(() => explore(model), ScheduleError);
    assertMatch(error.message, /^Deadlock: "worker"/);
  });
}
