import type { AtomicWords } from "../../reactor/parking.ts";

/** What the queues return when there is no task. */
export const NONE = -1;

/** The index of the oldest task: thieves move it on, one task at a time. */
const TOP = 0;
/**
 * The index after the newest task: the owner alone writes it. On a cache line of
 * its own (64 bytes), as the thieves' line changes hands at every theft.
 */
const BOTTOM = 16;
/** Where the ring begins, on the next line. */
const RING = 32;

/**
 * The shareable tasks that one worker has spawned and nobody has started: a deque
 * in shared memory, of which the worker takes the newest and others steal the
 * oldest (Chase and Lev, "Dynamic Circular Work-Stealing Deque", 2005, with a ring
 * of fixed size).
 *
 * 1. Only the owner writes BOTTOM and the ring's places.
 * 2. TOP only grows, by a compare-and-swap of one step. Whoever makes the step has
 *    the task that stood there. A thief that took several with one step would take
 *    some twice: the owner, who takes from the other end without a
 *    compare-and-swap while more than one is left, cannot see that a theft which
 *    began earlier reaches as far as its own task.
 * 3. The owner announces that it takes a task, by lowering BOTTOM, before it looks
 *    at TOP; a thief reads TOP before BOTTOM. So of two that want the same last
 *    task at least one sees the other, and the compare-and-swap decides.
 * 4. A place is written again only when TOP has passed it, so a thief that read an
 *    overwritten place fails at its compare-and-swap.
 *
 * The indices count on for ever and wrap at 2^31, hence the `| 0` of differences.
 */
export class TaskDeque {
  readonly #words: Int32Array;
  readonly #at: number;
  readonly #mask: number;
  readonly #atomics: AtomicWords;

  /**
   * A view of a deque; zeroed memory is an empty one.
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

  /** How many words a deque takes. */
  static size(capacity: number): number {
    return RING + capacity;
  }

  #place(index: number): number {
    return this.#at + RING + (index & this.#mask);
  }

  /** How many tasks there are; a moment later there may be fewer, or more. */
  get length(): number {
    const top = this.#atomics.load(this.#words, this.#at + TOP);
    const bottom = this.#atomics.load(this.#words, this.#at + BOTTOM);
    return Math.max(0, (bottom - top) | 0);
  }

  /** The owner adds a task. False: the deque is full, nothing was added. */
  push(task: number): boolean {
    const words = this.#words;
    const atomics = this.#atomics;
    const bottom = words[this.#at + BOTTOM]!;
    const top = atomics.load(words, this.#at + TOP);
    if (((bottom - top) | 0) > this.#mask) return false;
    atomics.store(words, this.#place(bottom), task);
    atomics.store(words, this.#at + BOTTOM, (bottom + 1) | 0);
    return true;
  }

  /** The newest task, which stays, as the owner sees it; a thief may have it. */
  peek(): number {
    const words = this.#words;
    const bottom = words[this.#at + BOTTOM]!;
    const top = this.#atomics.load(words, this.#at + TOP);
    return ((bottom - top) | 0) > 0 ? words[this.#place(bottom - 1)]! : NONE;
  }

  /** The owner takes the newest task. */
  pop(): number {
    const words = this.#words;
    const atomics = this.#atomics;
    const before = words[this.#at + BOTTOM]!;
    // An idle worker looks often: it need not write to find nothing.
    if (((before - atomics.load(words, this.#at + TOP)) | 0) <= 0) return NONE;
    const bottom = (before - 1) | 0;
    atomics.store(words, this.#at + BOTTOM, bottom);
    const top = atomics.load(words, this.#at + TOP);
    const left = (bottom - top) | 0;
    if (left > 0) return words[this.#place(bottom)]!;
    let task = NONE;
    if (left === 0) {
      // The last one: a thief may be after it, and TOP is what decides.
      const place = words[this.#place(bottom)]!;
      const seen = atomics.compareExchange(
        words,
        this.#at + TOP,
        top,
        (top + 1) | 0,
      );
      if (seen === top) task = place;
    }
    atomics.store(words, this.#at + BOTTOM, before);
    return task;
  }

  /** Anybody takes the oldest task, or none, also if another was faster. */
  steal(): number {
    const words = this.#words;
    const atomics = this.#atomics;
    const top = atomics.load(words, this.#at + TOP);
    const bottom = atomics.load(words, this.#at + BOTTOM);
    if (((bottom - top) | 0) <= 0) return NONE;
    const task = atomics.load(words, this.#place(top));
    const seen = atomics.compareExchange(
      words,
      this.#at + TOP,
      top,
      (top + 1) | 0,
    );
    return seen === top ? task : NONE;
  }

  /**
   * Steals up to half of the tasks, oldest first: one to run, which is returned,
   * and the others into the thief's own deque, as far as there is room.
   */
  stealHalfInto(own: TaskDeque): number {
    const wanted = (this.length + 1) >> 1;
    const first = this.steal();
    if (first === NONE) return NONE;
    for (let taken = 1; taken < wanted && own.hasRoom; taken++) {
      const task = this.steal();
      if (task === NONE) break;
      own.push(task);
    }
    return first;
  }

  /** Whether the owner's next push will succeed. */
  get hasRoom(): boolean {
    const top = this.#atomics.load(this.#words, this.#at + TOP);
    return ((this.#words[this.#at + BOTTOM]! - top) | 0) <= this.#mask;
  }
}
