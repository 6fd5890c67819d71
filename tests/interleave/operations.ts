import type { SteppedAtomics } from "./model.ts";

/** One indivisible thing that a thread does. */
export interface Operation {
  readonly name: string;
  /** Its operands, for people. */
  readonly detail: string;
  /** The one word of the world that it touches; -1: see `reads` and `writes`. */
  readonly at: number;
  /** Does it. */
  readonly run: () => number;
  /** Whether it can be done now; null: always. */
  readonly when: (() => boolean) | null;
  /** What it may read and write if `at` is -1; null: any word. */
  readonly reads: readonly number[] | null;
  readonly writes: readonly number[] | null;
  /** Whether having returned `result` means that it has written, at `at`. */
  readonly hasWritten: (result: number) => boolean;
  /** Where the thread goes on if it has written nothing, if not behind it. */
  readonly onFailure: Retry | null;
  /** Whether it is an ordinary read or write, with no promise about its order. */
  readonly isPlain: boolean;
}

/** A call that begins anew. */
export interface Retry {
  /** The word whose compare-and-swap may fail. */
  readonly at: number;
  /** How many steps of the round came before the call. */
  readonly from: number;
  /** Whether what the failed step saw stands for the result of the first one. */
  readonly reuses: boolean;
}

/**
 * Whether two threads that are about to do these race: both touch the same word, at
 * least one writes, and at least one is plain. As long as no two ever do, what the
 * threads see is some interleaving of their steps (ECMAScript, "Data Race Freedom").
 */
export function isRace(
  world: Int32Array,
  a: Operation,
  b: Operation,
): boolean {
  if (a.at < 0 || a.at !== b.at || !(a.isPlain || b.isPlain)) return false;
  // A compare-and-swap that fails returns, and leaves, what is there.
  const value = world[a.at]!;
  return a.hasWritten(value) || b.hasWritten(value);
}

const always = (_old: number) => true;
const never = (_old: number) => false;

type Perform = (operation: Operation) => number;

/** Atomics that hand each operation on the world's words to `perform`. */
export function steppedAtomics(
  world: Int32Array,
  perform: Perform,
): SteppedAtomics {
  function operation(
    name: string,
    { words, index, detail = "" }: {
      words: Int32Array;
      index: number;
      detail?: string;
    },
    next: (old: number) => number,
    hasWritten = always,
  ): number {
    if (words.buffer !== world.buffer || !(words instanceof Int32Array)) {
      throw new RangeError(`Cannot ${name}: the words are not of the world`);
    }
    if (!(index >= 0 && index < words.length)) {
      throw new RangeError(
        `Cannot ${name}: index ${index} is not in 0..${words.length - 1}`,
      );
    }
    const at = words.byteOffset / 4 + index;
    return perform({
      ...wordOperation(world, at, { name, detail, next }),
      hasWritten,
    });
  }

  function change(
    name: string,
    next: (old: number, operand: number) => number,
  ) {
    return (words: Int32Array, index: number, operand: number) =>
      operation(
        name,
        { words, index, detail: `${operand}` },
        (old) => next(old, operand),
      );
  }

  return {
    load: (words: Int32Array, index: number) =>
      operation("load", { words, index }, (old) => old, never),
    store: (words: Int32Array, index: number, value: number) => {
      operation("store", { words, index, detail: `${value}` }, () => value);
      return value;
    },
    add: change("add", (old, n) => old + n),
    sub: change("sub", (old, n) => old - n),
    and: change("and", (old, n) => old & n),
    or: change("or", (old, n) => old | n),
    xor: change("xor", (old, n) => old ^ n),
    exchange: change("exchange", (_, value) => value),
    compareExchange: (
      words: Int32Array,
      index: number,
      expected: number,
      value: number,
    ) => {
      // As Atomics does: compared as what the array can hold.
      const isSame = (old: number) => old === (expected | 0);
      return operation(
        "compareExchange",
        { words, index, detail: `${expected} -> ${value}` },
        (old) => isSame(old) ? value : old,
        isSame,
      );
    },
  } as unknown as SteppedAtomics;
}

function wordOperation(
  world: Int32Array,
  at: number,
  { name, detail, next }: {
    name: string;
    detail: string;
    next: (old: number) => number;
  },
): Operation {
  // A store overwrites whatever was there: its result would only tell apart
  // states that the thread cannot tell apart.
  const isBlind = name === "store" || name === "write";
  return {
    name,
    detail,
    at,
    run: () => {
      const old = world[at]!;
      world[at] = next(old);
      return isBlind ? 0 : old;
    },
    when: null,
    reads: null,
    writes: null,
    hasWritten: always,
    onFailure: null,
    isPlain: false,
  };
}

/** The world's words, of which each ordinary read and write is a step as well. */
export function steppedWords(world: Int32Array, perform: Perform): Int32Array {
  const isIndex = (key: string | symbol): key is string =>
    typeof key === "string" && /^\d+$/.test(key);
  const check = (at: number) => {
    if (at < world.length) return;
    throw new RangeError(`Cannot touch word ${at}: there are ${world.length}`);
  };
  return new Proxy(world, {
    get(_, key) {
      if (isIndex(key)) {
        const at = Number(key);
        check(at);
        return perform({
          ...wordOperation(world, at, {
            name: "read",
            detail: "",
            next: (old) => old,
          }),
          hasWritten: never,
          isPlain: true,
        });
      }
      const value = Reflect.get(world, key, world);
      return typeof value === "function" ? value.bind(world) : value;
    },
    set(_, key, value) {
      if (!isIndex(key)) {
        throw new TypeError(`Cannot write word ${String(key)}: no such word`);
      }
      const at = Number(key);
      check(at);
      perform({
        ...wordOperation(world, at, {
          name: "write",
          detail: `${value}`,
          next: () => value,
        }),
        isPlain: true,
      });
      return true;
    },
  });
}
