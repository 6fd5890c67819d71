/**
 * What a future keeps while it waits, and calls when polling it again is worth
 * the while.
 *
 * Promised: a call of `wake` leads to at least one poll of the task that starts
 * after the call; calls before that poll are merged into one; a call after the
 * task has ended does nothing. A waker never polls by itself, so it may be
 * called from anywhere on its thread, the middle of a poll included.
 */
export interface Waker {
  /** Asks for another poll of the task that this waker belongs to. */
  wake(): void;
}

/** A waker that does nothing, for polling a future just to see where it stands. */
export const noopWaker: Waker = { wake() {} };
