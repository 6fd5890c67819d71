import type { End, Model } from "./model.ts";
import { newWorld } from "./model.ts";
import { isRace, type Operation } from "./operations.ts";
import { type StateHash, toggle } from "./state_table.ts";
import { type Place, ThreadTree } from "./thread_tree.ts";

/** What takes the last step of a machine back. */
export interface Undo {
  readonly thread: number;
  readonly place: Place;
  readonly hash: StateHash;
  readonly at: number;
  readonly old: number;
  readonly world: Int32Array | null;
  /** What the step returned. */
  readonly result: number;
}

/** The threads of a model at one point of a schedule. */
export class Machine {
  readonly model: Model;
  readonly world: Int32Array;
  readonly trees: readonly ThreadTree[];
  /** Where each thread stands. */
  readonly places: Place[];
  /** Of the world and the places. */
  readonly hash: StateHash = { a: 0, b: 0, c: 0 };

  constructor(model: Model) {
    this.model = model;
    this.world = newWorld(model);
    this.trees = model.threads.map((thread) =>
      new ThreadTree(thread, this.world)
    );
    this.places = this.trees.map((tree) => tree.start());
    this.world.forEach((value, at) => toggle(this.hash, at, value));
    this.places.forEach((place, i) => this.#togglePlace(i, place));
  }

  /** What a thread would do next; null: it has ended, or failed. */
  nextOf(thread: number): Operation | null {
    return this.places[thread]!.next;
  }

  isEnabled(thread: number): boolean {
    const next = this.nextOf(thread);
    return next !== null && (next.when === null || next.when());
  }

  /** Does a thread's next step, which must be enabled. */
  step(thread: number): Undo {
    const place = this.places[thread]!;
    const { at, run } = place.next!;
    const { world, hash } = this;
    const before = { ...hash };
    const saved = at < 0 ? world.slice() : null;
    const old = at < 0 ? 0 : world[at]!;
    const result = run();
    if (saved === null) {
      this.#changed(at, old);
    } else {
      saved.forEach((old, at) => this.#changed(at, old));
    }
    const next = this.trees[thread]!.after(place, result);
    this.#togglePlace(thread, place);
    this.#togglePlace(thread, next);
    this.places[thread] = next;
    return { thread, place, hash: before, at, old, world: saved, result };
  }

  undo({ thread, place, hash, at, old, world }: Undo): void {
    this.places[thread] = place;
    Object.assign(this.hash, hash);
    if (world === null) this.world[at] = old;
    else this.world.set(world);
  }

  /** What a thread's program has thrown, and which thread. */
  get failure(): { readonly thread: number; readonly error: unknown } | null {
    const thread = this.places.findIndex(({ failure }) => failure !== null);
    if (thread < 0) return null;
    return { thread, error: this.places[thread]!.failure!.error };
  }

  /** Two threads that are about to race, and for what word. */
  get race(): { readonly threads: [number, number]; at: number } | null {
    const { races } = this.model;
    for (let a = 1; a < this.places.length; a++) {
      const first = this.nextOf(a);
      if (first === null) continue;
      for (let b = 0; b < a; b++) {
        const second = this.nextOf(b);
        if (second === null || !isRace(this.world, first, second)) continue;
        if (races?.includes(first.at)) continue;
        return { threads: [b, a], at: first.at };
      }
    }
    return null;
  }

  /** The threads that wait for ever, if nobody can move. */
  get waiting(): readonly number[] {
    return this.places.flatMap(({ next }, i) =>
      next === null || this.model.threads[i]!.isServant ? [] : [i]
    );
  }

  /** The end that the threads have come to. */
  get end(): End {
    return {
      world: this.world,
      results: this.places.map(({ carried }) => carried),
    };
  }

  #togglePlace(thread: number, place: Place): void {
    toggle(this.hash, this.world.length + thread, place.id);
  }

  #changed(at: number, old: number): void {
    const value = this.world[at]!;
    if (value === old) return;
    toggle(this.hash, at, old);
    toggle(this.hash, at, value);
  }
}
