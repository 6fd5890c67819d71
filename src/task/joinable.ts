import type { Context, Poll, Waker } from "../future/mod.ts";

/** A task as its handle sees it, whichever thread runs it. */
export interface Joinable<T> {
  /** The name of the task's function, for errors and reports. */
  readonly name: string;
  /** Whether the outcome is there. */
  readonly isComplete: boolean;
  /** The value, or Pending after leaving the waker; throws the JoinError. */
  join(cx: Context): Poll<T>;
  /** Takes a waker back that `join` left. */
  unjoin(waker: Waker): void;
  /** Asks the task to end. */
  abort(): void;
  /** Nobody will ask for the outcome. */
  clearJoinInterest(): void;
  /**
   * What `then` does for ordinary async code, if the task has a way of its own to
   * tell its outcome; else null, and the handle is polled as any future.
   */
  whenSettled<A, B>(
    onFulfilled: ((value: T) => A | PromiseLike<A>) | null | undefined,
    onRejected: ((reason: unknown) => B | PromiseLike<B>) | null | undefined,
  ): Promise<A | B> | null;
}
