import type { Context, Drivers } from "./context.ts";
import { describe } from "./describe.ts";
import { Future } from "./future.ts";
import { Pending, type Poll } from "./poll.ts";
import type { Waker } from "./waker.ts";

/** Where a promise stands; `idle` before anybody asked. */
type Phase = "idle" | "waiting" | "fulfilled" | "rejected";

class FromPromise<T> extends Future<T> {
  readonly #promise: PromiseLike<T>;
  #phase: Phase = "idle";
  #outcome: unknown;
  #waker: Waker | null = null;
  /** Those that were told to let Deno's loop turn. */
  #held: Drivers | null = null;

  constructor(promise: PromiseLike<T>) {
    super();
    this.#promise = promise;
  }

  override poll(cx: Context): Poll<T> {
    if (this.#phase === "fulfilled") return this.#outcome as T;
    if (this.#phase === "rejected") throw this.#outcome;
    if (cx.blocking) {
      throw new Error(
        "Cannot wait for a promise inside block_on: it could never settle, as " +
          "JavaScript runs no promise job while the thread is blocked. " +
          "Use `await run(...)` instead of block_on",
      );
    }
    this.#waker = cx.waker;
    if (this.#phase === "idle") {
      this.#phase = "waiting";
      this.#held = cx.drivers;
      cx.drivers.holdLoop?.(true);
      this.#promise.then(
        (value) => this.#settle("fulfilled", value),
        (reason) => this.#settle("rejected", reason),
      );
    }
    return Pending;
  }

  #settle(phase: Phase, outcome: unknown): void {
    this.#phase = phase;
    this.#outcome = outcome;
    this.#release();
    const waker = this.#waker;
    this.#waker = null;
    waker?.wake();
  }

  override cancel(): void {
    this.#waker = null;
    this.#release();
  }

  #release(): void {
    this.#held?.holdLoop?.(false);
    this.#held = null;
  }
}

/**
 * A future of a promise's outcome, for use in `run()`, where Deno's event loop
 * turns. A promise cannot be cancelled: a future that loses stops waiting for it.
 *
 * @throws {TypeError} If the argument is no promise.
 * @throws {Error} When polled inside a blocking `block_on`, where no promise
 * settles.
 *
 * @example A promise with a time limit
 * ```ts
 * import { fromPromise, run, time } from "@edo/runtime";
 * import { assertEquals } from "@std/assert";
 *
 * const text = await run(function* () {
 *   const response = new Response("hello");
 *   return yield* time.timeout(1_000, fromPromise(response.text()));
 * });
 * assertEquals(text, "hello");
 * ```
 */
export function fromPromise<T>(promise: PromiseLike<T>): Future<T> {
  if (typeof promise?.then !== "function") {
    throw new TypeError(
      `Cannot make a future of the argument promise: ${
        describe(promise)
      } has no method then`,
    );
  }
  return new FromPromise(promise);
}
