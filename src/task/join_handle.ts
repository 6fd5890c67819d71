import {
  type Context,
  currentContext,
  Future,
  type FutureIterator,
  isPending,
  type Poll,
  SUSPENDED,
  type Suspension,
  type Waker,
} from "../future/mod.ts";
import { currentAsyncTask } from "./async_task.ts";
import type { Joinable } from "./joinable.ts";

/**
 * What `spawn` returns: a future of the task's value.
 *
 * The task runs whether or not anybody waits for it. A handle may be waited for
 * by several tasks and more than once; cancelling the wait leaves the task alone.
 *
 * @example
 * ```ts
 * import { block_on, spawn, time } from "@edo/runtime";
 * import { assertEquals } from "@std/assert";
 *
 * function* double(n: number) {
 *   yield* time.sleep(1);
 *   return 2 * n;
 * }
 * const sum = block_on(function* () {
 *   const one = spawn(double, 10);
 *   const two = spawn(double, 11);
 *   return (yield* one) + (yield* two);
 * });
 * assertEquals(sum, 42);
 * ```
 */
export class JoinHandle<T> extends Future<T> {
  readonly #task: Joinable<T>;
  /** The waker that this handle left with the task. */
  #waker: Waker | null = null;
  /** Whether a wait has taken this handle; further ones get a copy each. */
  #taken = false;

  /** Made by `spawn`. */
  constructor(task: Joinable<T>) {
    super();
    this.#task = task;
  }

  /**
   * The task's value, if it has ended.
   *
   * @throws {JoinError} If the task threw, with what it threw as its cause, or
   * was aborted.
   */
  override poll(cx: Context): Poll<T> {
    // Also when polled by hand: the next wait must not take this one's waker away.
    this.#taken = true;
    if (cx.budget === 0) return cx.giveWay();
    const waker = this.#waker;
    if (waker !== null && waker !== cx.waker) this.#task.unjoin(waker);
    this.#waker = null;
    // Before the join: an outcome that is thrown is a result as well.
    cx.budget--;
    const value = this.#task.join(cx);
    if (isPending(value)) {
      cx.budget++;
      this.#waker = cx.waker;
    }
    return value;
  }

  /** What `Future` does as well; there, the call of `poll` meets every class. */
  override next(): IteratorResult<Suspension, T> {
    const cx = currentContext();
    if (cx === null) return super.next();
    const value = this.poll(cx);
    return isPending(value) ? SUSPENDED : { done: true, value };
  }

  /** What `Future` does as well, or what a task that runs elsewhere does itself. */
  override then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    // Each wait by itself: it ends with the task that waits, others do not.
    if (currentAsyncTask() !== null) {
      return new JoinHandle(this.#task).#awaitAlone(onFulfilled, onRejected);
    }
    return this.#task.whenSettled(onFulfilled, onRejected) ??
      super.then(onFulfilled, onRejected);
  }

  #awaitAlone<A, B>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return super.then(onFulfilled, onRejected);
  }

  /** Stops waiting. The task goes on. */
  override cancel(): void {
    if (this.#waker !== null) this.#task.unjoin(this.#waker);
    this.#waker = null;
  }

  /** A future of the task's value, one of any number. */
  join(): Future<T> {
    if (this.#taken) return new JoinHandle(this.#task);
    this.#taken = true;
    return this;
  }

  /** Each `yield* handle` waits by itself, so that several tasks may. */
  override [Symbol.iterator](): FutureIterator<T> {
    return this.join();
  }

  /** What a combinator polls: a wait of its own, as for `yield*`. */
  override intoFuture(): Future<T> {
    return this.join();
  }

  /**
   * Asks the task to end, and returns at once.
   *
   * - Not started: it never starts; those of its arguments that have a
   *   `Symbol.dispose` are closed.
   * - Waiting: the future it waits for is cancelled, and its `finally` blocks and
   *   `using` declarations run, before a joiner hears of it.
   * - Running (it aborts itself): it goes on to its next `yield*`; if it returns
   *   before, its value stands.
   * - Finished: nothing happens.
   *
   * Except in the last case, and unless the cleanup throws, joining it throws a
   * `JoinError` of the kind `aborted`.
   */
  abort(): void {
    this.#task.abort();
  }

  /** Says that nobody will join the task: if it fails, that is reported at once. */
  detach(): void {
    this.#task.clearJoinInterest();
  }

  /** Whether the task has ended, in whatever way. */
  get isFinished(): boolean {
    return this.#task.isComplete;
  }

  /** The name of the task's function, as errors and reports call it. */
  get name(): string {
    return this.#task.name;
  }
}
