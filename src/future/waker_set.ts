import type { Waker } from "./waker.ts";

/**
 * The wakers that wait for one event.
 *
 * Nearly always there is one, so the first sits in a field of its own and costs
 * no array. A waker is in the set at most once, whatever was added how often.
 */
export class WakerSet {
  #first: Waker | null = null;
  #rest: Waker[] | null = null;

  /** Whether nobody waits. */
  get isEmpty(): boolean {
    return this.#first === null;
  }

  /** How many wait. */
  get size(): number {
    return this.#first === null ? 0 : 1 + (this.#rest?.length ?? 0);
  }

  /** Adds a waker that is not in the set yet. Says whether it did. */
  add(waker: Waker): boolean {
    if (this.#first === null) {
      this.#first = waker;
      return true;
    }
    if (this.#first === waker) return false;
    if (this.#rest === null) {
      this.#rest = [waker];
      return true;
    }
    if (this.#rest.includes(waker)) return false;
    this.#rest.push(waker);
    return true;
  }

  /** Takes a waker out again. Says whether it was in. */
  delete(waker: Waker): boolean {
    const rest = this.#rest;
    if (this.#first === waker) {
      this.#first = rest?.shift() ?? null;
      return true;
    }
    const at = rest?.indexOf(waker) ?? -1;
    if (at < 0) return false;
    rest?.splice(at, 1);
    return true;
  }

  /**
   * Empties the set, then wakes what was in it, oldest first.
   *
   * Emptied first, because a waker is foreign code: it may add itself again, or
   * close what the set belongs to, while the others still have to be called.
   */
  wakeAll(): void {
    const first = this.#first;
    if (first === null) return;
    const rest = this.#rest;
    this.#first = null;
    this.#rest = null;
    first.wake();
    if (rest !== null) { for (const waker of rest) waker.wake(); }
  }
}
