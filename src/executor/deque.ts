/** How many places a new deque has; it grows by doubling. */
const INITIAL_CAPACITY = 64;

/**
 * A double-ended queue in a ring: the run queues of one thread. All operations
 * take constant time; a queue that was full once keeps its room.
 */
export class Deque<T> {
  /** Its length is a power of two, so that a mask wraps the indices. */
  #items: (T | undefined)[] = new Array(INITIAL_CAPACITY).fill(undefined);
  #mask = INITIAL_CAPACITY - 1;
  #head = 0;
  #length = 0;

  /** How many items are queued. */
  get length(): number {
    return this.#length;
  }

  /** The newest item, which stays. */
  peekBack(): T | undefined {
    return this.#at(this.#length - 1);
  }

  /** The items, oldest first. */
  toArray(): T[] {
    const { length } = this;
    return Array.from({ length }, (_, i) => this.#at(i)!);
  }

  #at(index: number): T | undefined {
    return this.#items[(this.#head + index) & this.#mask];
  }

  /** Appends an item. */
  pushBack(item: T): void {
    if (this.#length > this.#mask) this.#grow();
    this.#items[(this.#head + this.#length) & this.#mask] = item;
    this.#length++;
  }

  /** Puts an item back that was the oldest. */
  pushFront(item: T): void {
    if (this.#length > this.#mask) this.#grow();
    this.#head = (this.#head - 1) & this.#mask;
    this.#items[this.#head] = item;
    this.#length++;
  }

  /** Takes the oldest item. */
  popFront(): T | undefined {
    if (this.#length === 0) return undefined;
    const at = this.#head;
    const item = this.#items[at];
    this.#items[at] = undefined;
    this.#head = (at + 1) & this.#mask;
    this.#length--;
    return item;
  }

  /** Takes the newest item. */
  popBack(): T | undefined {
    if (this.#length === 0) return undefined;
    const at = (this.#head + --this.#length) & this.#mask;
    const item = this.#items[at];
    this.#items[at] = undefined;
    return item;
  }

  #grow(): void {
    const old = this.#items;
    const items = old.slice(this.#head).concat(old.slice(0, this.#head));
    items.length = old.length * 2;
    items.fill(undefined, old.length);
    this.#items = items;
    this.#mask = items.length - 1;
    this.#head = 0;
  }
}
