import { Slots } from "../../src/executor/pool/slots.ts";
import { NONE } from "../../src/executor/pool/task_deque.ts";
import {
  type Allocator,
  type AllocatorOptions,
  allocatorProgram,
} from "./allocator_program.ts";
import { expect, expectSame } from "./expect.ts";
import type { Model, Steps } from "./model.ts";
import { Places } from "./places.ts";

const RECORDS = 3;

/** Threads that take records from a pool of three, all of them used before. */
export function slotsModel(
  { threads, weaken }: AllocatorOptions,
  used = true,
): Model {
  const places = new Places();
  const shared = places.block("", Slots.SIZE, { USED: 0, RETURNED: 1 });
  const links = { at: places.block("LINK", RECORDS), stride: 1 };
  const owners = places.block("OWNERS", RECORDS);
  const left = places.word("LEFT");
  const allocatorOf = (steps: Steps): Allocator => {
    const slots = new Slots(
      steps.words,
      shared,
      RECORDS,
      links,
      weaken?.(steps) ?? steps.atomics,
    );
    return {
      allocate: () => slots.allocate(),
      free: (record) => slots.release(record),
      giveBack: () => {
        slots.giveBack();
        // To leave once more does nothing.
        slots.giveBack();
      },
    };
  };
  const program = (operations: string) =>
    allocatorProgram(operations, {
      owners,
      left,
      returned: shared + 1,
      allocatorOf,
    });
  return {
    words: places.words,
    names: places.names,
    setUp: (world) => {
      if (!used) return;
      world[shared] = RECORDS;
      world[shared + 1] = RECORDS;
      for (let i = 0; i < RECORDS; i++) world[links.at + i] = i;
    },
    threads: threads.map((operations, i) => ({
      name: `${"ABC"[i]} (${operations})`,
      rounds: [program(operations)],
    })),
    check: ({ world }) => {
      // As many as a thread fetches at a time.
      const most = RECORDS + 64 * threads.length;
      expect(world[shared]! <= most, "the counter goes on for ever");
      const free: number[] = [];
      let record = world[shared + 1]! - 1;
      while (record !== NONE && free.length <= RECORDS) {
        free.push(record);
        record = world[links.at + record]! - 1;
      }
      if (world[shared] === 0) free.push(0, 1, 2);
      expectSame(free.toSorted(), [0, 1, 2], "not each is free once");
    },
  };
}
