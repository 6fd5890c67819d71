import { Context, type Future, noopWaker, Pending } from "../../mod.ts";

/** Told of each future that is ready: which one, and its value. */
export type OnReady<T> = (index: number, value: T) => void;

/**
 * `naive-executor`: polls all futures in turn, over and over. Returns how many polls
 * it took.
 *
 * It is a correct executor, as a future may be polled at any time. It wastes a whole
 * processor on the question "ready now?".
 */
export function naiveExecutor<T>(
  futures: readonly Future<T>[],
  onReady: OnReady<T>,
): number {
  // Nobody is told when to poll again, so there is nobody to wake either.
  const cx = new Context(noopWaker);
  const pending = new Map(futures.entries());
  let polls = 0;
  while (pending.size > 0) {
    for (const [index, future] of pending) {
      const value = future.poll(cx);
      polls++;
      if (value === Pending) continue;
      pending.delete(index);
      onReady(index, value);
    }
  }
  return polls;
}
