/** After so many outcomes what one takes is measured anew: the clock costs as much. */
const WINDOW = 64;

/** How much of the average a new window is: so that one odd window decides nothing. */
const WEIGHT = 0.25;

/**
 * What an outcome has to take for a pause to pay, in milliseconds. Empty tasks took
 * 0.8 to 1.0 µs with two workers on two processors, of which the spawner needs most,
 * and were a quarter slower with pauses; tasks of a microsecond took 2.0, and 1.5
 * with pauses.
 */
const LEAST_EACH_MS = 0.0013;

/**
 * How long the tasks that are out have to take, in milliseconds: the last pause must
 * not be much of it, of which the system makes a tenth of a millisecond.
 */
const LEAST_REST_MS = 0.4;

/**
 * Whether a thread that waits for many tasks pauses between its looks for outcomes.
 *
 * Where there are as many workers as processors, it is one thread too many: while
 * it looks, a worker stands still. It had better sleep and take many outcomes at a
 * time, unless they come so fast that the spawner itself is what holds them up.
 */
export class Pace {
  /** What an outcome has taken of late, in milliseconds; 0: not known yet. */
  #each = 0;
  /** In this window: how many outcomes have come, and in how long. */
  #came = 0;
  #ms = 0;
  /** At the last look: the time, and how many tasks there were and had not ended. */
  #at = 0;
  #spawned = 0;
  #pending = 0;
  #pauses = false;

  /**
   * After a look for outcomes. True: pause before the next one.
   *
   * @param spawned How many tasks have been spawned so far.
   * @param pending How many of them have not ended.
   * @param now The time, in milliseconds.
   */
  look(spawned: number, pending: number, now: number): boolean {
    // With others, or while nothing was out, the time was the program's own.
    if (spawned === this.#spawned && this.#pending > 0) {
      this.#note(this.#pending - pending, now - this.#at);
    }
    this.#at = now;
    this.#spawned = spawned;
    this.#pending = pending;
    this.#pauses = this.#each >= LEAST_EACH_MS &&
      pending * this.#each >= LEAST_REST_MS;
    return this.#pauses;
  }

  #note(came: number, ms: number): void {
    if (this.#pauses) {
      // All of them may have come long before its end: it shows no more than that
      // they take less than was thought.
      if (ms < came * this.#each) this.#learn(ms / came);
      return;
    }
    this.#came += came;
    this.#ms += ms;
    if (this.#came < WINDOW) return;
    this.#learn(this.#ms / this.#came);
    this.#came = 0;
    this.#ms = 0;
  }

  #learn(each: number): void {
    if (this.#each === 0) this.#each = each;
    // The system may have had this thread wait for milliseconds in between.
    const most = 2 * this.#each;
    this.#each += WEIGHT * (Math.min(each, most) - this.#each);
  }
}
