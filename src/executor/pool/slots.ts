import type { AtomicWords } from "../../reactor/parking.ts";
import { putBack } from "./free_list.ts";
import type { Links } from "./inbox.ts";
import { NONE } from "./task_deque.ts";

/** The newest of the records that threads gave back to all, plus one. */
const RETURNED = 1;

/**
 * How many records a thread fetches at a time: enough that the shared counter is
 * no bottleneck, few enough that a pool of many threads wastes little memory.
 */
const BATCH = 64;

/**
 * How many free records a thread keeps: enough for the bursts of most programs, few
 * enough that those of a hundred threads are no lack to the others.
 */
const KEPT = 4096;

/** Other limits, for a test that explores interleavings with few records. */
export interface SlotsLimits {
  /** How many records a thread fetches at a time. Default: 64. */
  readonly batch?: number;
  /** How many free records a thread keeps. Default: 4,096. */
  readonly kept?: number;
}

/**
 * The free records of one thread. A record is handed out and taken back by the
 * same thread, its spawner, so that nearly all of this is a plain array. Through
 * shared memory go new records, and those given back to all threads: what one has
 * beyond `KEPT`, and all it has when it leaves the pool.
 */
export class Slots {
  readonly #words: Int32Array;
  readonly #at: number;
  readonly #count: number;
  readonly #links: Links;
  readonly #atomics: AtomicWords;
  readonly #batch: number;
  readonly #kept: number;
  /** The most recently used comes first: it is still in the cache. */
  readonly #free: number[] = [];

  /**
   * A thread's view; zeroed memory means that no record was used yet.
   *
   * @param at Where the two shared words are.
   * @param count How many records there are.
   * @param links Where a record keeps the number of another while both are free.
   * @param atomics `Atomics`, but for a test that explores interleavings.
   */
  constructor(
    words: Int32Array,
    at: number,
    count: number,
    links: Links,
    atomics: AtomicWords = Atomics,
    { batch = BATCH, kept = KEPT }: SlotsLimits = {},
  ) {
    this.#words = words;
    this.#at = at;
    this.#count = count;
    this.#links = links;
    this.#atomics = atomics;
    this.#batch = batch;
    this.#kept = kept;
  }

  /** How many words threads share. */
  static readonly SIZE = 2;

  /** The word that tells how many records were ever handed out, or more. */
  static readonly USED = 0;

  /** A record that nobody uses, or NONE if all are in use. */
  allocate(): number {
    return this.#free.pop() ?? this.#fetch();
  }

  /** Takes a record back that this thread allocated. */
  release(record: number): void {
    if (this.#free.length < this.#kept) this.#free.push(record);
    else this.#giveBack(record);
  }

  #fetch(): number {
    this.#takeReturned();
    if (this.#free.length === 0) this.#takeUnused();
    return this.#free.pop() ?? NONE;
  }

  /**
   * A batch of what others gave back. All of it is taken at once, so that no head
   * can come back unnoticed, and the rest returned.
   */
  #takeReturned(): void {
    const at = this.#at + RETURNED;
    const atomics = this.#atomics;
    if (atomics.load(this.#words, at) === 0) return;
    let rest = atomics.exchange(this.#words, at, 0);
    for (let i = 0; i < this.#batch && rest !== 0; i++) {
      this.#free.push(rest - 1);
      rest = this.#words[this.#link(rest - 1)]!;
    }
    if (rest === 0) return;
    const linkOf = (name: number) => this.#link(name - 1);
    putBack({ words: this.#words, head: at, atomics, linkOf }, rest);
  }

  #takeUnused(): void {
    const at = this.#at + Slots.USED;
    // The counter stops at the end: it must not wrap around after 2^32 tries.
    if (this.#atomics.load(this.#words, at) >= this.#count) return;
    const first = this.#atomics.add(this.#words, at, this.#batch);
    const end = Math.min(first + this.#batch, this.#count);
    for (let i = end - 1; i >= first; i--) this.#free.push(i);
  }

  #link(record: number): number {
    return this.#links.at + record * this.#links.stride;
  }

  /** Gives all free records to the other threads, at the end of this one. */
  giveBack(): void {
    for (const record of this.#free) this.#giveBack(record);
    this.#free.length = 0;
  }

  #giveBack(record: number): void {
    const at = this.#at + RETURNED;
    for (;;) {
      const head = this.#atomics.load(this.#words, at);
      this.#words[this.#link(record)] = head;
      const seen = this.#atomics.compareExchange(
        this.#words,
        at,
        head,
        record + 1,
      );
      if (seen === head) return;
    }
  }
}
