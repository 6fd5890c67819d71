import type { AtomicWords } from "../../reactor/parking.ts";

/** A list in shared memory that threads add to, and that is taken as a whole. */
export interface FreeList {
  readonly words: Int32Array;
  /** Where its head is: the name of the first item, or 0. */
  readonly head: number;
  readonly atomics: AtomicWords;
  /** Where an item keeps the name of the next. */
  linkOf(item: number): number;
}

/**
 * Puts back what was taken of a list, `rest` and those that follow it, if any. Others may
 * have added some meanwhile: fewer, in general, than there are in the rest, so those
 * are walked through.
 */
export function putBack(list: FreeList, rest: number): void {
  const { words, head, atomics } = list;
  while (atomics.compareExchange(words, head, 0, rest) !== 0) {
    let others = atomics.exchange(words, head, 0);
    while (others !== 0) {
      const link = list.linkOf(others);
      const next = words[link]!;
      words[link] = rest;
      rest = others;
      others = next;
    }
  }
}
