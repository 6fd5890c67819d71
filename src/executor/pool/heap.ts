import type { AtomicWords } from "../../reactor/parking.ts";
import { putBack } from "./free_list.ts";

/** The index of the word that says how much was ever handed out, in blocks of 256 B. */
const USED = 0;
/** Where the heads of the shared lists begin, one for each size. */
const HEADS = 1;

/** The smallest block is 2^8 bytes, what is smaller stands in the record. */
const SMALLEST = 8;
/** The largest is 2^26 bytes, 64 MiB: what is larger goes another way. */
const LARGEST = 26;
const SIZES = LARGEST - SMALLEST + 1;

/** How many bytes the smallest block has. */
export const SMALLEST_BLOCK: number = 2 ** SMALLEST;
/** How many bytes the largest block has. */
export const LARGEST_BLOCK: number = 2 ** LARGEST;

/**
 * How many blocks of each size a thread keeps for itself, and which part of the
 * heap: what one keeps the others lack, so a hundred threads must not keep most of
 * it. To share a large block costs nothing beside what it takes to fill it.
 */
const KEPT = 32;
const KEPT_SHARE = 2 ** 12;

/**
 * Blocks of shared memory for arguments and results that do not fit into a record.
 * Whoever sends allocates, whoever receives frees.
 *
 * Sizes are powers of two. Each size has a list that all threads add to, one
 * compare-and-swap each, and that a thread which needs a block takes as a whole
 * (so that no head can come back unnoticed, see `inbox.ts`), to keep some of the
 * others and put the rest back. A program's sizes repeat, and memory that was never
 * used costs nothing: so a block is split only when all is used up, and never joined
 * with others. What finds none that is large enough takes several smaller ones, see
 * `chains.ts`.
 *
 * Blocks are named by where they begin, in units of the smallest one, plus one, so
 * that 0 means none; the first word of a free one holds the name of the next.
 */
export class Heap {
  readonly #words: Int32Array;
  readonly #at: number;
  readonly #start: number;
  readonly #units: number;
  readonly #atomics: AtomicWords;
  /** How much a thread keeps of each size. */
  readonly #keptUnits: number;
  readonly #kept: number[][] = Array.from({ length: SIZES }, () => []);

  /**
   * A thread's view; zeroed memory means that nothing was used yet.
   *
   * @param at Where the shared words are.
   * @param start Where the blocks begin, in bytes, a multiple of 4.
   * @param bytes How much room there is for blocks.
   * @param atomics `Atomics`, but for a test that explores interleavings.
   */
  constructor(
    words: Int32Array,
    at: number,
    start: number,
    bytes: number,
    atomics: AtomicWords = Atomics,
  ) {
    this.#words = words;
    this.#at = at;
    this.#start = start;
    this.#units = Math.floor(bytes / 2 ** SMALLEST);
    this.#keptUnits = Math.max(KEPT, Math.floor(this.#units / KEPT_SHARE));
    this.#atomics = atomics;
  }

  /** How many words threads share. */
  static readonly SIZE = HEADS + SIZES;

  /** Where a block begins, in bytes. */
  offset(block: number): number {
    return this.#start + (block - 1) * 2 ** SMALLEST;
  }

  /** A block for so many bytes, or 0 if there is no room for it. */
  allocate(bytes: number): number {
    const size = sizeOf(bytes);
    if (size >= SIZES) return 0;
    const kept = this.#kept[size]!;
    return kept.pop() ?? this.#takeShared(size) ?? this.#takeUnused(size);
  }

  /**
   * A block for so many bytes, from `allocate`, or if there is none of its size then
   * a part of a larger one. Its other parts are blocks of their own from then on.
   */
  find(bytes: number): number {
    const block = this.allocate(bytes);
    if (block !== 0) return block;
    const size = sizeOf(bytes);
    for (let larger = size + 1; larger < SIZES; larger++) {
      const block = this.#kept[larger]!.pop() ?? this.#takeShared(larger);
      if (block === undefined) continue;
      for (let part = size; part < larger; part++) {
        this.#share(part, block + 2 ** part);
      }
      return block;
    }
    return 0;
  }

  /** Takes a block back that some thread allocated for so many bytes. */
  free(block: number, bytes: number): void {
    const size = sizeOf(bytes);
    const kept = this.#kept[size]!;
    if (kept.length < this.#keptOf(size)) kept.push(block);
    else this.#share(size, block);
  }

  #takeShared(size: number): number | undefined {
    const at = this.#at + HEADS + size;
    if (this.#atomics.load(this.#words, at) === 0) return undefined;
    const first = this.#atomics.exchange(this.#words, at, 0);
    if (first === 0) return undefined;
    let rest = this.#words[this.#link(first)]!;
    const kept = this.#kept[size]!;
    for (const limit = this.#keptOf(size); rest !== 0 && kept.length < limit;) {
      kept.push(rest);
      rest = this.#words[this.#link(rest)]!;
    }
    if (rest !== 0) this.#putBack(at, rest);
    return first;
  }

  /** How many blocks of a size a thread keeps. */
  #keptOf(size: number): number {
    return Math.min(KEPT, this.#keptUnits >> size);
  }

  #putBack(head: number, rest: number): void {
    const linkOf = (block: number) => this.#link(block);
    putBack(
      { words: this.#words, head, atomics: this.#atomics, linkOf },
      rest,
    );
  }

  /** Where a free block keeps the name of the next, in words. */
  #link(block: number): number {
    return this.offset(block) >> 2;
  }

  #takeUnused(size: number): number {
    const at = this.#at + USED;
    const units = 2 ** size;
    for (;;) {
      const used = this.#atomics.load(this.#words, at);
      if (used + units > this.#units) return 0;
      const next = used + units;
      if (
        this.#atomics.compareExchange(this.#words, at, used, next) === used
      ) return used + 1;
    }
  }

  #share(size: number, block: number): void {
    const at = this.#at + HEADS + size;
    const link = this.#link(block);
    for (;;) {
      const head = this.#atomics.load(this.#words, at);
      this.#words[link] = head;
      if (
        this.#atomics.compareExchange(this.#words, at, head, block) === head
      ) return;
    }
  }

  /** Gives all that this thread keeps to the others, at its end. */
  giveBack(): void {
    this.#kept.forEach((blocks, size) => {
      for (const block of blocks) this.#share(size, block);
      blocks.length = 0;
    });
  }
}

/** The number of the smallest size that holds so many bytes. */
function sizeOf(bytes: number): number {
  return Math.max(0, 32 - Math.clz32(bytes - 1) - SMALLEST);
}
