import type { Context } from "../future/context.ts";
import { Future } from "../future/future.ts";
import { Pending, type Poll } from "../future/poll.ts";
import { checkInstant, checkMs } from "./arguments.ts";
import { NO_TIMER } from "./timer_table.ts";
import { type Timers, timersOf } from "./timers.ts";

/**
 * A future that is ready once a time has passed: what {@linkcode sleep} and
 * {@linkcode sleepUntil} return.
 *
 * It belongs to the runtime that polls it first, and keeps to that one's clock
 * whoever polls it later. Cancelled, as by a `select` that it lost, it holds no
 * timer; waited for again, it goes on to the same deadline.
 *
 * @example One deadline for a whole conversation
 * ```ts
 * import { block_on, select, time, yieldNow } from "@edo/runtime";
 * import { assertEquals } from "@std/assert";
 *
 * let turns = 0;
 * block_on(function* () {
 *   const deadline = time.sleep(20);
 *   while ((yield* select(deadline, yieldNow())).index === 1) turns++;
 * });
 * assertEquals(turns > 0, true);
 * ```
 */
export class Sleep extends Future<void> {
  /** Milliseconds, or an instant. */
  #request: number;
  #isInstant: boolean;
  #done = false;
  #timers: Timers | null = null;
  #timer = NO_TIMER;

  /** Use {@linkcode sleep} or {@linkcode sleepUntil}, which throw the same. */
  constructor(request: number, isInstant: boolean) {
    super();
    if (isInstant) checkInstant("sleep until an instant", request);
    else checkMs("sleep", request);
    this.#request = request;
    this.#isInstant = isInstant;
  }

  /**
   * The instant from which the sleep is over, in milliseconds on the scale of
   * {@linkcode now}. Null as long as it is not known: the duration of a sleep
   * starts when the runtime next looks at its timers after the first poll.
   */
  get deadline(): number | null {
    if (this.#timer !== NO_TIMER) return this.#timers!.deadlineOf(this.#timer);
    return this.#isInstant ? this.#request : null;
  }

  override poll(cx: Context): Poll<void> {
    if (this.#timer === NO_TIMER) {
      if (!this.#done) this.#arm(cx);
      return this.#done ? undefined : Pending;
    }
    const timers = this.#timers!;
    if (!timers.hasFired(this.#timer)) {
      timers.setWaker(this.#timer, cx.waker);
      return Pending;
    }
    // A loop over instants long gone is ready each time: it must give way as well.
    if (cx.budget === 0) return cx.giveWay();
    cx.budget--;
    this.cancel();
    this.#done = true;
  }

  #arm(cx: Context): void {
    const timers = this.#timers ??= timersOf(cx);
    this.#timer = this.#isInstant
      ? timers.armAt(this.#request, cx.waker)
      : timers.arm(this.#request, cx.waker);
  }

  /**
   * Makes the sleep last so many milliseconds from now, whether it is pending or
   * over. Whoever waits for it goes on waiting; if nobody does, the time starts
   * with the next poll.
   *
   * @throws {RangeError} If `ms` is negative, `NaN` or infinite.
   * @throws {TypeError} If `ms` is no number.
   * @throws {Error} If the runtime that it belongs to was shut down.
   */
  reset(ms: number): void {
    checkMs("reset a sleep", ms);
    this.#restart(ms, false);
    if (this.#timer !== NO_TIMER) this.#timers!.rearm(this.#timer, ms);
  }

  /**
   * The same with an instant on the scale of {@linkcode now}. One that has passed
   * wakes whoever waits when the runtime next looks at its timers.
   *
   * @throws {RangeError} If `instant` is `NaN` or infinite.
   * @throws {TypeError} If `instant` is no number.
   * @throws {Error} If the runtime that it belongs to was shut down.
   */
  resetUntil(instant: number): void {
    checkInstant("reset a sleep", instant);
    this.#restart(instant, true);
    if (this.#timer !== NO_TIMER) this.#timers!.rearmAt(this.#timer, instant);
  }

  #restart(request: number, isInstant: boolean): void {
    this.#request = request;
    this.#isInstant = isInstant;
    this.#done = false;
  }

  override cancel(): void {
    const timer = this.#timer;
    if (timer === NO_TIMER) return;
    const timers = this.#timers!;
    const deadline = timers.deadlineOf(timer);
    if (deadline !== null) {
      this.#request = deadline;
      this.#isInstant = true;
    }
    this.#timer = NO_TIMER;
    timers.release(timer);
  }
}

/**
 * A future that is ready once at least `ms` milliseconds have passed since it was
 * first polled: a sleep starts when it is waited for, not when it is made.
 *
 * It is never early, and late by less than one millisecond, plus what the tasks
 * before it take. Time is monotonic; it does not follow the system's date, and
 * stands still while the machine is suspended. There is no upper limit: what goes
 * beyond 285,000 years is cut to that.
 *
 * @param ms Milliseconds, fractions allowed; 0 is ready as soon as the runtime has
 * looked at its timers.
 * @throws {RangeError} If `ms` is negative, `NaN` or infinite.
 * @throws {TypeError} If `ms` is no number.
 *
 * @example Two sleeps at a time
 * ```ts
 * import { block_on, join, time } from "@edo/runtime";
 * import { assert } from "@std/assert";
 *
 * const start = time.now();
 * block_on(join(time.sleep(20), time.sleep(10)));
 * assert(time.now() - start >= 20);
 * ```
 */
export function sleep(ms: number): Sleep {
  return new Sleep(ms, false);
}

/**
 * A future that is ready once the clock has reached an instant; if it has already,
 * as soon as the runtime has looked at its timers.
 *
 * @param instant Milliseconds on the scale of {@linkcode now}, which is that of
 * `performance.now()`. Each worker has its own: an instant does not travel.
 * @throws {RangeError} If `instant` is `NaN` or infinite.
 * @throws {TypeError} If `instant` is no number.
 *
 * @example A step every 2 ms, however long the steps take
 * ```ts
 * import { block_on, time } from "@edo/runtime";
 * import { assert } from "@std/assert";
 *
 * const start = time.now();
 * block_on(function* () {
 *   for (let step = 1; step <= 5; step++) yield* time.sleepUntil(start + 2 * step);
 * });
 * assert(time.now() >= start + 10);
 * ```
 */
export function sleepUntil(instant: number): Sleep {
  return new Sleep(instant, true);
}
