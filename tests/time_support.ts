import { Context, type Waker } from "../src/future/mod.ts";
import { Timers } from "../src/time/mod.ts";

/** A waker that counts its calls, and does something at each if it is told to. */
export class CountingWaker implements Waker {
  count = 0;
  readonly #onWake: () => void;

  constructor(onWake: () => void = () => {}) {
    this.#onWake = onWake;
  }

  wake(): void {
    this.count++;
    this.#onWake();
  }
}

/**
 * What an executor is to timers, with a clock that stands still until it is told
 * to move: timers, a context to poll with, and the wakers that gave way.
 */
export class VirtualRuntime {
  time: number;
  clockReads = 0;
  readonly timers: Timers;
  readonly cx: Context;
  readonly waker: CountingWaker = new CountingWaker();
  readonly deferred: Waker[] = [];

  constructor(start: number = 0) {
    this.time = start;
    this.timers = new Timers({
      clock: () => {
        this.clockReads++;
        return this.time;
      },
    });
    this.cx = new Context(this.waker, {
      timers: this.timers,
      reactor: null,
      defer: (waker) => this.deferred.push(waker),
    });
  }

  /** The context with another waker. */
  with(waker: Waker): Context {
    return this.cx.withWaker(waker);
  }

  /** Moves the clock and takes a turn. Returns what the turn returns. */
  advance(ms: number): number {
    this.time += ms;
    return this.timers.turn();
  }

  /** A turn, and if nothing fired in it, as much time as it says may pass. */
  step(): void {
    const { size } = this.timers;
    const wait = this.timers.turn();
    if (this.timers.size === size && wait < Infinity) this.time += wait;
  }

  /** Moves the clock from turn to turn, as an executor that waits, up to `end`. */
  runUntil(end: number): void {
    for (;;) {
      const wait = this.timers.turn();
      if (this.time + wait > end) break;
      this.time += wait;
    }
    this.time = end;
    this.timers.turn();
  }
}

/** Random numbers from 0 to 1 that a seed repeats (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Puts an array into a random order, in place. */
export function shuffle<T>(array: T[], random: () => number): T[] {
  for (let i = array.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [array[i], array[j]] = [array[j]!, array[i]!];
  }
  return array;
}
