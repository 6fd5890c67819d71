// What every side of the comparison has to be able to do.

/** The functions of work.ts that a pool's threads can run. */
export const WORKS = [
  "empty",
  "next",
  "spin",
  "factorial",
  "bytesIn",
  "bytesBoth",
] as const;

export type Work = typeof WORKS[number];

/** One call: it takes one argument and gives one promise for the result. */
export type Call = (arg: unknown) => PromiseLike<unknown>;

/** The arguments of many calls, and numbers by which to know right results. */
export interface Load {
  arg(i: number): unknown;
  weigh(result: unknown): number;
  expected(i: number): number;
}

/** A pool whose threads are up, or start with the first calls. */
export interface Running {
  /** Looked up once for many calls, so that finding it is not part of a call. */
  caller(work: Work): Call;

  /**
   * Makes `count` calls in one go, for a pool that has a way of its own beside
   * promises: each awaited before the next if `how` is "one", all together if it is
   * "batch". Gives the sum of what the results weigh.
   */
  drive?(how: "one" | "batch", work: Work, load: Load, count: number): number;

  /**
   * fib(n), where each call above the cut-off is a task that spawns two more from
   * the thread it runs on. Left out by pools whose tasks cannot spawn.
   */
  forkJoin?(arg: ForkJoin): PromiseLike<{ value: number }>;

  stop(): Promise<void>;
}

export interface ForkJoin {
  n: number;
  cutOff: number;
}

/** What each contender's module exports under the name `contender`. */
export interface Contender {
  /** `mode` is what contenders.ts has for it, the empty string for most. */
  start(threads: number, mode: string): Promise<Running>;
}
