import { NO_TIMER, type TimerTable } from "./timer_table.ts";

/** A digit of a tick has 6 bits: a level has a slot for each of its values. */
const SLOTS = 64;
const DIGIT = 6;
const LEVELS = 6;
const TOP = LEVELS - 1;

/** The list of the timers whose deadline was reached and that were not popped yet. */
const DUE = LEVELS * SLOTS;
/** How many rows of a table a wheel needs for its lists. */
export const HEADS: number = DUE + 1;

/**
 * Ticks are whole numbers up to 2^53, but JavaScript's bit operations work on 32
 * bits. So a tick is split into the five digits below the top level's, which make
 * 30 bits, and the rest, at most 23 bits.
 */
const LOW_RANGE = 2 ** 30;

/** The last tick there is: `MAX_TICK + 1` still differs from it. */
export const MAX_TICK: number = Number.MAX_SAFE_INTEGER;

/** The number of the lowest bit that is set, of a word that is not 0. */
function lowestBit(word: number): number {
  return 31 - Math.clz32(word & -word);
}

/**
 * A hashed hierarchical timing wheel: armed timers, found again in the order of
 * their deadlines, with insertion and removal in constant time.
 *
 * The structure is the last one of G. Varghese and A. Lauck, "Hashed and
 * Hierarchical Timing Wheels" (SOSP 1987). Think of a tick as a number to the
 * base 64. A timer stands at the level of the highest digit in which its deadline
 * differs from the current tick, `elapsed`, in the slot of that digit's value. So
 *
 * 1. at level 0 every slot is one tick;
 * 2. all that stands at a level is due before anything at a higher one, since it
 *    shares with `elapsed` the digits from there on, and the others are ahead;
 * 3. below the top level an occupied slot is always ahead of `elapsed`'s own digit,
 *    so the first one is the lowest bit that is set in the level's mask.
 *
 * When `elapsed` reaches the first tick of a slot of a higher level, the timers in
 * it are inserted anew and come to stand at lower levels. Each moves down at most
 * five times, and the time that no timer stands in is skipped by means of the masks.
 *
 * The top level covers 2^36 ticks, 2.18 years of milliseconds. A deadline beyond
 * has to wait in the slot of its own top digit; each time that slot comes round the
 * timer is looked at and put back until its year has come. There the level is a
 * circle, where the slot of `elapsed`'s own digit is a whole turn away.
 *
 * Equal deadlines keep the order of insertion: such timers stand in the same slot
 * whenever they were inserted, and moving down keeps their order.
 *
 * The wheel knows no clock and calls nobody.
 */
export class Wheel {
  /** The rows: a slot's number is the row of its list's head. */
  readonly #table: TimerTable;
  /** Which slots are occupied: per level two words, slots 0 to 31 and 32 to 63. */
  readonly #masks = new Int32Array(LEVELS * 2);
  #elapsed = 0;
  /** `elapsed`, split as described at {@linkcode LOW_RANGE}. */
  #elapsedHigh = 0;
  #elapsedLow = 0;
  #size = 0;

  /** An empty wheel at tick 0 for the rows of a table with {@linkcode HEADS}. */
  constructor(table: TimerTable) {
    this.#table = table;
  }

  /** How many timers are in the wheel. */
  get size(): number {
    return this.#size;
  }

  /** The tick up to which everything that was due has been found. */
  get elapsed(): number {
    return this.#elapsed;
  }

  /**
   * Inserts a timer that stands in no list, to be due at a tick. Returns whether
   * that is still to come. If not, the next `pop` gives the timer, after those that
   * are due already.
   */
  insert(timer: number, tick: number): boolean {
    this.#table.time[timer] = tick;
    this.#size++;
    return this.#place(timer, tick);
  }

  /** Takes out a timer that is in the wheel. */
  cancel(timer: number): void {
    this.#size--;
    const slot = this.#table.unlink(timer);
    if (slot >= 0 && slot < DUE) this.#vacate(slot);
  }

  /**
   * The tick at which `pop` must be called next: a timer is due then, or has to be
   * moved down. Never later than the first deadline; `Infinity` if there is none.
   */
  nextExpiration(): number {
    if (!this.#table.isEmpty(DUE)) return this.#elapsed;
    const slot = this.#firstSlot();
    return slot < 0 ? Infinity : this.#startOf(slot);
  }

  /**
   * Takes out the next timer that is due at the tick `now`, in the order of the
   * deadlines; {@linkcode NO_TIMER} if there is none, and `elapsed` is `now` then.
   *
   * Between two calls anything may be inserted and cancelled: whatever the wheel
   * knows is in its lists, and a call leaves none half done. A tick before
   * `elapsed` counts as `elapsed`.
   */
  pop(now: number): number {
    for (;;) {
      const timer = this.#table.next[DUE]!;
      if (timer !== DUE) {
        this.cancel(timer);
        return timer;
      }
      const slot = this.#firstSlot();
      const start = slot < 0 ? Infinity : this.#startOf(slot);
      if (start > now) {
        if (now > this.#elapsed) this.#moveTo(now);
        return NO_TIMER;
      }
      this.#moveTo(start);
      this.#emptySlot(slot);
    }
  }

  /** Takes out any timer, due or not; {@linkcode NO_TIMER} if there is none. */
  takeAny(): number {
    const slot = this.#table.isEmpty(DUE) ? this.#firstSlot() : DUE;
    if (slot < 0) return NO_TIMER;
    const timer = this.#table.next[slot]!;
    this.cancel(timer);
    return timer;
  }

  /** The occupied slot that comes next; -1 if there is none. */
  #firstSlot(): number {
    const masks = this.#masks;
    for (let word = 0; word < 2 * TOP; word++) {
      const mask = masks[word]!;
      if (mask !== 0) return 32 * word + lowestBit(mask);
    }
    return this.#firstTopSlot();
  }

  /** The same at the top level, a circle that begins behind `elapsed`'s slot. */
  #firstTopSlot(): number {
    const low = this.#masks[2 * TOP]!;
    const high = this.#masks[2 * TOP + 1]!;
    if ((low | high) === 0) return -1;
    const from = (this.#elapsedHigh + 1) & (SLOTS - 1);
    const half = from & 32;
    const mask = half === 0 ? low : high;
    const other = half === 0 ? high : low;
    const ahead = mask & (-1 << (from & 31));
    if (ahead !== 0) return TOP * SLOTS + half + lowestBit(ahead);
    if (other !== 0) return TOP * SLOTS + (32 - half) + lowestBit(other);
    return TOP * SLOTS + half + lowestBit(mask);
  }

  /** The first tick of an occupied slot. */
  #startOf(slot: number): number {
    const level = slot >>> DIGIT;
    const digit = slot & (SLOTS - 1);
    if (level === TOP) {
      const passed = this.#elapsedHigh + 1;
      return (passed + ((digit - passed) & (SLOTS - 1))) * LOW_RANGE;
    }
    // The digits above the level's are those of `elapsed`, the ones below are 0.
    // The shift by all 30 bits at level 4 leaves none above, as it should.
    const above = this.#elapsedLow >>> (DIGIT * (level + 1));
    const low = (above * SLOTS + digit) << (DIGIT * level);
    return this.#elapsedHigh * LOW_RANGE + low;
  }

  /** Makes timers due, or moves them down, now that `elapsed` is at their slot. */
  #emptySlot(slot: number): void {
    const { prev, next, time } = this.#table;
    // The chain is cut off first: a timer beyond the range goes back to this slot,
    // and must not be met again.
    const first = next[slot]!;
    const last = prev[slot]!;
    next[slot] = slot;
    prev[slot] = slot;
    this.#vacate(slot);
    if (slot < SLOTS) {
      // One tick is one deadline: the chain is due as a whole.
      const end = prev[DUE]!;
      prev[first] = end;
      next[end] = first;
      next[last] = DUE;
      prev[DUE] = last;
      return;
    }
    for (let timer = first;;) {
      const behind = next[timer]!;
      this.#place(timer, time[timer]!);
      if (timer === last) return;
      timer = behind;
    }
  }

  /** Links a timer where its deadline belongs. Returns whether that is to come. */
  #place(timer: number, tick: number): boolean {
    if (tick <= this.#elapsed) {
      this.#table.append(DUE, timer);
      return false;
    }
    const high = Math.floor(tick / LOW_RANGE);
    let slot: number;
    if (high === this.#elapsedHigh) {
      const low = tick - high * LOW_RANGE;
      const differing = low ^ this.#elapsedLow; // not 0: the deadline is ahead
      const level = ((31 - Math.clz32(differing)) / DIGIT) | 0;
      const digit = (low >>> (DIGIT * level)) & (SLOTS - 1);
      slot = level * SLOTS + digit;
    } else {
      slot = TOP * SLOTS + (high & (SLOTS - 1));
    }
    this.#table.append(slot, timer);
    this.#masks[slot >>> 5]! |= 1 << (slot & 31);
    return true;
  }

  /** Notes that a slot has become empty. */
  #vacate(slot: number): void {
    this.#masks[slot >>> 5]! &= ~(1 << (slot & 31));
  }

  #moveTo(tick: number): void {
    this.#elapsed = tick;
    this.#elapsedHigh = Math.floor(tick / LOW_RANGE);
    this.#elapsedLow = tick - this.#elapsedHigh * LOW_RANGE;
  }
}
