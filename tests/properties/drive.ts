/**
 * Futures polled by hand, so that it can be seen what they leave behind.
 *
 * @module
 */
import {
  Context,
  Future,
  intoFuture,
  noopWaker,
  Pending,
  reactor,
  time,
} from "../../mod.ts";
import { judge } from "./verdict.ts";

/** How often a future is polled before it is given up. */
const POLLS = 3;

/** A runtime's drivers with a clock that is set by hand. */
export class Bench implements Disposable {
  readonly #reactor = new reactor.Reactor();
  #clock = 0;
  readonly #timers = new time.Timers({ clock: () => this.#clock });
  readonly cx: Context;

  constructor(options: { blocking?: boolean } = {}) {
    const drivers = {
      timers: this.#timers,
      reactor: this.#reactor,
      defer: () => {},
    };
    this.cx = new Context(noopWaker, drivers, options);
  }

  /**
   * Polls what is a future a few times, as time passes, and gives it up.
   *
   * @throws {Error} If it throws what it must not.
   */
  drive(value: unknown): void {
    if (!isFuture(value)) return;
    const future = value;
    try {
      for (let i = 0; i < POLLS; i++) {
        if (future.poll(this.cx) !== Pending) break;
        this.#clock += 7;
        this.#timers.turn();
        this.#reactor.wait(0);
      }
    } catch (error) {
      judge(error);
    }
    try {
      future.cancel();
    } catch (error) {
      judge(error);
    }
  }

  /** Throws if a timer or a registration was left behind. */
  checkEmpty(): void {
    const { held } = this.#timers;
    const { size } = this.#reactor;
    if (held > 0) throw new Error(`${held} timers were left behind`);
    if (size > 0) throw new Error(`${size} sockets were left registered`);
  }

  [Symbol.dispose](): void {
    this.#timers.close();
    this.#reactor.close();
  }
}

function isFuture(value: unknown): value is Future<unknown> {
  try {
    return value instanceof Future;
  } catch {
    return false;
  }
}

/** Gives up a future or a generator that a function did not take over. */
export function giveUp(value: unknown): void {
  try {
    intoFuture(value as Future<unknown>).cancel();
  } catch {
    // It was none.
  }
}
