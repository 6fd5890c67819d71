import { Heap } from "../../src/executor/pool/heap.ts";
import { NONE } from "../../src/executor/pool/task_deque.ts";
import {
  type AllocatorOptions,
  allocatorProgram,
} from "./allocator_program.ts";
import { expect, expectSame } from "./expect.ts";
import type { Model, Steps } from "./model.ts";
import { Places } from "./places.ts";

/** The smallest block, in bytes. */
const UNIT = 256;

export interface HeapOptions extends AllocatorOptions {
  /** How many blocks may be handed out. Default: 3. */
  readonly blocks?: number;
  /** Whether all of them were used before, and are free. */
  readonly used?: boolean;
  /** How large they are, in the smallest ones: 1, which is the default, or 2. */
  readonly size?: number;
}

/** Threads that take blocks of one size from a heap. */
export function heapModel(
  { threads, weaken, blocks: count = 3, size = 1, used = false }: HeapOptions,
): Model {
  const places = new Places();
  const shared = places.block("", Heap.SIZE, { USED: 0, FREE: 1 });
  const blocks = places.block("BLOCK", UNIT / 4 * size * count);
  const owners = places.block("OWNERS", size * count + 1);
  const left = places.word("LEFT");
  const head = shared + size;
  const allocatorOf = (steps: Steps) => {
    const heap = new Heap(
      steps.words,
      shared,
      4 * blocks,
      UNIT * size * count,
      weaken?.(steps) ?? steps.atomics,
    );
    return {
      allocate: () => heap.allocate(UNIT * size) || NONE,
      free: (block: number) => heap.free(block, UNIT * size),
      giveBack: () => {
        heap.giveBack();
        // To leave once more does nothing.
        heap.giveBack();
      },
    };
  };
  const program = (operations: string) =>
    allocatorProgram(operations, {
      owners,
      left,
      returned: head,
      allocatorOf,
    });
  return {
    words: places.words,
    names: places.names,
    setUp: (world) => {
      if (!used) return;
      world[shared] = size * count;
      world[head] = 1;
      for (let i = 1; i < count; i++) {
        world[blocks + UNIT / 4 * size * (i - 1)] = size * i + 1;
      }
    },
    threads: threads.map((operations, i) => ({
      name: `${"ABC"[i]} (${operations})`,
      rounds: [program(operations)],
    })),
    check: ({ world }) => {
      const free: number[] = [];
      let block = world[head]!;
      while (block !== 0 && free.length <= count) {
        free.push(block);
        block = world[blocks + UNIT / 4 * (block - 1)]!;
      }
      const used = world[shared]! / size;
      expect(used <= count, `${used} blocks were handed out`);
      const all = Array.from({ length: used }, (_, i) => size * i + 1);
      expectSame(
        free.toSorted((a, b) => a - b),
        all,
        "not each is free once",
      );
    },
  };
}

/** How many bytes a thread wants, and the block that it must get. */
export type SizedRequest = readonly [bytes: number, block: number];

/**
 * One thread after the other takes blocks of sizes that are at the limits, from a
 * heap of so many bytes, and gives them back before the next one comes.
 */
export function heapSizesModel(
  bytes: number,
  visits: readonly (readonly SizedRequest[])[],
): Model {
  const places = new Places();
  const shared = places.block("", Heap.SIZE, { USED: 0 });
  // Where a free block leads to the next one, the model has no more than this.
  const start = 4 * places.block("BLOCK", 2 * UNIT / 4);
  return {
    words: places.words,
    names: places.names,
    threads: [{
      name: "visitors",
      rounds: visits.map((requests) => ({ words, atomics }: Steps) => {
        const heap = new Heap(words, shared, start, bytes, atomics);
        for (const [bytes, expected] of requests) {
          const block = heap.allocate(bytes);
          expect(
            block === expected,
            `${bytes} bytes have got block ${block}, not ${expected}`,
          );
          if (block > 0 && block <= 2) heap.free(block, bytes);
        }
        heap.giveBack();
      }),
    }],
  };
}

/**
 * Threads that look for room in a heap of which all is one free block, four times
 * the smallest one: each wants so many of those. Alone, a thread gets these blocks.
 */
export function heapPartsModel(
  threads: readonly (readonly number[])[],
  { alone = [], keeps = false }: {
    alone?: readonly number[];
    /** Whether that block is the first thread's own, and in no list. */
    keeps?: boolean;
  } = {},
): Model {
  const places = new Places();
  const shared = places.block("", Heap.SIZE, { USED: 0 });
  const start = 4 * places.block("BLOCK", UNIT);
  const owners = places.block("OWNERS", 5);
  const largest = shared + 1 + 2;
  return {
    words: places.words,
    names: places.names,
    setUp: (world) => {
      world[shared] = 4;
      world[largest] = 1;
    },
    threads: threads.map((sizes, i) => ({
      name: `${"ABC"[i]}`,
      rounds: [(steps) => {
        const { step, words, world, atomics } = steps;
        const heap = new Heap(words, shared, start, 4 * UNIT, atomics);
        if (keeps && i === 0) heap.free(heap.allocate(4 * UNIT), 4 * UNIT);
        sizes.forEach((size, n) => {
          const block = heap.find(UNIT * size);
          const expected = alone[n] ?? block;
          expect(block === expected, `it got block ${block}, not ${expected}`);
          if (block === 0) return;
          const units = Array.from(
            { length: size },
            (_, i) => owners + block + i,
          );
          step("own", () => {
            for (const at of units) {
              world[at]!++;
              expect(world[at] === 1, "a part of it has two owners");
            }
          }, { reads: units, writes: units });
        });
        heap.giveBack();
      }],
    })),
  };
}
