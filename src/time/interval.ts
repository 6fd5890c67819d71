import type { Context } from "../future/context.ts";
import { describe } from "../future/describe.ts";
import { Future } from "../future/future.ts";
import { Pending, type Poll } from "../future/poll.ts";
import { checkPeriod } from "./arguments.ts";
import { NO_TIMER } from "./timer_table.ts";
import { type Timers, timersOf } from "./timers.ts";

/**
 * What becomes of ticks whose time passed while nobody waited for them. For a
 * period of 10 ms whose tick at 20 is waited for only from 47 on, the next ones
 * come
 *
 * - `"skip"`: at 47 (for 20), 50, 60, …: those missed are left out, the rest keeps
 *   to the schedule;
 * - `"burst"`: at 47, 47, 47 (for 20, 30 and 40), 50, 60, …: each is made up for,
 *   which suits counting;
 * - `"delay"`: at 47 (for 20), 57, 67, …: a full period lies between two ticks.
 */
export type MissedTicks = "skip" | "burst" | "delay";

/** How an {@linkcode Interval} behaves. */
export interface IntervalOptions {
  /** What becomes of ticks that nobody waited for in time. Default: `"skip"`. */
  missed?: MissedTicks;
}

/** When the ticks are due, and the timer for the next one. */
class Schedule {
  readonly period: number;
  readonly #missed: MissedTicks;
  #timers: Timers | null = null;
  #timer = NO_TIMER;
  /** Who waits for the next tick. */
  #waiting: Tick | null = null;
  /** The next tick is `#count` periods after this instant: sums would drift. */
  #base = 0;
  #count = 1;

  constructor(period: number, missed: MissedTicks) {
    this.period = period;
    this.#missed = missed;
  }

  get #due(): number {
    return this.#base + this.#count * this.period;
  }

  poll(cx: Context, tick: Tick): Poll<number> {
    if (this.#waiting !== tick) {
      this.#start(cx, tick);
      return Pending;
    }
    const timers = this.#timers!;
    if (!timers.hasFired(this.#timer)) {
      timers.setWaker(this.#timer, cx.waker);
      return Pending;
    }
    if (cx.budget === 0) return cx.giveWay();
    cx.budget--;
    this.cancel(tick);
    const due = this.#due;
    this.#advance(due, timers.now());
    return due;
  }

  #start(cx: Context, tick: Tick): void {
    if (this.#waiting !== null) {
      throw new Error(
        "Cannot wait for a tick: another one of this interval is waited for",
      );
    }
    if (this.#timers === null) {
      this.#timers = timersOf(cx);
      this.#base = this.#timers.now();
    }
    this.#timer = this.#timers.armAt(this.#due, cx.waker);
    this.#waiting = tick;
  }

  #advance(due: number, now: number): void {
    if (this.#missed === "delay") {
      this.#base = now;
      this.#count = 1;
      return;
    }
    this.#count++;
    if (this.#missed === "burst") return;
    this.#count += Math.max(0, Math.floor((now - due) / this.period));
  }

  cancel(tick: Tick): void {
    if (this.#waiting !== tick) return;
    this.#waiting = null;
    this.#timers!.release(this.#timer);
    this.#timer = NO_TIMER;
  }

  reset(): void {
    const timers = this.#timers;
    if (timers === null) return;
    this.#base = timers.now();
    this.#count = 1;
    if (this.#waiting !== null) timers.rearmAt(this.#timer, this.#due);
  }
}

/** One tick that somebody waits for. */
class Tick extends Future<number> {
  readonly #schedule: Schedule;
  #value: number | null = null;

  constructor(schedule: Schedule) {
    super();
    this.#schedule = schedule;
  }

  override poll(cx: Context): Poll<number> {
    if (this.#value !== null) return this.#value;
    const value = this.#schedule.poll(cx, this);
    if (value !== Pending) this.#value = value;
    return value;
  }

  override cancel(): void {
    this.#schedule.cancel(this);
  }
}

/**
 * Ticks at even distances: what {@linkcode interval} returns. It holds a timer
 * only while a tick is waited for, so it need not be closed. It belongs to the
 * runtime in which its first tick was waited for.
 */
export class Interval {
  readonly #schedule: Schedule;

  /** Use {@linkcode interval}, which throws the same. */
  constructor(period: number, missed: MissedTicks) {
    checkPeriod("make an interval", period);
    if (missed !== "skip" && missed !== "burst" && missed !== "delay") {
      throw new RangeError(
        `Cannot make an interval: options.missed is ${describe(missed)}, ` +
          'not "skip", "burst" or "delay"',
      );
    }
    this.#schedule = new Schedule(period, missed);
  }

  /** The time between two ticks, in milliseconds. */
  get period(): number {
    return this.#schedule.period;
  }

  /**
   * A future of the next tick. Its value is the instant that the tick was due at,
   * in milliseconds on the scale of {@linkcode now}, so that the difference from
   * `now()` says how late it is. A tick that is cancelled, as by a `select` that it
   * lost, is not used up.
   *
   * @throws {Error} When polled while another tick of this interval is waited for.
   */
  tick(): Future<number> {
    return new Tick(this.#schedule);
  }

  /**
   * Has the next tick come one period from now, and the others after it. Whoever
   * waits for a tick goes on waiting.
   *
   * @throws {Error} If the runtime that it belongs to was shut down.
   */
  reset(): void {
    this.#schedule.reset();
  }
}

/**
 * Ticks every `ms` milliseconds. As with `setInterval`, the first comes after one
 * period; that starts when the first tick is waited for.
 *
 * The ticks keep to their schedule: work between them does not push them back, and
 * fractions of a millisecond add up (each tick as such is never early, and late by
 * less than one millisecond).
 *
 * @param ms The period in milliseconds, fractions allowed, above 0.
 * @throws {RangeError} If `ms` is 0, negative, `NaN` or infinite, or if
 * `options.missed` is none of its values.
 * @throws {TypeError} If `ms` is no number.
 *
 * @example Three ticks
 * ```ts
 * import { block_on, time } from "@edo/runtime";
 * import { assertEquals } from "@std/assert";
 *
 * const due: number[] = [];
 * block_on(function* () {
 *   const every = time.interval(2);
 *   while (due.length < 3) due.push(yield* every.tick());
 * });
 * assertEquals(due.length, 3);
 * ```
 */
export function interval(ms: number, options: IntervalOptions = {}): Interval {
  const { missed = "skip" } = options ?? {};
  return new Interval(ms, missed);
}
