import { Slots, type SlotsLimits } from "../../src/executor/pool/slots.ts";
import { NONE } from "../../src/executor/pool/task_deque.ts";
import { expectSame } from "./expect.ts";
import type { Model, SteppedAtomics, Steps } from "./model.ts";
import { Places } from "./places.ts";

/**
 * Threads that share few records, of which each keeps less than it frees. The first
 * thread has all of them at the start. A thread allocates (`+`), waiting until there
 * is a record, frees its oldest (`-`), or stays (`.`) until all the others have had
 * what they want, so that what it keeps is of no use to them.
 */
export interface LimitsOptions {
  readonly records: number;
  readonly threads: readonly string[];
  readonly limits: SlotsLimits;
  readonly weaken?: (steps: Steps) => SteppedAtomics;
}

export function fewSlots(
  { records, threads, limits, weaken }: LimitsOptions,
): Model {
  const places = new Places();
  const shared = places.block("", Slots.SIZE, { USED: 0, RETURNED: 1 });
  const [used, returned] = [shared, shared + 1];
  const links = { at: places.block("LINK", records), stride: 1 };
  const owners = places.block("OWNERS", records);
  const served = places.word("SERVED");
  const wanting = threads.filter((operations) => !operations.includes("."))
    .length;

  const program =
    (operations: string, first: boolean) => (steps: Steps): void => {
      const { atomics, step, world } = steps;
      const slots = new Slots(
        steps.words,
        shared,
        records,
        links,
        weaken?.(steps) ?? atomics,
        limits,
      );
      const own = first ? [...Array(records).keys()] : [];
      const change = (record: number, by: number) => {
        const at = owners + record;
        step(by > 0 ? "own" : "disown", () => {
          world[at]! += by;
          if (world[at]! > 1) throw new Error(`${record} has two owners`);
        }, { reads: [at], writes: [at] });
      };
      const allocate = () => {
        for (;;) {
          const record = slots.allocate();
          if (record !== NONE) return record;
          // Somebody else may hold all for a moment, so it is tried by and by.
          step("is there a record", () => 0, {
            when: () => world[returned] !== 0,
            reads: [returned],
          });
        }
      };
      const free = () => {
        const record = own.shift()!;
        change(record, -1);
        slots.release(record);
      };
      for (const operation of operations) {
        if (operation === "+") {
          const record = allocate();
          change(record, 1);
          own.push(record);
        } else if (operation === "-") {
          free();
        } else {
          step("all others are served", () => 0, {
            when: () => world[served] === wanting,
            reads: [served],
          });
        }
      }
      if (!operations.includes(".")) atomics.add(world, served, 1);
      while (own.length > 0) free();
      slots.giveBack();
    };

  return {
    words: places.words,
    names: places.names,
    threads: threads.map((operations, i) => ({
      name: `${"ABC"[i]} (${operations})`,
      rounds: [program(operations, i === 0)],
    })),
    setUp: (world) => {
      world[used] = records;
      world.fill(1, owners, owners + records);
    },
    check: ({ world }) => {
      const free: number[] = [];
      let record = world[returned]! - 1;
      while (record !== NONE && free.length <= records) {
        free.push(record);
        record = world[links.at + record]! - 1;
      }
      const all = Array.from({ length: records }, (_, i) => i);
      expectSame(free.toSorted(), all, "not each is free once");
    },
  };
}
