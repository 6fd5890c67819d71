import {
  Context,
  type Future,
  Pending,
  reactor,
  type Waker,
} from "../../mod.ts";
import type { OnReady } from "./naive_executor.ts";

/**
 * `waker-executor`: each future gets a waker of its own, which puts it into the
 * queue of those that are worth a poll. Returns how many polls it took.
 *
 * The future leaves the waker at the reactor when it would block; the reactor calls
 * it when the socket is ready. So a future is polled when it can go further, and at
 * no other time, whatever the others do. This is the whole secret of an executor;
 * `src/executor/` adds fairness, cancellation and speed.
 */
export function wakerExecutor<T>(
  futures: readonly Future<T>[],
  onReady: OnReady<T>,
): number {
  using events = new reactor.Reactor();
  const queue: Task<T>[] = [];
  for (const [index, future] of futures.entries()) {
    queue.push(new Task(index, future, events, queue));
  }
  let polls = 0;
  for (let left = futures.length; left > 0;) {
    const task = queue.shift();
    if (task === undefined) {
      events.wait();
      continue;
    }
    const value = task.poll();
    polls++;
    if (value === Pending) continue;
    left--;
    onReady(task.index, value);
  }
  return polls;
}

/** A future and its place in the queue. */
class Task<T> implements Waker {
  readonly index: number;
  readonly #future: Future<T>;
  readonly #cx: Context;
  readonly #queue: Task<T>[];
  /** Woken twice before its turn comes, it is in the queue once. */
  #isQueued = true;

  constructor(
    index: number,
    future: Future<T>,
    events: reactor.Reactor,
    queue: Task<T>[],
  ) {
    this.index = index;
    this.#future = future;
    const drivers = {
      timers: null,
      reactor: events,
      defer: (waker: Waker) => waker.wake(),
    };
    this.#cx = new Context(this, drivers);
    this.#queue = queue;
  }

  wake(): void {
    if (this.#isQueued) return;
    this.#isQueued = true;
    this.#queue.push(this);
  }

  poll(): T | Pending {
    // Before the poll: who wakes it from now on wants another one.
    this.#isQueued = false;
    return this.#future.poll(this.#cx);
  }
}
