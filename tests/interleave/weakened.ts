import type { SteppedAtomics, Steps } from "./model.ts";

/** Operations on shared memory whose compare-and-swap is two steps. */
export function tornAtomics({ atomics }: Steps): SteppedAtomics {
  const compareExchange = (
    words: Int32Array,
    index: number,
    expected: number,
    value: number,
  ) => {
    const seen = atomics.load(words, index);
    if (seen === expected) atomics.store(words, index, value);
    return seen;
  };
  return { ...atomics, compareExchange } as SteppedAtomics;
}

/** Operations whose exchange is two steps. */
export function tornExchange({ atomics }: Steps): SteppedAtomics {
  const exchange = (words: Int32Array, index: number, value: number) => {
    const seen = atomics.load(words, index);
    atomics.store(words, index, value);
    return seen;
  };
  return { ...atomics, exchange } as SteppedAtomics;
}
