import { Inbox } from "../../src/executor/pool/inbox.ts";
import { NONE } from "../../src/executor/pool/task_deque.ts";
import { expect, expectSame } from "./expect.ts";
import type { Model, Round, SteppedAtomics, Steps } from "./model.ts";
import { Places } from "./places.ts";
import { assertEachOnce, noted, tasksIn } from "./queue_support.ts";

const places = new Places();
export const HEAD = places.word("HEAD");
/** Records have two words here, the second one is the link. */
export const LINKS = { at: places.block("RECORD", 12) + 1, stride: 2 };

export interface InboxOptions {
  /** How many records each thread adds. */
  readonly pushers: readonly number[];
  /** How often the reader takes all there is. */
  readonly takes: number;
  /** Whether it adds the first record of the first time once more. */
  readonly putsBack?: boolean;
  readonly weaken?: (steps: Steps) => SteppedAtomics;
  readonly push?: (steps: Steps, record: number) => void;
}

/** All records that are added are read or left once, and in the order of adding. */
export function inboxModel(options: InboxOptions): Model {
  const { pushers, takes, putsBack = false, weaken, push } = options;
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
  const takeRound = (isFirst: boolean): Round => (steps, taken) => {
    const inbox = inboxOf(steps);
    let calls = 0;
    const hadAny = inbox.drain((record) => {
      calls++;
      if (putsBack && isFirst && calls === 1) {
        steps.retry(HEAD, () => inbox.push(record), { reuses: true });
      } else taken = noted(taken, record);
    });
    expect(hadAny === calls > 0, "drain does not know what it did");
    return taken;
  };
  return {
    words: places.words,
    names: places.names,
    threads: [
      {
        name: "reader",
        rounds: Array.from({ length: takes }, (_, i) => takeRound(i === 0)),
      },
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
      if (putsBack) return;
      let first = 0;
      for (const count of pushers) {
        const own = [...taken, ...left].filter((record) =>
          record >= first && record < first + count
        );
        expectSame(own, own.toSorted((a, b) => a - b), "out of order");
        first += count;
      }
    },
  };
}
