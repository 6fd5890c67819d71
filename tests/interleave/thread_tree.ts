import type { Again, Round, Steps, Thread } from "./model.ts";
import {
  type Operation,
  type Retry,
  steppedAtomics,
  steppedWords,
} from "./operations.ts";

/** Thrown out of a round at its next step. */
const STOP = Symbol("stop");

/** Where a thread stands: what it has seen in its round so far. */
export interface Place {
  /** Unique in its tree. */
  readonly id: number;
  readonly round: number;
  /** The number from the round before, and of an ended thread its result. */
  readonly carried: number;
  /** The place before, unless a round begins here, and what its step returned. */
  readonly before: Place | null;
  readonly seen: number;
  readonly steps: number;
  /** What the thread would do next; null: it has ended, or failed. */
  readonly next: Operation | null;
  /** What the program has thrown instead of doing anything next. */
  readonly failure: { readonly error: unknown } | null;
  /** The places after the next step, by what that returned. */
  readonly after: Map<number, Place>;
}

/** How a run of a round up to its first step without a result ended. */
type Outcome =
  | { readonly next: Operation }
  | { readonly error: unknown }
  | { readonly returned: number | void | Again };

/**
 * All places that one thread can come to.
 *
 * Plain code cannot be suspended in the middle of a call. To find out what it does
 * next, its round is run from the start, with the results that its steps had before,
 * up to the first step that has none yet. Each place is found out once.
 */
export class ThreadTree {
  readonly thread: Thread;
  readonly #world: Int32Array;
  readonly #starts = new Map<string, Place>();
  readonly #steps: Steps;
  /** What the run that is under way does with an operation. */
  #perform: (operation: Operation) => number = never;
  /** How many steps it has done. */
  #done = 0;
  /** The innermost call under way that begins anew. */
  #retry: Retry | null = null;
  #places = 0;

  constructor(thread: Thread, world: Int32Array) {
    this.thread = thread;
    this.#world = world;
    this.#steps = {
      ...stepsOf(world, (operation) => this.#perform(operation)),
      retry: (at, call, { reuses = false } = {}) => {
        const outer = this.#retry;
        this.#retry = { at, from: this.#done, reuses };
        try {
          return call();
        } finally {
          this.#retry = outer;
        }
      },
    };
  }

  /** How many places were found so far. */
  get places(): number {
    return this.#places;
  }

  /** Where the thread begins. */
  start(): Place {
    return this.#startOf(0, 0);
  }

  /** The place after the next step of `place` has returned `result`. */
  after(place: Place, result: number): Place {
    const known = place.after.get(result);
    if (known !== undefined) return known;
    const found = this.#find(place.round, place.carried, {
      before: place,
      seen: result,
      steps: place.steps + 1,
    });
    const anew = this.#beginAnew(place, result);
    // It is only said that the call begins anew: one that goes on has a place.
    const next = anew !== null && doSame(found, anew) ? anew : found;
    place.after.set(result, next);
    return next;
  }

  #beginAnew(place: Place, result: number): Place | null {
    const { onFailure, hasWritten } = place.next!;
    if (onFailure === null || hasWritten(result)) return null;
    let first = place;
    while (first.steps > onFailure.from) first = first.before!;
    return onFailure.reuses ? this.after(first, result) : first;
  }

  #startOf(round: number, carried: number): Place {
    const key = `${round} ${carried}`;
    let place = this.#starts.get(key);
    if (place === undefined) {
      place = this.#find(round, carried, { before: null, seen: 0, steps: 0 });
      this.#starts.set(key, place);
    }
    return place;
  }

  #find(
    round: number,
    carried: number,
    came: Pick<Place, "before" | "seen" | "steps">,
  ): Place {
    const program = this.thread.rounds[round];
    let next: Operation | null = null;
    let failure: Place["failure"] = null;
    if (program !== undefined) {
      const outcome = this.#run(program, carried, came);
      if ("returned" in outcome) {
        const { returned } = outcome;
        if (typeof returned !== "object") {
          return this.#startOf(round + 1, returned ?? 0);
        }
        if (came.before === null) {
          throw new Error(
            `A round of "${this.thread.name}" is repeated without a step`,
          );
        }
        return this.#startOf(round, returned.again);
      }
      if ("error" in outcome) failure = outcome;
      else next = outcome.next;
    }
    const id = ++this.#places;
    return { ...came, id, round, carried, next, failure, after: new Map() };
  }

  #run(
    round: Round,
    carried: number,
    came: Pick<Place, "before" | "seen" | "steps">,
  ): Outcome {
    // The path to the place, from the start of the round.
    const results = new Array<number>(came.steps);
    const operations = new Array<Operation | null>(came.steps);
    for (
      let { before, seen, steps } = came;
      before !== null;
      { before, seen, steps } = before
    ) {
      results[steps - 1] = seen;
      operations[steps - 1] = before.next;
    }
    this.#done = 0;
    this.#retry = null;
    let next: Operation | null = null;
    this.#perform = (operation) => {
      // A `finally` that is left by STOP may ask for steps of its own.
      if (next !== null) throw STOP;
      if (this.#done < results.length) {
        const before = operations[this.#done];
        if (!before || !isSame(before, operation)) {
          throw new Error(
            `"${this.thread.name}" is not deterministic: it did ` +
              `${before?.name} and now ${operation.name}`,
          );
        }
        return results[this.#done++]!;
      }
      const canFail = operation.name === "compareExchange" &&
        operation.at === this.#retry?.at;
      next = canFail ? { ...operation, onFailure: this.#retry } : operation;
      throw STOP;
    };
    const world = this.#world;
    const before = world.slice();
    let outcome: Outcome;
    try {
      const returned = round(this.#steps, carried);
      outcome = next === null ? { returned } : { next };
    } catch (error) {
      outcome = error === STOP ? { next: next! } : { error };
    } finally {
      this.#perform = never;
    }
    if (before.some((value, at) => value !== world[at])) {
      throw new Error(
        `"${this.thread.name}" has changed the world outside of a step`,
      );
    }
    return outcome;
  }
}

/** Whether a thread does the same next at two places of a round. */
function doSame(a: Place, b: Place): boolean {
  return a.round === b.round && a.carried === b.carried && a.next !== null &&
    b.next !== null && isSame(a.next, b.next);
}

function isSame(a: Operation, b: Operation): boolean {
  return a.name === b.name && a.at === b.at && a.detail === b.detail;
}

function never(): never {
  throw new Error("Cannot do a step: the program has ended");
}

function stepsOf(
  world: Int32Array,
  perform: (operation: Operation) => number,
): Omit<Steps, "retry"> {
  return {
    world,
    words: steppedWords(world, perform),
    atomics: steppedAtomics(world, perform),
    step: (name, action, options = {}) =>
      perform({
        name,
        detail: "",
        at: -1,
        run: () => action() ?? 0,
        when: options.when ?? null,
        reads: options.reads ?? null,
        writes: options.writes ??
          (options.reads === undefined ? null : []),
        hasWritten: () => true,
        onFailure: null,
        isPlain: false,
      }),
    loadUntil: (at, until) =>
      perform({
        name: "load",
        detail: "until it is right",
        at,
        run: () => world[at]!,
        when: () => until(world[at]!),
        reads: [at],
        writes: [],
        hasWritten: () => false,
        onFailure: null,
        isPlain: false,
      }),
  };
}
