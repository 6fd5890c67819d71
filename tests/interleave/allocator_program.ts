import { expect } from "./expect.ts";
import { NONE } from "../../src/executor/pool/task_deque.ts";
import type { Round, SteppedAtomics, Steps } from "./model.ts";

/** What threads do with what they share the free ones of. */
export interface AllocatorOptions {
  /**
   * A letter for each thing that a thread does: it allocates one if there is one
   * (`+`), or one that there must be (`!`) or for which it waits (`=`), frees its
   * oldest (`-`), waits until another one has given some back (`~`), or until so
   * many have left (a digit), or says that it has, and stays (`^`). At last it frees
   * all it has, and leaves.
   */
  readonly threads: readonly string[];
  readonly weaken?: (steps: Steps) => SteppedAtomics;
}

/** One thread's view of what is shared. */
export interface Allocator {
  /** NONE if there is none. */
  allocate(): number;
  free(item: number): void;
  giveBack(): void;
}

/** What a program needs to know of its model. */
export interface Shared {
  /** By item: how many owners it has. */
  readonly owners: number;
  /** How many threads have left. */
  readonly left: number;
  /** The head of the list of those that were given back. */
  readonly returned: number;
  readonly allocatorOf: (steps: Steps) => Allocator;
}

/** A program for one thread. It is one round, as the free ones are in its heap. */
export function allocatorProgram(operations: string, shared: Shared): Round {
  const { owners, left, returned, allocatorOf } = shared;
  return (steps) => {
    const { atomics, step, world } = steps;
    const allocator = allocatorOf(steps);
    const own: number[] = [];
    let got = 0;
    const change = (item: number, by: number) => {
      const at = owners + item;
      step(by > 0 ? "own" : "disown", () => {
        world[at]! += by;
        if (world[at]! > 1) throw new Error(`${item} has two owners`);
      }, { reads: [at], writes: [at] });
    };
    const free = () => {
      const item = own.shift();
      if (item === undefined) return;
      change(item, -1);
      allocator.free(item);
    };
    const waitUntil = (at: number, isSo: () => boolean) =>
      step("wait", () => 0, { when: isSo, reads: [at] });
    for (const operation of operations) {
      if (operation === "-") free();
      else if (operation === "^") atomics.add(world, left, 1);
      else if (/\d/.test(operation)) {
        waitUntil(left, () => world[left]! >= Number(operation));
      } else if (operation === "~") {
        waitUntil(returned, () => world[returned] !== 0);
      } else {
        let item = allocator.allocate();
        expect(operation !== "!" || item !== NONE, "there is none left");
        while (operation === "=" && item === NONE) {
          waitUntil(returned, () => world[returned] !== 0);
          item = allocator.allocate();
        }
        if (item === NONE) continue;
        change(item, 1);
        own.push(item);
        got++;
      }
    }
    while (own.length > 0) free();
    allocator.giveBack();
    atomics.add(world, left, 1);
    return got;
  };
}
