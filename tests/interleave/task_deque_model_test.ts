import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { NONE, type TaskDeque } from "../../src/executor/pool/task_deque.ts";
import { CASES } from "./cases/task_deque.ts";
import { explore } from "./explore.ts";
import type { Steps } from "./model.ts";
import { ScheduleError } from "./schedule.ts";
import {
  BOTTOM,
  DEQUE,
  dequeModel,
  type DequeOptions,
  RING,
  TOP,
} from "./task_deque_model.ts";
import { testCases } from "./test_cases.ts";
import { tornAtomics } from "./weakened.ts";

testCases(CASES);

Deno.test("leaving out what commutes finds the same ends of a deque", () => {
  const options = { owner: "+++-+-", thieves: [2, 2] };
  const all = explore(dequeModel(options));
  const reduced = explore(dequeModel(options), { reduce: true });
  assertEquals(
    [reduced.ends, reduced.outcomes],
    [all.ends, all.outcomes],
  );
});

/** Takes half of the tasks with one step, as a queue that both ends swap can. */
function stealBatch(_: TaskDeque, { atomics, words }: Steps): number[] {
  const top = atomics.load(words, DEQUE + TOP);
  const bottom = atomics.load(words, DEQUE + BOTTOM);
  const count = (bottom - top + 1) >> 1;
  if (count <= 0) return [];
  const tasks = Array.from(
    { length: count },
    (_, i) => atomics.load(words, DEQUE + RING + ((top + i) % 4)),
  );
  const seen = atomics.compareExchange(words, DEQUE + TOP, top, top + count);
  return seen === top ? tasks : [];
}

/** The task is read once it is the thief's own, when it may be overwritten. */
function stealThenRead(_: TaskDeque, { atomics, words }: Steps): number[] {
  const top = atomics.load(words, DEQUE + TOP);
  const bottom = atomics.load(words, DEQUE + BOTTOM);
  if (bottom - top <= 0) return [];
  const seen = atomics.compareExchange(words, DEQUE + TOP, top, top + 1);
  if (seen !== top) return [];
  return [atomics.load(words, DEQUE + RING + (top % 2))];
}

/** BOTTOM is read first, and is out of date when TOP is read. */
function stealBottomFirst(_: TaskDeque, { atomics, words }: Steps): number[] {
  const bottom = atomics.load(words, DEQUE + BOTTOM);
  const top = atomics.load(words, DEQUE + TOP);
  if (bottom - top <= 0) return [];
  const task = atomics.load(words, DEQUE + RING + (top % 4));
  const seen = atomics.compareExchange(words, DEQUE + TOP, top, top + 1);
  return seen === top ? [task] : [];
}

/** The owner looks at TOP before the others can see that it lowered BOTTOM. */
function popLate(_: TaskDeque, { atomics, words }: Steps): number {
  const before = words[DEQUE + BOTTOM]!;
  const top = atomics.load(words, DEQUE + TOP);
  const left = before - 1 - top;
  if (left < 0) return NONE;
  atomics.store(words, DEQUE + BOTTOM, before - 1);
  const task = words[DEQUE + RING + ((before - 1) % 4)]!;
  if (left > 0) return task;
  const seen = atomics.compareExchange(words, DEQUE + TOP, top, top + 1);
  atomics.store(words, DEQUE + BOTTOM, before);
  return seen === top ? task : NONE;
}

const MUTANTS: Record<string, Partial<DequeOptions>> = {
  "a thief that takes half with one step": { steal: stealBatch },
  "a thief that reads the task after it was taken": {
    steal: stealThenRead,
    capacity: 2,
  },
  "a thief that reads BOTTOM before TOP": { steal: stealBottomFirst },
  "a thief whose compare-and-swap is two steps": { thiefAtomics: tornAtomics },
  "an owner whose compare-and-swap is two steps": { ownerAtomics: tornAtomics },
  "an owner that looks at TOP before it lowers BOTTOM": { pop: popLate },
};

for (const [name, mutant] of Object.entries(MUTANTS)) {
  Deno.test(`the model of a deque finds out ${name}`, () => {
    const error = assertThrows(
      () =>
        explore(
          dequeModel({
            owner: "+++--+-",
            thieves: [2],
            capacity: 4,
            ...mutant,
          }),
        ),
      ScheduleError,
    );
    assertMatch(error.message, /is lost|came 2 times/);
  });
}
