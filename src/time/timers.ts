import type { Context } from "../future/context.ts";
import { describe } from "../future/describe.ts";
import type { Waker } from "../future/waker.ts";
import {
  CLOSED,
  FIRED,
  FRESH,
  FRESH_INSTANT,
  NO_TIMER,
  TimerTable,
  WAITING,
} from "./timer_table.ts";
import { HEADS, MAX_TICK, Wheel } from "./wheel.ts";

/** Kept from before user code runs: replacing `performance` must move no timer. */
export const performanceNow: () => number = performance.now.bind(performance);

/** The list of the timers that were armed since the last turn, in that order. */
const FRESH_LIST = HEADS;

/** How a {@linkcode Timers} is made. */
export interface TimersOptions {
  /**
   * The time in milliseconds, fractions included, from 0 up, that never goes back.
   * Default: `performance.now`. Tests pass a clock that they advance by hand.
   */
  clock?: () => number;
}

/**
 * The timers of one thread: what an executor has for its futures to sleep with.
 *
 * An executor calls {@linkcode turn} whenever it is about to look at its drivers,
 * and before it waits. Everything happens there: timers that were armed since the
 * last turn get their deadlines, those that are due fire, and the result is how
 * long the thread may wait. So a turn reads the clock once, however many timers
 * were armed and fired, and no clock is read where no timer is armed.
 *
 * **Never early.** Time is measured in ticks of one millisecond, on the scale of
 * the clock. A duration counts from the clock read of the turn *after* it was
 * armed; a read before that would make it end too soon. Its end is rounded up to a
 * tick and fires when the clock has reached that tick: a sleep of 5 ms armed at
 * 100.0 fires at 105, one armed at 100.3 at 106, and one armed at 100.3 for 4.7 ms
 * at 105.
 *
 * A future holds a timer as a number, from `arm` until `release`. The number is
 * good for nothing afterwards: another timer may have it.
 *
 * @example An executor's part, on a clock set by hand
 * ```ts
 * import { Context, noopWaker, Pending, time } from "@edo/runtime";
 * import { assertEquals } from "@std/assert";
 *
 * let clock = 100;
 * const timers = new time.Timers({ clock: () => clock });
 * const defer = () => {};
 * const cx = new Context(noopWaker, { timers, reactor: null, defer });
 *
 * const sleep = time.sleep(5);
 * assertEquals(sleep.poll(cx), Pending);
 * assertEquals(timers.turn(), 5); // it may wait this long
 * clock = 105;
 * assertEquals(timers.turn(), Infinity); // nothing is armed any more
 * assertEquals(sleep.poll(cx), undefined);
 * ```
 */
export class Timers {
  readonly #clock: () => number;
  readonly #table = new TimerTable(HEADS + 1);
  readonly #wheel = new Wheel(this.#table);
  #freshSize = 0;
  #closed = false;
  /** What the clock said when it was last read. */
  #lastRead = 0;

  /**
   * Called when a timer is armed and none was since the last turn. An executor that
   * waits without blocking its thread sets it, as ordinary code can then arm a timer
   * that is due before the wait ends, by `reset`.
   */
  onArmed: (() => void) | null = null;

  /**
   * Timers on a clock, none of them armed.
   *
   * @throws {TypeError} If the clock is no function.
   */
  constructor(options: TimersOptions = {}) {
    const clock = options?.clock ?? performanceNow;
    if (typeof clock !== "function") {
      throw new TypeError(
        `Cannot make timers: options.clock is ${
          describe(clock)
        }, not a function`,
      );
    }
    this.#clock = clock;
  }

  /** How many timers are armed: at 0, no waiting will make one fire. */
  get size(): number {
    return this.#freshSize + this.#wheel.size;
  }

  /** How many timers futures hold, those that fired included. */
  get held(): number {
    return this.#table.count;
  }

  /** Reads the clock, in milliseconds. One that goes back stands still instead. */
  now(): number {
    const time = this.#clock();
    // Written so that NaN, too, leaves the time as it was.
    if (time >= this.#lastRead) this.#lastRead = time;
    return this.#lastRead;
  }

  /**
   * Makes a timer that fires once a number of milliseconds have passed.
   *
   * @throws {Error} After {@linkcode close}.
   */
  arm(ms: number, waker: Waker): number {
    return this.#add(ms, FRESH, waker);
  }

  /**
   * Makes a timer that fires once the clock has reached an instant; if it has
   * already, at the next turn.
   *
   * @throws {Error} After {@linkcode close}.
   */
  armAt(instant: number, waker: Waker): number {
    return this.#add(instant, FRESH_INSTANT, waker);
  }

  #add(request: number, state: number, waker: Waker): number {
    if (this.#closed) throw closedError();
    const timer = this.#table.add(waker);
    this.#makeFresh(timer, request, state);
    return timer;
  }

  #makeFresh(timer: number, request: number, state: number): void {
    const table = this.#table;
    table.time[timer] = request;
    table.state[timer] = state;
    table.append(FRESH_LIST, timer);
    if (this.#freshSize++ === 0 && this.onArmed !== null) this.onArmed();
  }

  /**
   * Arms a timer anew, whether it fired or not, as {@linkcode arm} does. It keeps
   * its waker, if it has not called it yet.
   *
   * @throws {Error} After {@linkcode close}.
   */
  rearm(timer: number, ms: number): void {
    this.#rearm(timer, ms, FRESH);
  }

  /** Arms a timer anew, as {@linkcode armAt} does. */
  rearmAt(timer: number, instant: number): void {
    this.#rearm(timer, instant, FRESH_INSTANT);
  }

  #rearm(timer: number, request: number, state: number): void {
    if (this.#closed) throw closedError();
    this.#unlink(timer);
    this.#makeFresh(timer, request, state);
  }

  /** Says whom a timer wakes when it fires: this waker alone, once. */
  setWaker(timer: number, waker: Waker): void {
    this.#table.waker[timer] = waker;
  }

  /** Whether a timer will still fire. */
  isArmed(timer: number): boolean {
    return this.#table.state[timer]! <= WAITING;
  }

  /**
   * Whether a timer's time has come.
   *
   * @throws {Error} If it has not, and never will: the timers were closed.
   */
  hasFired(timer: number): boolean {
    const state = this.#table.state[timer]!;
    if (state === CLOSED) throw closedError();
    return state === FIRED;
  }

  /**
   * The tick at which a timer fires or fired. Before the turn that follows arming,
   * the instant that was asked for, or null where it was a duration.
   */
  deadlineOf(timer: number): number | null {
    const { state, time } = this.#table;
    return state[timer] === FRESH ? null : time[timer]!;
  }

  /** Gives a timer up, fired or not: it will not fire, and wakes nobody. */
  release(timer: number): void {
    this.#unlink(timer);
    this.#table.remove(timer);
  }

  #unlink(timer: number): void {
    const state = this.#table.state[timer]!;
    if (state === WAITING) this.#wheel.cancel(timer);
    else if (state < WAITING) {
      this.#freshSize--;
      this.#table.unlink(timer);
    }
  }

  /**
   * Gives deadlines to the timers armed since the last turn, fires those that are
   * due, in the order of their deadlines, and returns how many milliseconds, with
   * fractions, may pass until the next turn; `Infinity` if no timer is armed.
   *
   * The result can be shorter than the time to the next deadline, which leads to
   * a turn that fires nothing: a long sleep moves down the wheel on its way. It is
   * never longer. 0 means that a waker armed a timer during this turn.
   */
  turn(): number {
    const wheel = this.#wheel;
    if (this.#freshSize === 0 && wheel.size === 0) return Infinity;
    const time = this.now();
    const tick = Math.floor(time);
    // All before any fires: what a waker arms must not get a time read before.
    if (this.#freshSize !== 0) this.#stamp(time);
    for (;;) {
      const timer = wheel.pop(tick);
      if (timer === NO_TIMER) break;
      this.#settle(timer, FIRED)?.wake();
    }
    return this.#freshSize === 0 ? wheel.nextExpiration() - time : 0;
  }

  /** Puts what was armed since the last turn into the wheel. */
  #stamp(time: number): void {
    const { next, prev, state, time: request } = this.#table;
    for (let timer = next[FRESH_LIST]!; timer !== FRESH_LIST;) {
      // The wheel links the timer anew, so it need not be unlinked here.
      const behind = next[timer]!;
      const tick = state[timer] === FRESH
        ? tickAfter(time, request[timer]!)
        : tickAt(time, request[timer]!);
      state[timer] = WAITING;
      this.#wheel.insert(timer, tick);
      timer = behind;
    }
    next[FRESH_LIST] = FRESH_LIST;
    prev[FRESH_LIST] = FRESH_LIST;
    this.#freshSize = 0;
  }

  /** Notes the end of a timer that stands in no list. Returns whom to wake. */
  #settle(timer: number, state: number): Waker | null {
    const table = this.#table;
    const waker = table.waker[timer]!;
    table.state[timer] = state;
    table.waker[timer] = null;
    return waker;
  }

  /**
   * Ends these timers: what is armed will not fire, and arming throws. Whoever
   * waits is woken, once, to learn of it: a task of another runtime may sleep here.
   */
  close(): void {
    this.#closed = true;
    this.#stamp(this.#lastRead);
    const wakers = [];
    for (;;) {
      const timer = this.#wheel.takeAny();
      if (timer === NO_TIMER) break;
      wakers.push(this.#settle(timer, CLOSED));
    }
    for (const waker of wakers) waker?.wake();
  }
}

function closedError(): Error {
  return new Error(
    "Cannot sleep: the runtime that has this timer was shut down",
  );
}

/** The tick at which a duration that starts at `time` is over. */
function tickAfter(time: number, ms: number): number {
  // No time at all: due in this turn, not at the next tick.
  if (ms === 0) return Math.floor(time);
  let tick = Math.ceil(time + ms);
  // The sum may have been rounded down to a whole number: 0.9 + 0.1 is 1, but
  // 1 - 0.9 is less than 0.1.
  if (tick - time < ms) tick++;
  return tick < MAX_TICK ? tick : MAX_TICK;
}

/** The tick at which an instant has come: at the latest this one, if it has. */
function tickAt(time: number, instant: number): number {
  const last = instant <= time ? Math.floor(time) : MAX_TICK;
  const tick = Math.ceil(instant);
  return tick < last ? tick : last;
}

/**
 * The timers of the runtime that polls with this context.
 *
 * @throws {Error} If it has none.
 */
export function timersOf(cx: Context): Timers {
  const timers = cx?.drivers?.timers;
  if (timers instanceof Timers) return timers;
  throw new Error(
    "Cannot sleep: this context has no timers (poll with a runtime's context, " +
      "inside block_on or run)",
  );
}
