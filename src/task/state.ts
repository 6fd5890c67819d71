/**
 * The state word of a task, and the only functions that change it.
 *
 * A task is in one of four conditions: waiting (neither NOTIFIED nor RUNNING),
 * queued (NOTIFIED), being polled (RUNNING, with NOTIFIED set again if somebody
 * woke it meanwhile), or finished (COMPLETE). Who may touch what:
 *
 * 1. Whoever sets NOTIFIED while RUNNING and COMPLETE are clear has put the task
 *    into a queue, or must do so at once. Nobody else may: a task is in at most
 *    one queue, once.
 * 2. Whoever took the task from a queue and set RUNNING owns its generator, its
 *    function and its arguments until RUNNING is cleared. A waker never looks at
 *    them.
 * 3. The outcome is written before COMPLETE is set, and never after.
 * 4. The joiners may be changed only while COMPLETE is clear; whoever sets
 *    COMPLETE takes them and wakes them, once.
 * 5. An abort is a request, noted beside those five bits, and a wake: the poll
 *    that the wake leads to finds the request, so it cannot be lost.
 *
 * The bits above the five belong to the task's owner alone and take part in no
 * race: how far it has come, and how it ended. Each transition returns what its
 * caller must do next.
 *
 * @module
 */

/** The task is in a queue, or will be put there when its poll ends. */
export const NOTIFIED = 1;
/** The task is being polled. */
export const RUNNING = 2;
/** The outcome is there; no bit but the two below changes any more. */
export const COMPLETE = 4;
/** A handle exists through which the outcome may be asked for. */
export const JOIN_INTEREST = 8;
/** Somebody waits for the outcome and has left a waker. */
export const JOIN_WAKER = 16;

/** The function was called: the stage is what it returned, not its arguments. */
const STARTED = 32;
/** Somebody asked for the task to be cancelled. */
const ABORTING = 64;
/** COMPLETE, and the outcome is an error. */
export const FAILED = 128;
/** COMPLETE, and there is no outcome: the task was cancelled. */
export const ABORTED = 256;
/** Somebody was given the outcome. */
const JOINED = 512;
/** The task stands in its scope's list, since it had to wait at least once. */
const LISTED = 1024;

/** How a task ends: with a value, FAILED or ABORTED. */
export type Ending = 0 | typeof FAILED | typeof ABORTED;

/** The word of a task that was just spawned: it goes straight into a queue. */
export const BORN: number = NOTIFIED | JOIN_INTEREST;

/** One task's word. A task inherits from it, so that the word costs no object. */
export class TaskState {
  #word: number = BORN;

  /** A wake. True: the caller must put the task into a queue. */
  transitionToNotified(): boolean {
    const word = this.#word;
    if ((word & (NOTIFIED | COMPLETE)) !== 0) return false;
    this.#word = word | NOTIFIED;
    return (word & RUNNING) === 0;
  }

  /** Taken from a queue. True: poll it; false: it has finished, drop it. */
  transitionToRunning(): boolean {
    const word = this.#word;
    if ((word & COMPLETE) !== 0) return false;
    this.#word = (word & ~NOTIFIED) | RUNNING;
    return true;
  }

  /** The poll returned Pending. True: woken meanwhile, put it into a queue. */
  transitionToIdle(): boolean {
    const word = this.#word & ~RUNNING;
    this.#word = word;
    return (word & NOTIFIED) !== 0;
  }

  /** The outcome is written. True: joiners left wakers, take and wake them. */
  transitionToComplete(ending: Ending): boolean {
    const word = this.#word;
    this.#word = (word & (JOIN_INTEREST | STARTED | LISTED)) | COMPLETE |
      ending;
    return (word & JOIN_WAKER) !== 0;
  }

  /** Somebody joins. True: leave a waker; false: the outcome is there, take it. */
  transitionToJoined(): boolean {
    const word = this.#word;
    if ((word & COMPLETE) !== 0) {
      this.#word = word | JOINED;
      return false;
    }
    this.#word = word | JOIN_WAKER;
    return true;
  }

  /** The last joiner gave up waiting. */
  clearJoinWaker(): void {
    this.#word &= ~JOIN_WAKER;
  }

  /** The handle was detached: nobody will ask for the outcome. */
  clearJoinInterest(): void {
    this.#word &= ~JOIN_INTEREST;
  }

  /** Whether the outcome is there. */
  get isComplete(): boolean {
    return (this.#word & COMPLETE) !== 0;
  }

  /** Whether the outcome may still be asked for. */
  get hasJoinInterest(): boolean {
    return (this.#word & JOIN_INTEREST) !== 0;
  }

  /** Notes that the function was called. */
  noteStarted(): void {
    this.#word |= STARTED;
  }

  /** Whether the function was called. */
  get isStarted(): boolean {
    return (this.#word & STARTED) !== 0;
  }

  /** Notes that the task stands in its scope's list. */
  noteListed(): void {
    this.#word |= LISTED;
  }

  /** Whether the task stands in its scope's list. */
  get isListed(): boolean {
    return (this.#word & LISTED) !== 0;
  }

  /** Notes that the task shall be cancelled; the caller wakes it. */
  noteAbort(): void {
    this.#word |= ABORTING;
  }

  /** Whether the task shall be cancelled. */
  get isAborting(): boolean {
    return (this.#word & ABORTING) !== 0;
  }

  /** Whether it has ended with an error. */
  get hasFailed(): boolean {
    return (this.#word & FAILED) !== 0;
  }

  /** Whether it has ended by being cancelled. */
  get wasAborted(): boolean {
    return (this.#word & ABORTED) !== 0;
  }

  /** Whether somebody was given the outcome. */
  get wasJoined(): boolean {
    return (this.#word & JOINED) !== 0;
  }
}
