import type { AtomicWords } from "../../reactor/parking.ts";
import { NONE } from "./task_deque.ts";

/** The index of the next place to take from. */
const HEAD = 0;
/** The index of the next place to put into, on a cache line of its own. */
const TAIL = 16;
/** Where the places begin: two words each, a turn and a task. */
const CELLS = 32;

/**
 * The queue of tasks that belong to no worker yet: what other threads spawned, and
 * what did not fit into a worker's deque. First in, first out, for any number of
 * threads at both ends (Vyukov's bounded MPMC queue).
 *
 * Each place has a turn that says whose it is, and indices count on for ever:
 *
 * 1. A place whose turn equals the index `i` is free for the `i`th task. Whoever
 *    moves TAIL from `i` to `i + 1` fills it, then sets its turn to `i + 1`.
 * 2. A place whose turn is `i + 1` holds the `i`th task. Whoever moves HEAD past
 *    `i` has it, and frees the place by setting its turn to `i + capacity`.
 * 3. A thread that has moved an index and not yet set the turn holds up those who
 *    come to that place: they find the queue full, or empty. So it must not look
 *    for sleeping workers before the turn is set.
 *
 * Turns are kept less the place's number, so that zeroed memory is an empty queue.
 */
export class Injector {
  readonly #words: Int32Array;
  readonly #at: number;
  readonly #mask: number;
  readonly #atomics: AtomicWords;

  /**
   * A view of a queue; zeroed memory is an empty one.
   *
   * @param at Where it begins, in words.
   * @param capacity How many tasks it holds, a power of two.
   * @param atomics `Atomics`, but for a test that explores interleavings.
   */
  constructor(
    words: Int32Array,
    at: number,
    capacity: number,
    atomics: AtomicWords = Atomics,
  ) {
    this.#words = words;
    this.#at = at;
    this.#mask = capacity - 1;
    this.#atomics = atomics;
  }

  /** How many words a queue takes. */
  static size(capacity: number): number {
    return CELLS + 2 * capacity;
  }

  /** How many tasks there are, of which some may not be takeable yet. */
  get length(): number {
    const head = this.#atomics.load(this.#words, this.#at + HEAD);
    const tail = this.#atomics.load(this.#words, this.#at + TAIL);
    return Math.max(0, (tail - head) | 0);
  }

  #cell(index: number): number {
    return this.#at + CELLS + 2 * (index & this.#mask);
  }

  /** How far a place's turn is past `index`: negative, 0, or positive. */
  #turnPast(index: number): number {
    const turn = this.#atomics.load(this.#words, this.#cell(index));
    return (turn + (index & this.#mask) - index) | 0;
  }

  #setTurn(index: number, turn: number): void {
    this.#atomics.store(
      this.#words,
      this.#cell(index),
      (turn - (index & this.#mask)) | 0,
    );
  }

  /** Adds a task. False: there is no room, nothing was added. */
  push(task: number): boolean {
    const words = this.#words;
    const atomics = this.#atomics;
    const tailAt = this.#at + TAIL;
    for (;;) {
      const tail = atomics.load(words, tailAt);
      const past = this.#turnPast(tail);
      if (past < 0) return false;
      if (past > 0) continue;
      const next = (tail + 1) | 0;
      if (atomics.compareExchange(words, tailAt, tail, next) !== tail) continue;
      // Nobody else reads or writes it until the turn is set.
      words[this.#cell(tail) + 1] = task;
      this.#setTurn(tail, next);
      return true;
    }
  }

  /** Takes the oldest task. */
  pop(): number {
    const words = this.#words;
    const atomics = this.#atomics;
    const headAt = this.#at + HEAD;
    for (;;) {
      const head = atomics.load(words, headAt);
      const next = (head + 1) | 0;
      const past = (this.#turnPast(head) - 1) | 0;
      if (past < 0) return NONE;
      if (past > 0) continue;
      if (atomics.compareExchange(words, headAt, head, next) !== head) continue;
      return this.#empty(head);
    }
  }

  /**
   * Takes up to `most` of the oldest tasks with one step. Returns how many; they
   * are in `into`, from 0 on.
   */
  popMany(most: number, into: Int32Array): number {
    const words = this.#words;
    const headAt = this.#at + HEAD;
    for (;;) {
      const head = this.#atomics.load(words, headAt);
      let count = 0;
      // Once filled, places stay so until HEAD has passed them.
      while (count < most && this.#turnPast(head + count) === 1) count++;
      const next = (head + count) | 0;
      const seen = this.#atomics.compareExchange(words, headAt, head, next);
      if (seen !== head) continue;
      for (let i = 0; i < count; i++) into[i] = this.#empty(head + i);
      return count;
    }
  }

  #empty(index: number): number {
    const task = this.#words[this.#cell(index) + 1]!;
    this.#setTurn(index, (index + this.#mask + 1) | 0);
    return task;
  }
}
