import type { Steps } from "./model.ts";
import type { Places } from "./places.ts";

/**
 * A queue that only counts its tasks, for models of those who take from it. The
 * models of the queues show that nothing is lost in them. A task may end only when
 * all have begun: one that lies about while a thread sleeps, and that nobody was
 * woken for, is a deadlock.
 */
export class CountedTasks {
  readonly #total: number;
  /** How many can be taken, and how many have begun. */
  readonly #queue: number;
  readonly #begun: number;

  constructor(places: Places, total: number) {
    this.#total = total;
    this.#queue = places.word("QUEUE");
    this.#begun = places.word("BEGUN");
  }

  /** The word that says how many have begun. */
  get begun(): number {
    return this.#begun;
  }

  /** Adds one. */
  add({ atomics, world }: Steps): void {
    atomics.add(world, this.#queue, 1);
  }

  /** Whether one could be taken a moment ago. */
  isThere({ atomics, world }: Steps): boolean {
    return atomics.load(world, this.#queue) > 0;
  }

  /** How many could be taken a moment ago. */
  count({ atomics, world }: Steps): number {
    return atomics.load(world, this.#queue);
  }

  /** Takes one. False: there is none. */
  take({ step, world }: Steps): boolean {
    const queue = this.#queue;
    return step("take a task", () => {
      if (world[queue] === 0) return 0;
      world[queue]!--;
      return 1;
    }, { reads: [queue], writes: [queue] }) === 1;
  }

  /** One that was taken begins. */
  begin({ atomics, world }: Steps): void {
    atomics.add(world, this.#begun, 1);
  }

  /** Whether all have begun, for a step's condition. */
  haveAllBegun(world: Int32Array): boolean {
    return world[this.#begun] === this.#total;
  }

  /** Whether all had begun a moment ago. */
  haveBegun({ atomics, world }: Steps): boolean {
    return atomics.load(world, this.#begun) === this.#total;
  }

  /** Blocks until all have begun. */
  awaitAll({ step, world }: Steps): void {
    step("all have begun", () => 0, {
      when: () => this.haveAllBegun(world),
      reads: [this.#begun],
    });
  }
}
