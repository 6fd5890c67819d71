import type { Waker } from "../future/waker.ts";

/**
 * What stands for no timer: 0 is the head of a list, so no timer has that number.
 */
export const NO_TIMER = 0;

/** Armed with a duration that starts at the clock read of the next turn. */
export const FRESH = 1;
/** Armed with an instant, which the next turn puts into the wheel. */
export const FRESH_INSTANT = 2;
/** In the wheel. */
export const WAITING = 3;
/** Its time has come. */
export const FIRED = 4;
/** Its timers were closed before its time came. */
export const CLOSED = 5;

/** Rows of a table that was just made, heads of lists included. */
const FIRST_CAPACITY = 1024;

/**
 * The timers of one thread as rows of a table, each named by its row's number, and
 * doubly linked lists of them.
 *
 * As objects, a million timers would be 90 MB that the garbage collector walks and
 * moves, and linking a new object behind an old one has to be noted for it each
 * time. As columns of numbers they are 25 MB that it never looks at, arming
 * allocates nothing, and moving timers from list to list touches little memory:
 * measured, a million timers fire four times as fast.
 *
 * The first rows are the heads of the lists. A list is a ring through its head, so
 * linking and unlinking have no special cases; an empty one is a head that is
 * linked to itself.
 */
export class TimerTable {
  /** The row in front, in the list that a row stands in. */
  prev!: Int32Array;
  /** The row behind; in a row that is free, the next one that is, or 0. */
  next!: Int32Array;
  /** The tick at which a timer is due; while it is fresh, what was asked for. */
  time!: Float64Array;
  /** Where a timer stands: one of the constants above. */
  state!: Uint8Array;
  /** Whom a timer wakes. */
  waker!: (Waker | null)[];

  readonly #heads: number;
  /** Rows below this number are heads, timers or in the list of free ones. */
  #end = 0;
  #firstFree = 0;
  #count = 0;

  /** A table without timers, with a number of lists, which are rows 0 and up. */
  constructor(heads: number) {
    this.#heads = heads;
    this.#clear();
  }

  /** How many timers there are, armed or not. */
  get count(): number {
    return this.#count;
  }

  /** How many rows there is memory for. */
  get capacity(): number {
    return this.next.length;
  }

  /** Makes a timer, in no list. Returns its row. */
  add(waker: Waker | null): number {
    let row = this.#firstFree;
    if (row !== 0) this.#firstFree = this.next[row]!;
    else {
      row = this.#end;
      if (row === this.next.length) this.#grow();
      this.#end++;
    }
    this.waker[row] = waker;
    this.#count++;
    return row;
  }

  /** Forgets a timer that stands in no list; its number will be used again. */
  remove(row: number): void {
    this.waker[row] = null;
    this.next[row] = this.#firstFree;
    this.#firstFree = row;
    // A crowd that has passed must not hold its memory for ever.
    if (--this.#count === 0 && this.next.length > FIRST_CAPACITY) this.#clear();
  }

  /** Puts a row that stands in no list at the end of one. */
  append(head: number, row: number): void {
    const { prev, next } = this;
    const last = prev[head]!;
    prev[row] = last;
    next[row] = head;
    next[last] = row;
    prev[head] = row;
  }

  /**
   * Takes a row out of its list. Returns the head of the list if that has become
   * empty, as it was on either side of the row then; otherwise -1.
   */
  unlink(row: number): number {
    const before = this.prev[row]!;
    const behind = this.next[row]!;
    this.next[before] = behind;
    this.prev[behind] = before;
    return before === behind ? before : -1;
  }

  /** Whether a list has no rows but its head. */
  isEmpty(head: number): boolean {
    return this.next[head] === head;
  }

  #clear(): void {
    this.prev = new Int32Array(FIRST_CAPACITY);
    this.next = new Int32Array(FIRST_CAPACITY);
    this.time = new Float64Array(FIRST_CAPACITY);
    this.state = new Uint8Array(FIRST_CAPACITY);
    this.waker = [];
    for (let head = 0; head < this.#heads; head++) {
      this.prev[head] = head;
      this.next[head] = head;
      this.waker.push(null);
    }
    this.#end = this.#heads;
    this.#firstFree = 0;
  }

  #grow(): void {
    const capacity = 2 * this.next.length;
    this.prev = moved(this.prev, new Int32Array(capacity));
    this.next = moved(this.next, new Int32Array(capacity));
    this.time = moved(this.time, new Float64Array(capacity));
    this.state = moved(this.state, new Uint8Array(capacity));
  }
}

function moved<C extends Int32Array | Float64Array | Uint8Array>(
  from: C,
  to: C,
): C {
  to.set(from);
  return to;
}
