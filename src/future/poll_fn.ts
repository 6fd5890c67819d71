import type { Context } from "./context.ts";
import { describe } from "./describe.ts";
import { Future } from "./future.ts";
import type { Poll } from "./poll.ts";

class PollFn<T> extends Future<T> {
  readonly #poll: (cx: Context) => Poll<T>;

  constructor(poll: (cx: Context) => Poll<T>) {
    super();
    this.#poll = poll;
  }

  override poll(cx: Context): Poll<T> {
    return this.#poll(cx);
  }
}

/**
 * A future that is polled by a function: the shortest way to a future of one's
 * own that has nothing to clean up.
 *
 * @param poll Returns the value, or `Pending` after having seen to it that
 * `cx.waker` is called when it is worth another try.
 *
 * @example Ready at the third poll
 * ```ts
 * import { block_on, Pending, pollFn } from "@edo/runtime";
 * import { assertEquals } from "@std/assert";
 *
 * let polls = 0;
 * const third = pollFn((cx) => {
 *   if (++polls === 3) return "ready";
 *   cx.waker.wake();
 *   return Pending;
 * });
 * assertEquals(block_on(third), "ready");
 * ```
 */
export function pollFn<T>(poll: (cx: Context) => Poll<T>): Future<T> {
  if (typeof poll !== "function") {
    throw new TypeError(
      `Cannot make a future: poll is ${describe(poll)}, not a function`,
    );
  }
  return new PollFn(poll);
}
