import { type Context, currentContext } from "./context.ts";
import { isPending, type Poll, SUSPENSION, type Suspension } from "./poll.ts";

/** How ordinary async code has a future polled: the executor sets it. */
export type Host = <T>(future: Future<T>) => Promise<T>;

let host: Host | null = null;

/** Names who polls futures that are awaited by ordinary async code. */
export function setHost(newHost: Host): void {
  host = newHost;
}

/** What `yield*` drives: it yields until it can return the value. */
export type FutureIterator<T> = Iterator<Suspension, T, unknown>;

/** The step of an iterator that has to wait. One object serves for all. */
export const SUSPENDED: IteratorYieldResult<Suspension> = {
  done: false,
  value: SUSPENSION,
};

/**
 * A value that will be there later, and the work that leads to it.
 *
 * A future is lazy: it does nothing until it is polled. It can be used in three
 * ways, and only in one of them at a time:
 *
 * - `yield* future` inside a task gives its value or throws its error;
 * - `future.poll(cx)` by hand, from an executor or a future of one's own;
 * - `await future` in ordinary async code, which has Deno's event loop poll it.
 *
 * A future that is given up before it is ready must be told so by `cancel()`.
 * `yield*` does this when its task is cancelled, and so do the combinators for
 * the futures that lose.
 *
 * @example A future of one's own, as a state machine
 * ```ts
 * import { block_on, type Context, Future, Pending, type Poll } from "@edo/runtime";
 * import { assertEquals } from "@std/assert";
 *
 * class Countdown extends Future<string> {
 *   #left = 3;
 *   poll(cx: Context): Poll<string> {
 *     if (this.#left-- === 0) return "lift-off";
 *     cx.waker.wake(); // there is more to do: poll again
 *     return Pending;
 *   }
 * }
 *
 * assertEquals(block_on(new Countdown()), "lift-off");
 * ```
 */
export abstract class Future<T> implements PromiseLike<T> {
  /**
   * The promise of a future that was awaited. Only declared: most futures never
   * have one, and a field would cost each of them its initialisation.
   */
  declare private promise?: Promise<T>;

  /**
   * Goes as far as it can without waiting. Returns the value, or `Pending` after
   * having seen to it that `cx.waker` is called when it can go further. Throws
   * when the future fails.
   */
  abstract poll(cx: Context): Poll<T>;

  /**
   * Gives the future up: what it registered goes, what it holds is closed.
   * Does nothing to a future that is finished, was never polled or is cancelled
   * already.
   */
  cancel(): void {}

  /**
   * What a combinator polls when it is given this future: the future itself,
   * unless several may wait for the same thing at once.
   */
  intoFuture(): Future<T> {
    return this;
  }

  /** Makes `yield* future` work: a future is its own iterator. */
  [Symbol.iterator](): FutureIterator<T> {
    return this;
  }

  /** One step of `yield*`: polls with the context of the task that is running. */
  next(): IteratorResult<Suspension, T> {
    const cx = currentContext();
    if (cx === null) {
      throw new Error(
        "Cannot wait for a future here: no task is being polled (use block_on, run or await)",
      );
    }
    const value = this.poll(cx);
    return isPending(value) ? SUSPENDED : { done: true, value };
  }

  /** How a generator that is closed cancels the future it waits for. */
  return(value?: unknown): IteratorResult<Suspension, T> {
    this.cancel();
    return { done: true, value: value as T };
  }

  /** How an error is thrown into a generator that waits for this future. */
  throw(error?: unknown): IteratorResult<Suspension, T> {
    this.cancel();
    throw error;
  }

  /**
   * Lets ordinary async code `await` the future. It is polled on Deno's event
   * loop, at once for the first time, and never blocks the thread. Awaited again,
   * it gives the same outcome.
   */
  then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    if (this.promise === undefined) {
      if (host === null) {
        throw new Error("Cannot await a future: import mod.ts, which hosts it");
      }
      // What the host throws is thrown here: nobody might see a rejection.
      this.promise = host(this);
    }
    return this.promise.then(onFulfilled, onRejected);
  }
}
