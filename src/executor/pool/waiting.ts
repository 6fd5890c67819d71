import { Deque } from "../deque.ts";

/**
 * How long after a try in vain the next one comes, in milliseconds: to look for
 * room everywhere takes longer than to do without.
 */
const RETRY_MS = 1;

/**
 * What has found no room in shared memory. It waits in the heap of its thread, in
 * order, and is tried again whenever the thread looks for outcomes.
 */
export class Waiting<T> {
  readonly #items = new Deque<T>();
  #retryAt = 0;

  /** Whether nothing waits. */
  get isEmpty(): boolean {
    return this.#items.length === 0;
  }

  /** Has something wait behind the others. */
  push(item: T): void {
    this.#items.pushBack(item);
  }

  /** Calls `place` for each, the oldest first, until it finds no room: false. */
  retry(place: (item: T) => boolean): void {
    if (this.isEmpty || performance.now() < this.#retryAt) return;
    let item;
    while ((item = this.#items.popFront()) !== undefined) {
      if (place(item)) continue;
      this.#items.pushFront(item);
      this.#retryAt = performance.now() + RETRY_MS;
      return;
    }
  }

  /** Takes the oldest. */
  take(): T | undefined {
    return this.#items.popFront();
  }
}
