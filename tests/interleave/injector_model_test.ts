import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { NONE } from "../../src/executor/pool/task_deque.ts";
import { CASES } from "./cases/injector.ts";
import { explore } from "./explore.ts";
import {
  CAPACITY,
  CELLS,
  HEAD,
  INJECTOR,
  injectorModel,
  type InjectorOptions,
  TAIL,
} from "./injector_model.ts";
import type { Steps } from "./model.ts";
import { ScheduleError } from "./schedule.ts";
import { testCases } from "./test_cases.ts";
import { tornAtomics } from "./weakened.ts";

testCases(CASES);

Deno.test("leaving out what commutes finds the same ends of an injector", () => {
  const options = { threads: ["++-", "++", "-2"] };
  const all = explore(injectorModel(options));
  const reduced = explore(injectorModel(options), { reduce: true });
  assertEquals([reduced.ends, reduced.outcomes], [all.ends, all.outcomes]);
});

const turnAt = (index: number) => INJECTOR + CELLS + 2 * (index % CAPACITY);
const turnOf = (index: number, turn: number) => turn - index % CAPACITY;

/** Says that the place is filled before it is. */
function pushEarly({ atomics, words }: Steps, task: number): boolean {
  const tail = atomics.load(words, INJECTOR + TAIL);
  if (atomics.load(words, turnAt(tail)) !== turnOf(tail, tail)) return false;
  const seen = atomics.compareExchange(words, INJECTOR + TAIL, tail, tail + 1);
  if (seen !== tail) return false;
  atomics.store(words, turnAt(tail), turnOf(tail, tail + 1));
  words[turnAt(tail) + 1] = task;
  return true;
}

/** Believes TAIL, which is moved before the place is filled. */
function popUnfilled({ atomics, words }: Steps): number {
  const head = atomics.load(words, INJECTOR + HEAD);
  if (atomics.load(words, INJECTOR + TAIL) - head <= 0) return NONE;
  const seen = atomics.compareExchange(words, INJECTOR + HEAD, head, head + 1);
  if (seen !== head) return NONE;
  const task = words[turnAt(head) + 1]!;
  atomics.store(words, turnAt(head), turnOf(head, head + CAPACITY));
  return task;
}

/** Frees the place before it was read. */
function popLate({ atomics, words }: Steps): number {
  const head = atomics.load(words, INJECTOR + HEAD);
  if (atomics.load(words, turnAt(head)) !== turnOf(head, head + 1)) return NONE;
  const seen = atomics.compareExchange(words, INJECTOR + HEAD, head, head + 1);
  if (seen !== head) return NONE;
  atomics.store(words, turnAt(head), turnOf(head, head + CAPACITY));
  return words[turnAt(head) + 1]!;
}

const MUTANTS: Record<string, Partial<InjectorOptions>> = {
  "that gives a place away before it is filled": { push: pushEarly },
  "from which places are taken that are not filled": { pop: popUnfilled },
  "that frees a place before it was read": { pop: popLate },
  "whose compare-and-swaps are two steps": { weaken: tornAtomics },
};

for (const [name, mutant] of Object.entries(MUTANTS)) {
  Deno.test(`the model of an injector finds out one ${name}`, () => {
    const error = assertThrows(
      () => explore(injectorModel({ threads: ["+++", "-+", "--"], ...mutant })),
      ScheduleError,
    );
    assertMatch(
      error.message,
      /is lost|came 2 times|at once|has the wrong turn/,
    );
  });
}
