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

/**
 * The wakers of an event that nearly always has one, or none: then they cost their
 * owner a field and no object. The functions below return what to keep there.
 */
export type Wakers = Waker | WakerSet | null;

/** With one more waker, unless it is there. */
export function addWaker(wakers: Wakers, waker: Waker): Wakers {
  if (wakers === null || wakers === waker) return waker;
  const set = wakers instanceof WakerSet ? wakers : new WakerSet();
  if (set !== wakers) set.add(wakers as Waker);
  set.add(waker);
  return set;
}

/** Without a waker, if it is there. */
export function removeWaker(wakers: Wakers, waker: Waker): Wakers {
  if (!(wakers instanceof WakerSet)) return wakers === waker ? null : wakers;
  wakers.delete(waker);
  return wakers.isEmpty ? null : wakers;
}

/** Wakes all, which the owner has let go of before: a waker is foreign code. */
export function wakeAll(wakers: Wakers): void {
  if (wakers instanceof WakerSet) wakers.wakeAll();
  else wakers?.wake();
}
