/**
 * What a model of threads that share memory consists of.
 *
 * @module
 */

/** The operations on shared memory that the shipped modules are written with. */
export type SteppedAtomics = Pick<
  typeof Atomics,
  | "load"
  | "store"
  | "add"
  | "sub"
  | "and"
  | "or"
  | "xor"
  | "exchange"
  | "compareExchange"
>;

/** What more is known about a step that is not an operation of `atomics`. */
export interface StepOptions {
  /** The thread is blocked before the step until this returns true. */
  readonly when?: () => boolean;
  /**
   * The words that the step and `when` read. A step that names neither `reads` nor
   * `writes` counts as touching every word: always right, but it orders the step
   * with all others.
   */
  readonly reads?: readonly number[];
  /** The words that the step may write. */
  readonly writes?: readonly number[];
}

/** How a program does things that other threads can see or hinder. */
export interface Steps {
  /** All that the threads share. It may be looked at and changed in steps only. */
  readonly world: Int32Array;
  /** The same words, of which each ordinary read and write is one step. */
  readonly words: Int32Array;
  /** Each call is one step. The words must lie in the world's memory. */
  readonly atomics: SteppedAtomics;
  /** Does one indivisible thing to the world, and returns its result. */
  step(
    name: string,
    action: () => number | void,
    options?: StepOptions,
  ): number;
  /**
   * A load that a loop repeats until `until` holds for its value: the thread counts
   * as blocked, since its readings before that change nothing. Without this, a loop
   * that waits for another thread is reported as endless.
   */
  loadUntil(at: number, until: (value: number) => boolean): number;
  /**
   * Calls a function that begins anew whenever a compare-and-swap of the word `at`
   * fails, so that the thread does not remember how often that was. With `reuses`,
   * it begins after its first step, as if that had returned what the failed one
   * saw. States that differ only in failed attempts then count as one.
   */
  retry<T>(at: number, call: () => T, options?: { reuses?: boolean }): T;
}

/** What a round returns if it is to run once more. */
export interface Again {
  readonly again: number;
}

/** Ends a round and begins the same one again, with a number to remember. */
export function again(carried = 0): Again {
  return { again: carried };
}

/**
 * A part of a program: plain code that makes steps. Given the same number from the
 * round before it, and the same results of its steps, it must do the same.
 *
 * Objects of its own do not outlive the round: the explorer runs it many times. All
 * that the thread remembers is the number that the round returns, so that states
 * that differ only in how a round came to its end count as one.
 */
export type Round = (steps: Steps, carried: number) => number | void | Again;

/** One thread of a model. */
export interface Thread {
  readonly name: string;
  /** What it does, one after the other. The last one's number is its result. */
  readonly rounds: readonly Round[];
  /** May wait for ever once the others have ended: the kernel, say. */
  readonly isServant?: boolean;
}

/** What is left when all threads have ended. */
export interface End {
  readonly world: Int32Array;
  /** What each thread's last round returned, 0 if nothing. */
  readonly results: readonly number[];
}

/** Threads that share memory, and what must hold for them. */
export interface Model {
  /** How many words of memory they share. */
  readonly words: number;
  readonly threads: readonly Thread[];
  /** Fills in the memory, which is all 0 before. */
  readonly setUp?: (world: Int32Array) => void;
  /** Throws if an end is not as it should be. */
  readonly check?: (end: End) => void;
  /** Throws if a state on the way is not as it should be. */
  readonly always?: (world: Int32Array) => void;
  /**
   * Words on which ordinary reads and writes may meet writes of other threads. On
   * any other word that is a failure, which an exploration that leaves nothing out
   * finds: the outcome would be left to the machine.
   */
  readonly races?: readonly number[];
  /** The names of words, for printed schedules. */
  readonly names?: Readonly<Record<string, number>>;
}

/** The memory that a model's threads share, as it is at the start. */
export function newWorld(model: Model): Int32Array {
  const world = new Int32Array(new SharedArrayBuffer(4 * model.words));
  model.setUp?.(world);
  return world;
}
