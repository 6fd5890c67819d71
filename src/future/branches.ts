import type { Context } from "./context.ts";
import { discard, type IntoFuture, intoFuture } from "./coroutine.ts";
import type { Future } from "./future.ts";
import type { Poll } from "./poll.ts";
import type { Waker } from "./waker.ts";

/**
 * One of the futures that a combinator polls, and the waker that it is polled
 * with. Woken, it notes itself as worth a poll and wakes the whole task, so that
 * of a thousand futures joined only the one that moved is polled again.
 */
export class Branch implements Waker {
  readonly future: Future<unknown>;
  readonly index: number;
  readonly #branches: Branches;
  #queued = true;
  #cx: Context | null = null;

  constructor(branches: Branches, future: Future<unknown>, index: number) {
    this.#branches = branches;
    this.future = future;
    this.index = index;
  }

  wake(): void {
    if (this.#queued) return;
    this.#queued = true;
    this.#branches.enqueue(this);
  }

  poll(cx: Context): Poll<unknown> {
    // Before the poll: a wake that comes during it asks for another one.
    this.#queued = false;
    const own = this.#cx !== null && this.#cx.drivers === cx.drivers
      ? this.#cx
      : (this.#cx = cx.withWaker(this));
    own.owner = cx.owner;
    // One budget for all branches: the task as a whole has to give way.
    own.budget = cx.budget;
    const value = this.future.poll(own);
    cx.budget = own.budget;
    return value;
  }

  /** Takes the branch out: a later wake by a forgotten waker does nothing. */
  finish(): void {
    this.#queued = true;
  }
}

/** The futures that a combinator still waits for, and those worth a poll. */
export class Branches {
  readonly #pending = new Set<Branch>();
  #ready: Branch[] = [];
  /** Whom to wake when a branch was woken between polls. */
  #waker: Waker | null = null;

  constructor(sources: readonly IntoFuture<unknown>[]) {
    sources.forEach((source, index) => {
      const future = intoFuture(source, `argument ${index}`);
      const branch = new Branch(this, future, index);
      this.#pending.add(branch);
      this.#ready.push(branch);
    });
  }

  /** How many are not ready yet. */
  get size(): number {
    return this.#pending.size;
  }

  enqueue(branch: Branch): void {
    this.#ready.push(branch);
    const waker = this.#waker;
    this.#waker = null;
    waker?.wake();
  }

  /**
   * Takes the branches that were woken since the last call, in that order (the
   * first time all, in the order of the arguments). Those that are woken from
   * now on will wake `cx.waker`.
   */
  takeReady(cx: Context): Branch[] {
    this.#waker = cx.waker;
    const ready = this.#ready;
    this.#ready = [];
    return ready;
  }

  /** Notes that a branch has its outcome. */
  finish(branch: Branch): void {
    branch.finish();
    this.#pending.delete(branch);
  }

  /** Cancels what is still pending, the last argument first, as `using` would. */
  cancel(): void {
    const pending = [...this.#pending].reverse();
    this.#pending.clear();
    this.#ready = [];
    this.#waker = null;
    for (const branch of pending) {
      branch.finish();
      discard(branch.future);
    }
  }
}
