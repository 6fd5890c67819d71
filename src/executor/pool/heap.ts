import type { AtomicWords } from "../../reactor/parking.ts";

/** The index of the word that says how much was ever handed out, in blocks of 256 B. */
const USED = 0;
/** Where the heads of the shared lists begin, one for each size. */
const HEADS = 1;

/** The smallest block is 2^8 bytes, what is smaller stands in the record. */
const SMALLEST = 8;
/** The largest is 2^26 bytes, 64 MiB: what is larger goes another way. */
const LARGEST = 26;
const SIZES = LARGEST - SMALLEST + 1;

/** How many blocks of each size a thread keeps for itself. */
const KEPT = 32;

/**
 * Blocks of shared memory for arguments and results that do not fit into a record.
 * Whoever sends allocates, whoever receives frees.
 *
 * Sizes are powers of two. Each size has a list that all threads add to, one
 * compare-and-swap each, and that a thread which needs a block takes as a whole
 * (so that no head can come back unnoticed, see `inbox.ts`), to keep the rest for
 * itself. A block is never split or joined with others: a program's sizes repeat,
 * and memory that was never used costs nothing.
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

  /** Takes a block back that some thread allocated for so many bytes. */
  free(block: number, bytes: number): void {
    const size = sizeOf(bytes);
    const kept = this.#kept[size]!;
    if (kept.length < KEPT) kept.push(block);
    else this.#share(size, block);
  }

  #takeShared(size: number): number | undefined {
    const at = this.#at + HEADS + size;
    if (this.#atomics.load(this.#words, at) === 0) return undefined;
    let block = this.#atomics.exchange(this.#words, at, 0);
    const kept = this.#kept[size]!;
    while (block !== 0) {
      kept.push(block);
      block = this.#words[this.offset(block) >> 2]!;
    }
    return kept.pop();
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
    const link = this.offset(block) >> 2;
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
