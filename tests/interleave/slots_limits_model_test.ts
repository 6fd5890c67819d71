import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { Slots, type SlotsLimits } from "../../src/executor/pool/slots.ts";
import { NONE } from "../../src/executor/pool/task_deque.ts";
import { explore } from "./explore.ts";
import type { Model, SteppedAtomics, Steps } from "./model.ts";
import { Places } from "./places.ts";
import { ScheduleError } from "./schedule.ts";
import { tornAtomics } from "./weakened.ts";

/**
 * Threads that share few records, of which each keeps less than it frees. The first
 * thread has all of them at the start. A thread allocates (`+`), waiting until there
 * is a record, frees its oldest (`-`), or stays (`.`) until all the others have had
 * what they want, so that what it keeps is of no use to them.
 */
interface LimitsOptions {
  readonly records: number;
  readonly threads: readonly string[];
  readonly limits: SlotsLimits;
  readonly weaken?: (steps: Steps) => SteppedAtomics;
}

function slots({ records, threads, limits, weaken }: LimitsOptions): Model {
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
      assertEquals(free.toSorted(), all, "not each is free once");
    },
  };
}

const MODELS: readonly (LimitsOptions & { schedules: bigint })[] = [
  {
    records: 2,
    threads: ["--.", "+-"],
    limits: { batch: 1, kept: 1 },
    schedules: 735n,
  },
  {
    records: 3,
    threads: ["---.", "+-", "+-"],
    limits: { batch: 1, kept: 1 },
    schedules: 851_825_097_025_036_012n,
  },
  {
    records: 3,
    threads: ["---.", "++--"],
    limits: { batch: 1, kept: 1 },
    schedules: 1_400_630n,
  },
  {
    records: 2,
    threads: ["--.", "+.", "+-"],
    limits: { batch: 1, kept: 0 },
    schedules: 753_793_431_617_687n,
  },
  {
    records: 4,
    threads: ["----.", "+++---"],
    limits: { batch: 2, kept: 0 },
    schedules: 1_592_693_622_864_158n,
  },
  {
    records: 3,
    threads: ["---+-.", "+-"],
    limits: { batch: 2, kept: 1 },
    schedules: 35_214_657n,
  },
];

for (const { schedules, ...options } of MODELS) {
  const { records, threads, limits: { batch, kept } } = options;
  Deno.test(`nobody starves while one of ${records} records is free, fetched by ${batch} and kept up to ${kept}, in threads that do ${threads.join(" and ")}`, () => {
    assertEquals(explore(slots(options)).schedules, schedules);
  });
}

/** Puts the rest of a list back as if nobody else had touched it. */
function overwritten({ atomics }: Steps): SteppedAtomics {
  return {
    ...atomics,
    compareExchange: (
      words: Int32Array,
      index: number,
      expected: number,
      value: number,
    ) => {
      if (expected !== 0) {
        return atomics.compareExchange(words, index, expected, value);
      }
      atomics.store(words, index, value);
      return 0;
    },
  } as SteppedAtomics;
}

const MUTANTS: Record<string, Partial<LimitsOptions>> = {
  "that keep all they free": { limits: { batch: 1, kept: 9 } },
  "that take all that others gave back": {
    threads: ["---.", "+.", "+-"],
    limits: { batch: 9, kept: 0 },
  },
  "that overwrite what others gave back meanwhile": { weaken: overwritten },
  "whose compare-and-swap is two steps": { weaken: tornAtomics },
};

for (const [name, mutant] of Object.entries(MUTANTS)) {
  Deno.test(`the model of few records finds out threads ${name}`, () => {
    const options = { ...MODELS[1]!, ...mutant };
    const error = assertThrows(() => explore(slots(options)), ScheduleError);
    assertMatch(error.message, /^(Deadlock|Data race|At the end|.*two owners)/);
  });
}
