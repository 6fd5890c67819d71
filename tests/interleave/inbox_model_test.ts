import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { Inbox } from "../../src/executor/pool/inbox.ts";
import { NONE } from "../../src/executor/pool/task_deque.ts";
import { explore } from "./explore.ts";
import type { Model, Round, SteppedAtomics, Steps } from "./model.ts";
import { Places } from "./places.ts";
import { assertEachOnce, noted, tasksIn } from "./queue_support.ts";
import { ScheduleError } from "./schedule.ts";
import { tornAtomics, tornExchange } from "./weakened.ts";

const places = new Places();
const HEAD = places.word("HEAD");
/** Records have two words here, the second one is the link. */
const LINKS = { at: places.block("RECORD", 12) + 1, stride: 2 };

interface InboxOptions {
  /** How many records each thread adds. */
  readonly pushers: readonly number[];
  /** How often the reader takes all there is. */
  readonly takes: number;
  readonly weaken?: (steps: Steps) => SteppedAtomics;
  readonly push?: (steps: Steps, record: number) => void;
}

/** All records that are added are read or left once, and in the order of adding. */
function model(options: InboxOptions): Model {
  const { pushers, takes, weaken, push } = options;
  const inboxOf = (steps: Steps) =>
    new Inbox(steps.words, HEAD, LINKS, weaken?.(steps) ?? steps.atomics);
  let records = 0;
  const pushRound = (): Round => {
    const record = records++;
    return (steps) => {
      if (push !== undefined) push(steps, record);
      else {
        const inbox = inboxOf(steps);
        steps.retry(HEAD, () => inbox.push(record), { reuses: true });
      }
    };
  };
  const owned = pushers.map((count) =>
    Array.from({ length: count }, pushRound)
  );
  const takeRound: Round = (steps, taken) => {
    const inbox = inboxOf(steps);
    let record = inbox.takeAll();
    while (record !== NONE) {
      taken = noted(taken, record);
      record = inbox.next(record);
    }
    return taken;
  };
  return {
    words: places.words,
    names: places.names,
    threads: [
      { name: "reader", rounds: Array(takes).fill(takeRound) },
      ...owned.map((rounds, i) => ({ name: `pusher ${i + 1}`, rounds })),
    ],
    check: ({ world, results }) => {
      const taken = tasksIn(results[0]!);
      const left: number[] = [];
      let record = world[HEAD]! - 1;
      while (record !== NONE) {
        if (left.unshift(record) > records) throw new Error("a circle is lost");
        record = world[LINKS.at + record * LINKS.stride]! - 1;
      }
      assertEachOnce([...taken, ...left], records);
      let first = 0;
      for (const count of pushers) {
        const own = [...taken, ...left].filter((record) =>
          record >= first && record < first + count
        );
        assertEquals(own, own.toSorted((a, b) => a - b), "out of order");
        first += count;
      }
    },
  };
}

const MODELS: readonly (InboxOptions & { schedules: bigint })[] = [
  { pushers: [3], takes: 3, schedules: 213_667n },
  { pushers: [2, 2], takes: 2, schedules: 2_528_834_261_800n },
  { pushers: [2, 2], takes: 3, schedules: 146_333_474_377_532n },
  { pushers: [3, 3], takes: 3, schedules: 3_815_376_220_677_786_371_740n },
];

for (const { schedules, ...options } of MODELS) {
  const { pushers, takes } = options;
  Deno.test(`no order of the steps of threads that add ${pushers.join(" and ")} records and one that takes all ${takes} times loses a record`, () => {
    assertEquals(explore(model(options)).schedules, schedules);
  });
}

Deno.test("leaving out what commutes finds the same ends of a list", () => {
  const options = { pushers: [2, 2], takes: 3 };
  const all = explore(model(options));
  const reduced = explore(model(options), { reduce: true });
  assertEquals([reduced.ends, reduced.outcomes], [all.ends, all.outcomes]);
});

/** Puts the record into the list before it leads to the others. */
function pushUnlinked({ atomics, words }: Steps, record: number): void {
  const head = atomics.exchange(words, HEAD, record + 1);
  words[LINKS.at + record * LINKS.stride] = head;
}

const MUTANTS: Record<string, Partial<InboxOptions>> = {
  "to which records are added before they lead to the next": {
    push: pushUnlinked,
  },
  "whose compare-and-swap is two steps": { weaken: tornAtomics },
  "whose head is read and cleared in two steps": { weaken: tornExchange },
};

for (const [name, mutant] of Object.entries(MUTANTS)) {
  Deno.test(`the model of a list finds out one ${name}`, () => {
    const error = assertThrows(
      () => explore(model({ pushers: [2, 1], takes: 2, ...mutant })),
      ScheduleError,
    );
    assertMatch(error.message, /is lost|came 2 times|at once/);
  });
}
