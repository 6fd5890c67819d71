import { type Context, currentContext } from "./context.ts";
import { Future, SUSPENDED } from "./future.ts";
import { Pending, type Poll, type Suspension } from "./poll.ts";

class YieldNow extends Future<void> {
  #yielded = false;

  override poll(cx: Context): Poll<void> {
    if (this.#yielded) return;
    this.#yielded = true;
    cx.drivers.defer(cx.waker);
    return Pending;
  }

  /** As inherited, without making an object for the result. */
  override next(): IteratorResult<Suspension, void> {
    if (this.#yielded) return DONE;
    const cx = currentContext();
    if (cx === null) return super.next();
    this.poll(cx);
    return SUSPENDED;
  }
}

const DONE: IteratorReturnResult<void> = { done: true, value: undefined };

/**
 * A future that lets everybody else go first: it is ready once each task that is
 * ready now was polled, and timers and sockets were looked at.
 *
 * A long computation that calls it now and then keeps the other tasks of its
 * thread alive.
 *
 * @example Taking turns
 * ```ts
 * import { block_on, join, yieldNow } from "@edo/runtime";
 * import { assertEquals } from "@std/assert";
 *
 * const order: string[] = [];
 * function* walk(name: string) {
 *   for (let step = 1; step <= 2; step++) {
 *     order.push(name + step);
 *     yield* yieldNow();
 *   }
 * }
 * block_on(join(walk("a"), walk("b")));
 * assertEquals(order, ["a1", "b1", "a2", "b2"]);
 * ```
 */
export function yieldNow(): Future<void> {
  return new YieldNow();
}
