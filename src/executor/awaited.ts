import {
  type Context,
  discard,
  type Future,
  isPending,
  type Owner,
  POLL_BUDGET,
  type Waker,
} from "../future/mod.ts";
import type { AsyncTask, Runnable, Wait } from "../task/mod.ts";

/** What an awaited future needs of the executor that polls it. */
export interface AwaitHost {
  /** Who owns what the future opens. */
  readonly owner: Owner;
  /** Queues the future for another poll. */
  schedule(awaited: Runnable): void;
  /** Notes that one that had to wait has its outcome. */
  noteSettled(): void;
}

/**
 * A future that ordinary async code awaits, and its waker: what is left of a task
 * if nobody can join it. One is made for each `await` that has to wait, and ends with
 * the async task that does, if any.
 */
export class Awaited implements Runnable, Waker, Wait {
  readonly #host: AwaitHost;
  /** Null once there is an outcome. */
  #future: Future<unknown> | null = null;
  #isQueued = false;
  #resolve: ((value: unknown) => void) | null = null;
  #reject: ((reason: unknown) => void) | null = null;
  #task: AsyncTask | null = null;

  constructor(host: AwaitHost) {
    this.#host = host;
  }

  wake(): void {
    if (this.#isQueued || this.#future === null) return;
    this.#isQueued = true;
    this.#host.schedule(this);
  }

  /**
   * Polls a future for the first time. If it is ready, returns its value and can be
   * used for the next one: a waker that somebody kept nevertheless wakes that one,
   * and spurious wakes are allowed.
   */
  start(future: Future<unknown>, cx: Context): unknown {
    this.#future = future;
    let isReady = true;
    try {
      const value = this.#poll(future, cx);
      isReady = !isPending(value);
      return value;
    } finally {
      if (isReady) this.#future = null;
    }
  }

  /** Has a future polled by the executor for the first time. */
  startLater(future: Future<unknown>): void {
    this.#future = future;
    this.wake();
  }

  /** Names who gets the outcome, and the async task that waits for it. */
  settleWith(
    resolve: (value: unknown) => void,
    reject: (reason: unknown) => void,
    task: AsyncTask | null,
  ): void {
    this.#resolve = resolve;
    this.#reject = reject;
    this.#task = task;
    task?.enter(this);
  }

  abandon(reason: unknown): void {
    const future = this.#future;
    if (future === null) return;
    this.#end();
    discard(future);
    this.#reject!(reason);
  }

  /** False: it was abandoned by what it has just polled. */
  #end(): boolean {
    if (this.#future === null) return false;
    this.#future = null;
    this.#task?.leave(this);
    this.#host.noteSettled();
    return true;
  }

  run(cx: Context): void {
    this.#isQueued = false;
    const future = this.#future;
    if (future === null) return;
    let value: unknown;
    try {
      value = this.#poll(future, cx);
    } catch (error) {
      if (this.#end()) this.#reject!(error);
      return;
    }
    if (!isPending(value) && this.#end()) this.#resolve!(value);
  }

  #poll(future: Future<unknown>, cx: Context): unknown {
    cx.waker = this;
    cx.budget = POLL_BUDGET;
    cx.owner = this.#host.owner;
    return future.poll(cx);
  }
}
