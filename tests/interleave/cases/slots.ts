import type { AllocatorOptions } from "../allocator_program.ts";
import type { Case } from "../cases.ts";
import {
  heapModel,
  type HeapOptions,
  heapPartsModel,
  heapSizesModel,
} from "../heap_model.ts";
import { slotsModel } from "../slots_model.ts";

type Counted<T> = T & { readonly schedules: bigint };

const USED: readonly Counted<AllocatorOptions>[] = [
  { threads: ["++-+", "+-"], schedules: 2_190_514_220n },
  { threads: ["+-+", "+-+"], schedules: 434_506_370n },
  { threads: ["+", "+", "+"], schedules: 14_978_915_142_835_890n },
  { threads: ["+-+", "+", "+"], schedules: 3_637_900_309_677_972_732n },
  { threads: ["!!!", "1!!!"], schedules: 1n },
];

const UNUSED: readonly Counted<AllocatorOptions>[] = [
  { threads: ["++-+", "+-"], schedules: 1_001_249_234n },
  { threads: ["+", "+", "+"], schedules: 8_336_138_659_854_954n },
  { threads: ["!!!", "1!!!"], schedules: 1n },
  { threads: ["++++++"], schedules: 1n },
];

const KEPT = 32;

const BLOCKS: readonly Counted<HeapOptions>[] = [
  { threads: ["++-+", "+-"], schedules: 234_643_318n },
  { threads: ["!-!", "!-!"], schedules: 2_113_488n },
  { threads: ["!", "!", "!"], schedules: 559_352_276_737_620n },
  { threads: ["!-!", "!", "!"], schedules: 4_744_112_940_480_068n },
  {
    threads: ["+", "+", "+"],
    used: true,
    blocks: 2,
    schedules: 16_667_321_340n,
  },
  { threads: ["!!!+", "1"], schedules: 1n },
  { threads: ["!!!", "1!!!"], schedules: 1n },
  // The first one keeps all but one block.
  {
    threads: ["!".repeat(KEPT + 1) + "-".repeat(KEPT + 1) + "1", "~!"],
    blocks: KEPT + 1,
    schedules: 1n,
  },
  // Whoever takes what it gave back keeps all but one as well.
  {
    threads: ["!".repeat(KEPT + 2), "1!^3", "2!"],
    blocks: KEPT + 2,
    schedules: 1n,
  },
  // Of those that are twice as large it keeps half as many.
  {
    threads: ["!".repeat(KEPT / 2 + 1) + "-".repeat(KEPT / 2 + 1) + "1", "~!"],
    size: 2,
    blocks: KEPT / 2 + 1,
    schedules: 1n,
  },
];

/** The largest block, in bytes and in the smallest ones. */
const LARGEST = 2 ** 26;
const UNITS = LARGEST / 256;

function named(
  what: string,
  make: (options: AllocatorOptions) => ReturnType<Case["make"]>,
) {
  return ({ schedules, ...options }: Counted<AllocatorOptions>): Case => {
    const threads = options.threads.map((operations) =>
      operations.replaceAll(/(.)\1{3,}/g, (all, one) => `${all.length} ${one}`)
    );
    return {
      name:
        `${what} have one owner at a time and are free once in the end, in threads that do ${
          threads.join(" and ")
        }`,
      make: () => make(options),
      schedules,
    };
  };
}

export const CASES: readonly Case[] = [
  ...USED.map(named("records", (options) => slotsModel(options))),
  ...UNUSED.map(
    named(
      "records that were never used",
      (options) => slotsModel(options, false),
    ),
  ),
  ...BLOCKS.map(named("blocks", heapModel)),
  {
    name:
      "a block is as large as it has to be, and those of one size are not given out for another",
    make: () =>
      heapSizesModel(256 * (2 * UNITS + 7), [
        [[256, 1], [257, 2], [1, 1]],
        [[512, 2], [513, 4], [1, 1]],
        [[LARGEST + 1, 0], [LARGEST, 8], [LARGEST, UNITS + 8], [4096, 0]],
      ]),
    schedules: 1n,
  },
  ...[false, true].map((keeps) => ({
    name: `a larger block${
      keeps ? " of its own" : ""
    } is parted where there is none of the size`,
    make: () => heapPartsModel([[1, 2, 1, 1]], { alone: [1, 3, 2, 0], keeps }),
    schedules: 1n,
  })),
  {
    name: "the parts of a larger block have one owner each",
    make: () => heapPartsModel([[1, 1], [2], [1]]),
    schedules: 2_043_482_244_921_070_654_520_292_947n,
  },
];
