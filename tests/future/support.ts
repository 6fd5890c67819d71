import {
  Context,
  type Drivers,
  Future,
  Pending,
  type Poll,
  type Waker,
} from "../../src/future/mod.ts";

/** A waker that counts its calls. */
export class CountingWaker implements Waker {
  count = 0;
  wake(): void {
    this.count++;
  }
}

/** A future whose every poll is counted, and that a test makes ready by hand. */
export class Manual<T> extends Future<T> {
  polls = 0;
  cancels = 0;
  waker: Waker | null = null;
  /** The contexts that it was polled with. */
  readonly contexts: Context[] = [];
  #outcome: (() => T) | null = null;

  override poll(cx: Context): Poll<T> {
    this.polls++;
    this.contexts.push(cx);
    this.waker = cx.waker;
    return this.#outcome === null ? Pending : this.#outcome();
  }

  override cancel(): void {
    this.cancels++;
  }

  /** Makes it ready and wakes whoever waits. */
  resolve(value: T): void {
    this.#outcome = () => value;
    this.waker?.wake();
  }

  /** Makes it fail and wakes whoever waits. */
  reject(error: unknown): void {
    this.#outcome = () => {
      throw error;
    };
    this.waker?.wake();
  }
}

/** A context with a waker that counts, and drivers that keep what gave way. */
export class Bench {
  readonly waker = new CountingWaker();
  readonly deferred: Waker[] = [];
  readonly drivers: Drivers = {
    timers: null,
    reactor: null,
    defer: (waker) => void this.deferred.push(waker),
  };
  readonly cx: Context = new Context(this.waker, this.drivers);

  /** Polls a future once, with this bench's waker. */
  poll<T>(future: Future<T>): Poll<T> {
    return future.poll(this.cx);
  }
}
