import { assertThrows } from "@std/assert";
import { CASES } from "./cases/held.ts";
import { explore } from "./explore.ts";
import { HeldModel, type HeldOptions } from "./held_model.ts";
import { ScheduleError } from "./schedule.ts";
import { testCases } from "./test_cases.ts";

testCases(CASES);

const MISTAKES: readonly [NonNullable<HeldOptions["mistake"]>, string][] = [
  ["takes the task before it asks", "a task is aborted that nobody runs"],
  [
    "mails the record before it sends the message",
    "a task is started without what belongs to it",
  ],
  [
    "forgets what belongs to an aborted task",
    "the message lies about, and belongs to the next task",
  ],
];

for (const [mistake, found] of MISTAKES) {
  Deno.test(`the model of messages that are asked for finds out who ${mistake}`, () => {
    const model = new HeldModel({ threads: 1, aborts: true, mistake });
    assertThrows(() => explore(model), ScheduleError, found);
  });
}
