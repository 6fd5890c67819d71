/**
 * The word of a shareable task, which threads share, and the only functions that
 * change it: each by one compare-and-swap.
 *
 * It has the five bits of a task's own word (`src/task/state.ts`), seen from
 * outside: between its wakes a task that runs on a worker is that worker's alone,
 * so RUNNING stands for "a worker has started it", and NOTIFIED for "its record is
 * in a queue that threads share". Two threads have to do with a task: its spawner,
 * which made the record and gets the outcome, and the worker that started it.
 *
 * 1. Whoever sets NOTIFIED must put the record into a queue; whoever takes it from
 *    a queue clears it. So a record is in one queue at most, once: first in a
 *    deque, the injector or a worker's mail; later, to be aborted, in the mail.
 * 2. Who takes a record that neither RUNNING nor COMPLETE owns has the arguments
 *    from there on. Who sets COMPLETE instead, to abort it, has them as well, and
 *    the record stays in its queue as an empty shell.
 * 3. The outcome is written before COMPLETE is set, by the worker, which then puts
 *    the record into the spawner's list of those done. That list has a link of its
 *    own, as the record may be in a worker's mail at the same time.
 * 4. The spawner alone reads the outcome, and sets CONSUMED after that.
 * 5. A record is free again when it is COMPLETE, CONSUMED and not NOTIFIED. Whoever
 *    makes the last of these true returns it: the spawner to its free records, a
 *    worker by putting it into the spawner's list once more.
 * 6. JOIN_WAKER says that the spawner may sleep until the task ends. Who sets
 *    COMPLETE and finds it set has to unpark the spawner, after rule 3.
 *
 * @module
 */
import type { AtomicWords } from "../../reactor/parking.ts";

/** The record is in a queue that threads share, or about to be. */
export const NOTIFIED = 1;
/** A worker has started the task and not ended it. */
export const RUNNING = 2;
/** There is an outcome. */
export const COMPLETE = 4;
/** The spawner has a handle through which the outcome may be asked for. */
export const JOIN_INTEREST = 8;
/** The spawner may sleep until there is an outcome. */
export const JOIN_WAKER = 16;

/** The spawner is done with the outcome. */
const CONSUMED = 32;

/** With COMPLETE: the outcome is an error. */
export const FAILED = 64;
/** With COMPLETE: the task was cancelled. */
export const ABORTED = 128;
/** With COMPLETE: the worker that ran it is gone. */
export const LOST = 256;

/** How a task ends: with a value, or one of the three bits. */
export type SharedEnding = 0 | typeof FAILED | typeof ABORTED | typeof LOST;

/** What who took a record from a queue must do with it. */
export type Taken = "start" | "abort" | "return" | "drop";

/** What who wants to abort a task must do. */
export type AbortStep = "settle" | "mail" | "none";

/** The words of all records of a pool. */
export class SharedStates {
  readonly #words: Int32Array;
  readonly #at: number;
  readonly #stride: number;
  readonly #atomics: AtomicWords;

  /**
   * A view of the words: record `i` has its own at `at + i * stride`.
   *
   * @param atomics `Atomics`, but for a test that explores interleavings.
   */
  constructor(
    words: Int32Array,
    at: number,
    stride: number,
    atomics: AtomicWords = Atomics,
  ) {
    this.#words = words;
    this.#at = at;
    this.#stride = stride;
    this.#atomics = atomics;
  }

  #index(record: number): number {
    return this.#at + record * this.#stride;
  }

  #swap(index: number, word: number, next: number): boolean {
    return this.#atomics.compareExchange(this.#words, index, word, next) ===
      word;
  }

  /** A new task, which its spawner puts into a queue next. */
  bear(record: number): void {
    this.#atomics.store(
      this.#words,
      this.#index(record),
      NOTIFIED | JOIN_INTEREST,
    );
  }

  /**
   * A worker took a record from a queue. `start`: it owns the task; `abort`: it
   * runs it, and shall cancel it; `return`: only the record is left, put it into
   * the spawner's list; `drop`: nothing is left to do.
   */
  take(record: number): Taken {
    const index = this.#index(record);
    for (;;) {
      const word = this.#atomics.load(this.#words, index);
      const isNew = (word & (RUNNING | COMPLETE)) === 0;
      const next = (word & ~NOTIFIED) | (isNew ? RUNNING : 0);
      if (!this.#swap(index, word, next)) continue;
      if (isNew) return "start";
      if ((word & COMPLETE) === 0) return "abort";
      return (word & CONSUMED) !== 0 ? "return" : "drop";
    }
  }

  /**
   * The worker has written the outcome. True: the spawner may sleep, unpark it
   * after the record is in its list. Null: it was given up, see `giveUp`.
   */
  complete(record: number, ending: SharedEnding): boolean | null {
    const index = this.#index(record);
    for (;;) {
      const word = this.#atomics.load(this.#words, index);
      if ((word & COMPLETE) !== 0) return null;
      const next = (word & ~(RUNNING | JOIN_WAKER)) | COMPLETE |
        ending;
      if (this.#swap(index, word, next)) return (word & JOIN_WAKER) !== 0;
    }
  }

  /**
   * The spawner wants the task to end. `settle`: it has ended, never started, and
   * its arguments are the spawner's again; `mail`: put the record into the mail of
   * the worker that runs it; `none`: it has ended, or will, without more ado.
   */
  abort(record: number): AbortStep {
    const index = this.#index(record);
    for (;;) {
      const word = this.#atomics.load(this.#words, index);
      if ((word & COMPLETE) !== 0) return "none";
      const next = (word & RUNNING) === 0
        ? word | COMPLETE | ABORTED
        : word | NOTIFIED;
      if (!this.#swap(index, word, next)) continue;
      if ((word & RUNNING) === 0) return "settle";
      return (word & NOTIFIED) === 0 ? "mail" : "none";
    }
  }

  /**
   * After the pool's end, as its threads have gone or were let go: ends a task in
   * place of whoever has it. Whoever that is finds it complete; and as it may still
   * write to the record, NOTIFIED keeps that from ever being used again. True: the
   * task had not started, and the arguments are the caller's. Null: it has ended.
   */
  giveUp(record: number, ending: SharedEnding): boolean | null {
    const index = this.#index(record);
    for (;;) {
      const word = this.#atomics.load(this.#words, index);
      if (word === 0 || (word & COMPLETE) !== 0) return null;
      const next = (word & ~(RUNNING | JOIN_WAKER)) | COMPLETE |
        NOTIFIED | ending;
      if (this.#swap(index, word, next)) return (word & RUNNING) === 0;
    }
  }

  /** The spawner is going to sleep for the outcome. False: it is there. */
  await(record: number): boolean {
    const index = this.#index(record);
    for (;;) {
      const word = this.#atomics.load(this.#words, index);
      if ((word & COMPLETE) !== 0) return false;
      if ((word & JOIN_WAKER) !== 0) return true;
      if (this.#swap(index, word, word | JOIN_WAKER)) return true;
    }
  }

  /** The spawner is done with the outcome. True: the record is free again. */
  consume(record: number): boolean {
    const index = this.#index(record);
    for (;;) {
      const word = this.#atomics.load(this.#words, index);
      if (!this.#swap(index, word, word | CONSUMED)) continue;
      return (word & NOTIFIED) === 0;
    }
  }

  /** Whether the spawner was done with it: what is in its list is to be freed. */
  isConsumed(record: number): boolean {
    return (this.#load(record) & CONSUMED) !== 0;
  }

  /** Whether there is an outcome. */
  isComplete(record: number): boolean {
    return (this.#load(record) & COMPLETE) !== 0;
  }

  /** How it has ended. */
  ending(record: number): SharedEnding {
    return (this.#load(record) & (FAILED | ABORTED | LOST)) as SharedEnding;
  }

  /** Whether the value may still be asked for: if not, it need not be sent. */
  hasJoinInterest(record: number): boolean {
    return (this.#load(record) & JOIN_INTEREST) !== 0;
  }

  /** Nobody will ask for the value. */
  clearJoinInterest(record: number): void {
    const index = this.#index(record);
    for (;;) {
      const word = this.#atomics.load(this.#words, index);
      if (this.#swap(index, word, word & ~JOIN_INTEREST)) return;
    }
  }

  #load(record: number): number {
    return this.#atomics.load(this.#words, this.#index(record));
  }
}
