/**
 * A clock that misbehaves, in place of `performance.now`: a module that imports
 * this one before anything of `src/` has the runtime measure time with it.
 *
 * @module
 */
const real = performance.now.bind(performance);

/** What the runtime takes for the time. */
class Clock {
  /** How many times it was read. */
  reads = 0;
  #offset = 0;
  #frozenAt: number | null = null;
  #plan: ((reads: number) => void) | null = null;

  /** The time that there really is. */
  readonly real: () => number = real;

  now(): number {
    this.reads++;
    this.#plan?.(this.reads);
    return this.#frozenAt ?? real() + this.#offset;
  }

  /** Goes forward, or back, by so many milliseconds. */
  jump(ms: number): void {
    this.#offset += ms;
  }

  /** Stands still. */
  stop(): void {
    this.#frozenAt = real() + this.#offset;
  }

  /** Goes on, `missed` or not. */
  goOn(): void {
    this.#frozenAt = null;
  }

  /** Calls `plan` at each read, with how many there were, this one included. */
  atRead(plan: (reads: number) => void): void {
    this.reads = 0;
    this.#plan = plan;
  }

  /** Is a good clock again; what it said meanwhile was not more than it says now. */
  [Symbol.dispose](): void {
    this.#plan = null;
    this.#frozenAt = null;
    // One that went back would go back again, for those who keep what they read.
    this.#offset = Math.max(this.#offset, 0);
  }
}

/** The clock of this thread. */
export const clock = new Clock();

Reflect.set(performance, "now", () => clock.now());
