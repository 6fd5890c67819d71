import type { Context } from "./context.ts";
import { discard, type IntoFuture, intoFuture } from "./coroutine.ts";
import { describe } from "./describe.ts";
import { Future } from "./future.ts";
import { Pending, type Poll } from "./poll.ts";
import type { Waker } from "./waker.ts";

class Abortable<T> extends Future<T> {
  readonly #signal: AbortSignal;
  readonly #inner: Future<T>;
  #waker: Waker | null = null;
  #listening = false;
  readonly #onAbort = () => this.#waker?.wake();

  constructor(signal: AbortSignal, inner: Future<T>) {
    super();
    this.#signal = signal;
    this.#inner = inner;
  }

  override poll(cx: Context): Poll<T> {
    if (this.#signal.aborted) {
      this.#stopListening();
      discard(this.#inner);
      throw this.#signal.reason;
    }
    this.#waker = cx.waker;
    let value: Poll<T>;
    try {
      value = this.#inner.poll(cx);
    } catch (error) {
      this.#stopListening();
      throw error;
    }
    if (value !== Pending) {
      this.#stopListening();
      return value;
    }
    // Aborted by what it just polled: of that no event tells a later listener.
    if (this.#signal.aborted) return this.poll(cx);
    if (!this.#listening) {
      this.#listening = true;
      this.#signal.addEventListener("abort", this.#onAbort);
    }
    return Pending;
  }

  #stopListening(): void {
    this.#waker = null;
    if (!this.#listening) return;
    this.#listening = false;
    this.#signal.removeEventListener("abort", this.#onAbort);
  }

  override cancel(): void {
    this.#stopListening();
    this.#inner.cancel();
  }
}

/** Whether a value is a signal, rather than an heir of one that cannot be asked. */
function isSignal(value: unknown): value is AbortSignal {
  try {
    return value instanceof AbortSignal && typeof value.aborted === "boolean";
  } catch {
    return false;
  }
}

/**
 * A future that is given up when a signal is aborted.
 *
 * @throws The signal's reason, once it is aborted; the inner future is cancelled.
 *
 * @example
 * ```ts
 * import { abortable, time } from "@edo/runtime";
 * import { assertRejects } from "@std/assert";
 *
 * const controller = new AbortController();
 * setTimeout(() => controller.abort(), 1);
 * const sleeping = abortable(controller.signal, time.sleep(60_000));
 * await assertRejects(async () => await sleeping, DOMException);
 * ```
 */
export function abortable<T>(
  signal: AbortSignal,
  future: IntoFuture<T>,
): Future<T> {
  if (!isSignal(signal)) {
    throw new TypeError(
      `Cannot make a future abortable: signal is ${
        describe(signal)
      }, not an AbortSignal`,
    );
  }
  return new Abortable(signal, intoFuture(future, "future"));
}
