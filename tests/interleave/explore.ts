/**
 * Explores every interleaving of the threads of a model.
 *
 * Every access to shared memory is one step. States that agree in the memory and in
 * where each thread stands are explored once, so that models with thousands of
 * millions of schedules finish in seconds, and are counted exactly all the same.
 *
 * @module
 */

import { Footprints } from "./footprints.ts";
import { Machine, type Undo } from "./machine.ts";
import type { Model } from "./model.ts";
import {
  encodeSchedule,
  messageOf,
  replay,
  ScheduleError,
} from "./schedule.ts";
import { StateTable, toggle } from "./state_table.ts";

/** How far to explore. */
export interface ExploreOptions {
  /**
   * Explore only schedules in which at most so many times a thread is interrupted
   * that could go on. Default: any number.
   */
  readonly preemptions?: number;
  /**
   * Leave out orders that differ only in steps that touch different words, or only
   * read. Every end is found all the same, and every failure of a program, of a step
   * and of `check`; `always` is asked in fewer states. Default: false.
   */
  readonly reduce?: boolean;
  /** A schedule with more steps counts as endless. Default: 2,000. */
  readonly maxSteps?: number;
  /** Give up at more states. Default: 20 million. */
  readonly maxStates?: number;
  /**
   * Do not look for a simpler schedule than the first that fails: for a program that
   * only asks whether one does. Default: false.
   */
  readonly firstFailure?: boolean;
  /** Is called now and then, which shows that no program hangs between two steps. */
  readonly onProgress?: () => void;
}

/** What an exploration has found. */
export interface Exploration {
  /** In how many ways the threads' steps can follow each other, of those tried. */
  readonly schedules: bigint;
  /** How many different states they lead through. */
  readonly states: number;
  /** How many different ends they lead to. */
  readonly ends: number;
  /** What the threads' last rounds returned at those ends, sorted: "1,0", say. */
  readonly outcomes: readonly string[];
}

/** Thrown where the exploration comes upon a failure. */
class Found {
  constructor(readonly reason: string, readonly cause?: unknown) {}
}

/**
 * Runs a model's threads in every possible order of their steps. Throws a
 * {@linkcode ScheduleError} at the first schedule in which something throws, the
 * threads wait for ever, or go round in circles. Where it can, it shows one with the
 * fewest interruptions.
 */
export function explore(
  model: Model,
  options: ExploreOptions = {},
): Exploration {
  try {
    return new Explorer(model, options).run();
  } catch (error) {
    if (!(error instanceof ScheduleError) || options.firstFailure) throw error;
    for (let preemptions = 0; preemptions < 4; preemptions++) {
      if (preemptions >= (options.preemptions ?? Infinity)) break;
      const simpler = failureOf(model, {
        ...options,
        reduce: false,
        preemptions,
        maxStates: 100_000,
      });
      if (simpler !== null) throw simpler;
    }
    throw error;
  }
}

function failureOf(model: Model, options: ExploreOptions) {
  try {
    new Explorer(model, options).run();
  } catch (error) {
    if (error instanceof ScheduleError) return error;
  }
  return null;
}

/** The count of a state that is still being explored. */
const UNDER_WAY = -1n;

/** How many states there are between two calls of `onProgress`. */
const STATES_PER_PROGRESS = 10_000;

class Explorer {
  readonly #machine: Machine;
  readonly #threads: readonly number[];
  readonly #maxPreemptions: number;
  readonly #maxSteps: number;
  readonly #maxStates: number;
  readonly #onProgress: () => void;
  readonly #footprints: Footprints | null;
  readonly #table = new StateTable();
  /** How many schedules lead from each state to an end. */
  readonly #counts: bigint[] = [];
  readonly #path: number[] = [];
  readonly #outcomes = new Set<string>();
  #ends = 0;

  constructor(model: Model, options: ExploreOptions) {
    if (options.reduce && options.preemptions !== undefined) {
      throw new TypeError(
        "Cannot explore: reduce and preemptions exclude each other",
      );
    }
    this.#machine = new Machine(model);
    this.#threads = model.threads.map((_, i) => i);
    this.#maxPreemptions = options.preemptions ?? Infinity;
    this.#maxSteps = options.maxSteps ?? 2000;
    this.#maxStates = options.maxStates ?? 20_000_000;
    this.#onProgress = options.onProgress ?? (() => {});
    this.#footprints = options.reduce
      ? new Footprints(this.#threads.length)
      : null;
  }

  run(): Exploration {
    try {
      const failure = this.#machine.failure;
      if (failure !== null) throw new Found("", failure.error);
      const schedules = this.#counts[this.#visit(-1, 0)]!;
      return {
        schedules,
        states: this.#table.size,
        ends: this.#ends,
        outcomes: [...this.#outcomes].sort(),
      };
    } catch (found) {
      if (!(found instanceof Found)) throw found;
      const schedule = encodeSchedule(this.#path);
      // Fails in the same way, and tells how it came to it.
      const { lines } = replay(this.#machine.model, schedule);
      const { reason, cause } = found;
      throw new ScheduleError(reason || `Failed: ${messageOf(cause)}`, {
        lines,
        schedule,
        cause,
      });
    }
  }

  /** Explores what follows from here; returns the number of this state. */
  #visit(last: number, preemptions: number): number {
    const { hash, world, model } = this.#machine;
    const isBounded = this.#maxPreemptions !== Infinity;
    const before = { ...hash };
    // What can still follow depends on the interruptions so far.
    if (isBounded) toggle(hash, -1 - preemptions, last);
    const known = this.#table.find(hash);
    if (known >= 0) {
      Object.assign(hash, before);
      if (this.#counts[known] === UNDER_WAY) {
        throw new Found("Livelock: the last steps can be repeated for ever");
      }
      return known;
    }
    const state = this.#table.add(hash);
    Object.assign(hash, before);
    if (state >= this.#maxStates) {
      throw new RangeError(
        `Cannot explore: the model has more than ${this.#maxStates} states`,
      );
    }
    if (this.#path.length > this.#maxSteps) {
      throw new Found(`Endless: more than ${this.#maxSteps} steps`);
    }
    if (state % STATES_PER_PROGRESS === 0) this.#onProgress();
    this.#counts[state] = UNDER_WAY;
    try {
      model.always?.(world);
    } catch (error) {
      throw new Found("", error);
    }
    if (this.#footprints !== null) {
      this.#footprints.begin(state, this.#machine);
    } else if (this.#machine.race !== null) {
      throw new Found("Data race");
    }
    const enabled = this.#threads.filter((i) => this.#machine.isEnabled(i));
    if (enabled.length === 0) {
      this.#end();
      this.#counts[state] = 1n;
      return state;
    }
    this.#counts[state] = this.#footprints === null
      ? this.#followAll(enabled, last, preemptions)
      : this.#followSome(enabled, state, this.#footprints);
    return state;
  }

  #followAll(
    enabled: readonly number[],
    last: number,
    preemptions: number,
  ): bigint {
    let count = 0n;
    const canGoOn = enabled.includes(last);
    for (const thread of enabled) {
      const used = preemptions + (canGoOn && thread !== last ? 1 : 0);
      if (used > this.#maxPreemptions) continue;
      const undo = this.#step(thread);
      count += this.#counts[this.#visit(thread, used)]!;
      this.#back(undo);
    }
    return count;
  }

  /**
   * Begins with one thread, and adds another only if it may do something that does
   * not commute with the steps taken from here.
   */
  #followSome(
    enabled: readonly number[],
    state: number,
    footprints: Footprints,
  ): bigint {
    let count = 0n;
    const chosen = footprints.choose(enabled, this.#machine);
    for (let thread = chosen.next(); thread >= 0; thread = chosen.next()) {
      const undo = this.#step(thread);
      const after = this.#visit(thread, 0);
      count += this.#counts[after]!;
      this.#back(undo);
      chosen.followed(state, { thread, after, result: undo.result });
    }
    return count;
  }

  #step(thread: number): Undo {
    this.#path.push(thread);
    let undo: Undo;
    try {
      undo = this.#machine.step(thread);
    } catch (error) {
      throw new Found("", error);
    }
    const failure = this.#machine.places[thread]!.failure;
    if (failure !== null) throw new Found("", failure.error);
    return undo;
  }

  #back(undo: Undo): void {
    this.#machine.undo(undo);
    this.#path.pop();
  }

  #end(): void {
    const { waiting, end, model } = this.#machine;
    if (waiting.length > 0) throw new Found("Deadlock");
    try {
      model.check?.(end);
    } catch (error) {
      throw new Found("", error);
    }
    this.#ends++;
    this.#outcomes.add(end.results.join());
  }
}
