import { assert, assertEquals, assertThrows } from "@std/assert";
import { Heap } from "../../src/executor/pool/heap.ts";
import { Slots } from "../../src/executor/pool/slots.ts";
import { NONE } from "../../src/executor/pool/task_deque.ts";
import { explore } from "./explore.ts";
import type { Model, SteppedAtomics, Steps } from "./model.ts";
import { Places } from "./places.ts";
import { ScheduleError } from "./schedule.ts";
import { tornAtomics, tornExchange } from "./weakened.ts";

/** What a thread does: allocates (`+`), frees its oldest (`-`), and at last leaves. */
interface AllocatorOptions {
  readonly threads: readonly string[];
  readonly weaken?: (steps: Steps) => SteppedAtomics;
}

interface Allocator {
  /** NONE if there is none. */
  allocate(): number;
  free(item: number): void;
  giveBack(): void;
}

/** A program for one thread. It is one round, as the free ones are in its heap. */
function program(
  operations: string,
  owners: number,
  allocatorOf: (steps: Steps) => Allocator,
) {
  return (steps: Steps): number => {
    const { step, world } = steps;
    const allocator = allocatorOf(steps);
    const own: number[] = [];
    let got = 0;
    const change = (item: number, by: number) => {
      const at = owners + item;
      step(by > 0 ? "own" : "disown", () => {
        world[at]! += by;
        if (world[at]! > 1) throw new Error(`${item} has two owners`);
      }, { reads: [at], writes: [at] });
    };
    const free = () => {
      const item = own.shift();
      if (item === undefined) return;
      change(item, -1);
      allocator.free(item);
    };
    for (const operation of operations) {
      if (operation === "-") free();
      else {
        const item = allocator.allocate();
        if (item === NONE) continue;
        change(item, 1);
        own.push(item);
        got++;
      }
    }
    while (own.length > 0) free();
    allocator.giveBack();
    return got;
  };
}

const RECORDS = 3;

/** Threads that take records from a pool of three, all of them used before. */
function slots({ threads, weaken }: AllocatorOptions, used = true): Model {
  const places = new Places();
  const shared = places.block("", Slots.SIZE, { USED: 0, RETURNED: 1 });
  const links = { at: places.block("LINK", RECORDS), stride: 1 };
  const owners = places.block("OWNERS", RECORDS);
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
      giveBack: () => slots.giveBack(),
    };
  };
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
      rounds: [program(operations, owners, allocatorOf)],
    })),
    check: ({ world }) => {
      const free: number[] = [];
      let record = world[shared + 1]! - 1;
      while (record !== NONE && free.length <= RECORDS) {
        free.push(record);
        record = world[links.at + record]! - 1;
      }
      if (world[shared] === 0) free.push(0, 1, 2);
      assertEquals(free.toSorted(), [0, 1, 2], "not each is free once");
    },
  };
}

const BLOCKS = 3;

/** Threads that take blocks of 256 bytes from a heap that has room for three. */
function heap({ threads, weaken }: AllocatorOptions): Model {
  const places = new Places();
  const shared = places.block("", Heap.SIZE, { USED: 0, FREE: 1 });
  const blocks = places.block("BLOCK", 64 * BLOCKS);
  const owners = places.block("OWNERS", BLOCKS + 1);
  const allocatorOf = (steps: Steps): Allocator => {
    const heap = new Heap(
      steps.words,
      shared,
      4 * blocks,
      256 * BLOCKS,
      weaken?.(steps) ?? steps.atomics,
    );
    return {
      allocate: () => heap.allocate(200) || NONE,
      free: (block) => heap.free(block, 200),
      giveBack: () => heap.giveBack(),
    };
  };
  return {
    words: places.words,
    names: places.names,
    threads: threads.map((operations, i) => ({
      name: `${"ABC"[i]} (${operations})`,
      rounds: [program(operations, owners, allocatorOf)],
    })),
    check: ({ world }) => {
      const free: number[] = [];
      let block = world[shared + 1]!;
      while (block !== 0 && free.length <= BLOCKS) {
        free.push(block);
        block = world[blocks + 64 * (block - 1)]!;
      }
      const used = world[shared]!;
      assert(used <= BLOCKS, `${used} blocks were handed out`);
      const all = Array.from({ length: used }, (_, i) => i + 1);
      assertEquals(free.toSorted(), all, "not each is free once");
    },
  };
}

const MODELS = [
  {
    name: "records",
    models: [
      { threads: ["++-+", "+-"], schedules: 348_915_258n },
      { threads: ["+-+", "+-+"], schedules: 69_279_084n },
      { threads: ["+", "+", "+"], schedules: 169_416_271_092_588n },
      { threads: ["+-+", "+", "+"], schedules: 41_105_647_618_387_636n },
    ],
    make: (options: AllocatorOptions) => slots(options),
  },
  {
    name: "records that were never used",
    models: [
      { threads: ["++-+", "+-"], schedules: 159_452_332n },
      { threads: ["+", "+", "+"], schedules: 94_273_735_984_110n },
    ],
    make: (options: AllocatorOptions) => slots(options, false),
  },
  {
    name: "blocks",
    models: [
      { threads: ["++-+", "+-"], schedules: 37_396_592n },
      { threads: ["+-+", "+-+"], schedules: 340_912n },
      { threads: ["+", "+", "+"], schedules: 6_331_699_702_734n },
      { threads: ["+-+", "+", "+"], schedules: 53_694_372_275_014n },
    ],
    make: heap,
  },
];

for (const { name, models, make } of MODELS) {
  for (const { threads, schedules } of models) {
    Deno.test(`${name} have one owner at a time and are free once in the end, in threads that do ${threads.join(" and ")}`, () => {
      assertEquals(explore(make({ threads })).schedules, schedules);
    });
  }

  for (
    const [mutant, weaken] of [
      ["compare-and-swaps", tornAtomics],
      ["exchanges", tornExchange],
    ] as const
  ) {
    Deno.test(`the model of ${name} finds out ${mutant} in two steps`, () => {
      const threads = ["+-+", "+", "+"];
      assertThrows(() => explore(make({ threads, weaken })), ScheduleError);
    });
  }
}
