import {
  Context,
  type Future,
  noopWaker,
  Pending,
  reactor,
} from "../../mod.ts";
import type { OnReady } from "./naive_executor.ts";

/**
 * `epoll-executor`: polls all futures in turn, then sleeps until some socket is
 * ready. Returns how many polls it took.
 *
 * The processor is free meanwhile. But whichever socket it was, all futures are
 * polled again, a thousand of them for the sake of one.
 */
export function epollExecutor<T>(
  futures: readonly Future<T>[],
  onReady: OnReady<T>,
): number {
  using events = new reactor.Reactor();
  const drivers = { timers: null, reactor: events, defer() {} };
  // The reactor's wait ends with any event; whose it was, this executor ignores.
  const cx = new Context(noopWaker, drivers);
  const pending = new Map(futures.entries());
  let polls = 0;
  while (true) {
    for (const [index, future] of pending) {
      const value = future.poll(cx);
      polls++;
      if (value === Pending) continue;
      pending.delete(index);
      onReady(index, value);
    }
    if (pending.size === 0) return polls;
    events.wait();
  }
}
