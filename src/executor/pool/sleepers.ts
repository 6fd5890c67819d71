import type { AtomicWords } from "../../reactor/parking.ts";
import { NONE } from "./task_deque.ts";

/** How many workers search (low half) and how many are idle (high half). */
const COUNTS = 0;
/** Where the next search for an idle worker begins, so that all get their turn. */
const CURSOR = 1;
/** Where the workers' flags begin: 1 for one that is idle. */
const FLAGS = 16;

const ONE_SEARCHER = 1;
const ONE_IDLE = 1 << 16;
const SEARCHERS = ONE_IDLE - 1;

/**
 * Which workers have nothing to do, so that whoever adds work wakes one, and only
 * one.
 *
 * A worker is busy, or searches (it looks for work at the others and into the
 * injector), or is idle (it sleeps, or is about to). Who adds work does nothing if
 * somebody searches: that worker will find it. A searcher that finds work and is
 * the last one wakes another, which searches in turn; so a burst of work brings up
 * everybody, one after the other, and a single task only one.
 *
 * No work is left lying while workers sleep. An adder first makes its work
 * visible and then reads COUNTS; a worker first goes idle, by one step that also
 * ends its search, and then looks at every queue once more before it sleeps. These
 * steps have an order. If the worker's comes first, the adder reads that nobody
 * searches and that somebody is idle (or that another searches, for whom the same
 * holds later), and wakes one. If the adder's comes first, the work was visible
 * before the worker's last look.
 *
 * tokio's `idle.rs` works the same way, with a mutex for the list of sleepers; here
 * a flag is taken by a compare-and-swap.
 */
export class Sleepers {
  readonly #words: Int32Array;
  readonly #at: number;
  readonly #workers: number;
  readonly #atomics: AtomicWords;

  /**
   * A view; zeroed memory means that all workers are busy.
   *
   * @param at Where it begins, in words.
   * @param workers How many there are, below 2^15.
   * @param atomics `Atomics`, but for a test that explores interleavings.
   */
  constructor(
    words: Int32Array,
    at: number,
    workers: number,
    atomics: AtomicWords = Atomics,
  ) {
    this.#words = words;
    this.#at = at;
    this.#workers = workers;
    this.#atomics = atomics;
  }

  /** How many words it takes. */
  static size(workers: number): number {
    return FLAGS + workers;
  }

  /** How many workers are idle. */
  get idle(): number {
    return this.#atomics.load(this.#words, this.#at + COUNTS) >> 16;
  }

  /** How many workers search. */
  get searching(): number {
    return this.#atomics.load(this.#words, this.#at + COUNTS) & SEARCHERS;
  }

  /**
   * After work was added: the worker that the caller must unpark, or NONE. From
   * here on that worker counts as searching.
   */
  claimOne(): number {
    const words = this.#words;
    const atomics = this.#atomics;
    const countsAt = this.#at + COUNTS;
    for (;;) {
      const counts = atomics.load(words, countsAt);
      if ((counts & SEARCHERS) !== 0 || counts < ONE_IDLE) return NONE;
      // It counts as a searcher before it can find out that it was claimed: else
      // it might end its search before it was counted.
      const next = counts + ONE_SEARCHER;
      if (atomics.compareExchange(words, countsAt, counts, next) !== counts) {
        continue;
      }
      const start = words[this.#at + CURSOR]!;
      for (let i = 0; i < this.#workers; i++) {
        const worker = (start + i) % this.#workers;
        if (!this.#takeFlag(worker)) continue;
        // Two that write it at once lose nothing but a turn.
        words[this.#at + CURSOR] = (worker + 1) % this.#workers;
        return worker;
      }
      // All got up by themselves. Whoever added work meanwhile relied on this
      // search, so if it was the only one, somebody idle must be looked for again.
      if (!this.endSearch()) return NONE;
    }
  }

  #takeFlag(worker: number): boolean {
    const flag = this.#at + FLAGS + worker;
    return this.#atomics.load(this.#words, flag) === 1 &&
      this.#atomics.compareExchange(this.#words, flag, 1, 0) === 1;
  }

  /**
   * A busy worker has run out of work. True: it may search. No more than half of
   * them do at a time: they would only get into each other's way.
   */
  startSearch(): boolean {
    const { searching } = this;
    if (2 * searching >= this.#workers) return false;
    this.#atomics.add(this.#words, this.#at + COUNTS, ONE_SEARCHER);
    return true;
  }

  /** A searcher has found work. True: it was the last one, wake another. */
  endSearch(): boolean {
    const before = this.#atomics.sub(
      this.#words,
      this.#at + COUNTS,
      ONE_SEARCHER,
    );
    return (before & SEARCHERS) === 1;
  }

  /** A worker goes idle. After this, and before it sleeps, it looks once more. */
  goIdle(worker: number, wasSearching: boolean): void {
    this.#atomics.store(this.#words, this.#at + FLAGS + worker, 1);
    this.#atomics.add(
      this.#words,
      this.#at + COUNTS,
      wasSearching ? ONE_IDLE - ONE_SEARCHER : ONE_IDLE,
    );
  }

  /**
   * An idle worker is up again. True: it is a searcher, since somebody claimed it,
   * or since its last look, `sawWork`, found something: who added that may have
   * woken nobody because this worker still searched, so that it has to wake the
   * next one when it takes the work. False: it is busy with something of its own.
   */
  getUp(worker: number, sawWork: boolean): boolean {
    // The count goes down before the flag: as long as nobody searches and somebody
    // is counted as idle, there is a flag to take.
    const counts = this.#at + COUNTS;
    const atomics = this.#atomics;
    const change = sawWork ? ONE_SEARCHER - ONE_IDLE : -ONE_IDLE;
    atomics.add(this.#words, counts, change);
    if (this.#takeFlag(worker)) return sawWork;
    // Whoever has claimed it has counted it as a searcher already.
    if (sawWork) atomics.sub(this.#words, counts, ONE_SEARCHER);
    return true;
  }
}
