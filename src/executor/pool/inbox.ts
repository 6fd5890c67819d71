import type { AtomicWords } from "../../reactor/parking.ts";
import { NONE } from "./task_deque.ts";

/** Where the links of the records stand: record `i` has its at `at + i * stride`. */
export interface Links {
  readonly at: number;
  readonly stride: number;
}

/**
 * A list of records that any thread adds to and one thread empties. The links are
 * words of the records themselves, so that it has no limit and takes no room.
 *
 * It is Treiber's stack without his pop: the reader takes all at once by swapping
 * the head for the end mark. Nobody ever compares a head with one that was read
 * before records left the list, so none can come back unnoticed (no ABA).
 *
 * A record may be in the list once at a time: who adds one must have the right to,
 * see `shared_state.ts`. The adder writes the link, and from the swap on the reader
 * owns it.
 */
export class Inbox {
  readonly #words: Int32Array;
  readonly #head: number;
  readonly #links: Links;
  readonly #atomics: AtomicWords;

  /**
   * A view of a list; zeroed memory is an empty one.
   *
   * @param head The index of the word for the newest record, plus one; 0 for none.
   * @param atomics `Atomics`, but for a test that explores interleavings.
   */
  constructor(
    words: Int32Array,
    head: number,
    links: Links,
    atomics: AtomicWords = Atomics,
  ) {
    this.#words = words;
    this.#head = head;
    this.#links = links;
    this.#atomics = atomics;
  }

  #link(record: number): number {
    return this.#links.at + record * this.#links.stride;
  }

  /** Whether there was nothing to take a moment ago. */
  get isEmpty(): boolean {
    return this.#atomics.load(this.#words, this.#head) === 0;
  }

  /** Adds a record. */
  push(record: number): void {
    const words = this.#words;
    const atomics = this.#atomics;
    const link = this.#link(record);
    let head = atomics.load(words, this.#head);
    for (;;) {
      // Published by the swap below; until then it is the adder's own.
      words[link] = head;
      const seen = atomics.compareExchange(
        words,
        this.#head,
        head,
        record + 1,
      );
      if (seen === head) return;
      head = seen;
    }
  }

  /**
   * Takes all records: returns the first that was added, or NONE. `next` leads
   * from one to the following, and must be asked before the record is used for
   * anything else.
   */
  #takeAll(): number {
    if (this.isEmpty) return NONE;
    const words = this.#words;
    let newest = this.#atomics.exchange(words, this.#head, 0) - 1;
    // The links lead from the newest to the oldest: turn them round.
    let oldest = NONE;
    while (newest !== NONE) {
      const link = this.#link(newest);
      const older = words[link]! - 1;
      words[link] = oldest + 1;
      oldest = newest;
      newest = older;
    }
    return oldest;
  }

  /**
   * Takes all records and calls `fn` for each, the first that was added first.
   * `fn` may do with the record what it likes. Returns whether there were any.
   */
  drain(fn: (record: number) => void): boolean {
    const first = this.#takeAll();
    for (let record = first; record !== NONE;) {
      // Read before: once `fn` has it, the link may lead into another list.
      const next = this.#next(record);
      fn(record);
      record = next;
    }
    return first !== NONE;
  }

  /** The record that was added after this one, of those just taken, or NONE. */
  #next(record: number): number {
    return this.#words[this.#link(record)]! - 1;
  }
}
