import {
  closeCoroutine,
  type Context,
  type Coroutine,
  fromPromise,
  Future,
  isCoroutine,
  isPending,
  isThenable,
  type Owner,
  Pending,
  type Poll,
  POLL_BUDGET,
  reportFailure,
  resumeCoroutine,
  type Waker,
} from "../future/mod.ts";
import {
  addWaker,
  removeWaker,
  wakeAll,
  type Wakers,
} from "../future/waker_set.ts";
import { isAsync, startAsync } from "./async_task.ts";
import { JoinError } from "./join_error.ts";
import type { Joinable } from "./joinable.ts";
import type { RawTask } from "./raw_task.ts";
import type { Scope } from "./scope.ts";
import { ABORTED, type Ending, FAILED, TaskState } from "./state.ts";

/** What a task runs: called with the arguments at the task's first poll. */
// deno-lint-ignore no-explicit-any
export type TaskFunction = (...args: any[]) => unknown;

/**
 * One spawned future: its state word (inherited), what it runs, and its outcome.
 *
 * A task is its own waker, so that waiting allocates nothing; and it has few
 * fields, since spawning costs what it allocates. Who may touch them, and when,
 * stands in `state.ts`.
 */
export class Task<T> extends TaskState implements RawTask, Joinable<T>, Waker {
  /** The neighbours in the scope's list; the scope alone changes them. */
  older: RawTask | null = null;
  newer: RawTask | null = null;
  readonly sequence: number;
  readonly #scope: Scope;
  readonly #fn: TaskFunction;
  /**
   * What the task holds: its arguments before the first poll, then the generator
   * or the future that it runs, in the end its outcome. `state.ts` tells which.
   */
  #stage: unknown;
  /** Those who join. */
  #joiners: Wakers = null;

  constructor(scope: Scope, fn: TaskFunction, args: unknown[]) {
    super();
    this.#scope = scope;
    this.sequence = scope.nextSequence();
    this.#fn = fn;
    this.#stage = args;
  }

  /** Whether it belongs to a scope and was never polled. */
  isQueuedIn(owner: Owner): boolean {
    return this.#scope === owner && !this.isStarted && !this.isComplete;
  }

  /** The name of the task's function, for errors and reports. */
  get name(): string {
    return this.#fn.name || "anonymous";
  }

  /** Asks for another poll. */
  wake(): void {
    if (this.transitionToNotified()) this.#scope.scheduler.schedule(this);
  }

  /** Polls the task once; called by its executor, which took it from a queue. */
  run(cx: Context): void {
    if (!this.transitionToRunning()) return;
    cx.waker = this;
    cx.budget = POLL_BUDGET;
    cx.owner = this.#scope;
    if (this.isAborting) {
      this.#cancel();
      return;
    }
    let value: Poll<unknown>;
    try {
      value = this.isStarted ? this.#resume(cx) : this.#start(cx);
    } catch (error) {
      this.#complete(FAILED, error);
      return;
    }
    if (!isPending(value)) this.#complete(0, value);
    else this.#wait();
  }

  #wait(): void {
    // Before that the run queue knows of it, and most tasks never come here.
    if (!this.isListed) {
      this.noteListed();
      this.#scope.enter(this);
    }
    if (this.transitionToIdle()) this.#scope.scheduler.schedule(this);
  }

  #start(cx: Context): Poll<unknown> {
    const args = this.#stage as unknown[];
    this.noteStarted();
    this.#scope.noteStarted();
    this.#stage = null;
    const fn = this.#fn;
    const result = isAsync(fn)
      ? startAsync(this.name, fn, args)
      : call(fn, args);
    if (isCoroutine(result)) {
      this.#stage = result;
      return resumeCoroutine(result);
    }
    if (!isThenable(result) && !(result instanceof Future)) return result;
    const future = result instanceof Future
      ? result.intoFuture()
      : fromPromise(result);
    this.#stage = future;
    return future.poll(cx);
  }

  #resume(cx: Context): Poll<unknown> {
    const body = this.#stage as Coroutine<unknown> | Future<unknown>;
    return body instanceof Future ? body.poll(cx) : resumeCoroutine(body);
  }

  /**
   * Asks the task to end. It is cancelled at its next poll, which comes as for
   * any wake; a step that is under way is finished first, and a value that it
   * returns stands.
   */
  abort(): void {
    if (this.isComplete) return;
    this.noteAbort();
    this.wake();
  }

  /** Cancels the task on the spot, at the end of its scope. */
  cancelNow(): void {
    if (this.transitionToRunning()) this.#cancel();
  }

  #cancel(): void {
    let ending: Ending = ABORTED;
    let outcome: unknown;
    try {
      this.#dropStage();
    } catch (error) {
      ending = FAILED;
      outcome = error;
    }
    this.#complete(ending, outcome);
  }

  /** Runs the cleanups; of a task that never started, closes the arguments. */
  #dropStage(): void {
    const stage = this.#stage;
    this.#stage = null;
    if (!this.isStarted) {
      this.#scope.noteStarted();
      disposeAll(stage as unknown[]);
    } else if (stage instanceof Future) stage.cancel();
    else if (stage !== null) closeCoroutine(stage as Coroutine<unknown>);
  }

  /** Not called where its errors are caught: a task completes once only. */
  #complete(ending: Ending, outcome: unknown): void {
    // With this the task's frame is garbage, even while somebody holds its waker.
    this.#stage = outcome;
    if (this.isListed) this.#scope.leave(this);
    if (this.transitionToComplete(ending)) {
      const joiners = this.#joiners;
      this.#joiners = null;
      wakeAll(joiners);
    } else if (ending === FAILED) this.#scope.scheduler.noteUnjoined(this);
  }

  /** Has `watcher` called when the task ends, which counts as joining it. */
  watch(watcher: Waker): void {
    if (this.transitionToJoined()) {
      this.#joiners = addWaker(this.#joiners, watcher);
    } else watcher.wake();
  }

  /** The value, or Pending after leaving the waker; throws the JoinError. */
  join(cx: Context): Poll<T> {
    // Spawning a task just to join it is common, and then it need not suspend the
    // joiner: the task would be the next to be polled in any case.
    if (!this.isStarted) this.#scope.scheduler.runIfNext(this);
    if (this.transitionToJoined()) {
      this.#joiners = addWaker(this.#joiners, cx.waker);
      return Pending;
    }
    if (this.wasAborted) throw new JoinError("aborted", this.name);
    if (this.hasFailed) {
      throw new JoinError("failed", this.name, { cause: this.#stage });
    }
    return this.#stage as T;
  }

  /** Takes a waker back that `join` left. */
  unjoin(waker: Waker): void {
    if (this.isComplete) {
      // Woken, but gone before looking: perhaps nobody else receives the error.
      if (this.hasFailed) this.#scope.scheduler.noteUnjoined(this);
      return;
    }
    const before = this.#joiners;
    this.#joiners = removeWaker(before, waker);
    if (before !== null && this.#joiners === null) this.clearJoinWaker();
  }

  whenSettled(): null {
    return null;
  }

  /** The value of a task that has ended, or throws what it threw, as it is. */
  takeOutcome(): T {
    if (this.hasFailed) throw this.#stage;
    if (this.wasAborted) throw new JoinError("aborted", this.name);
    return this.#stage as T;
  }

  /** The value or the error of a task that has ended. */
  protected get outcome(): unknown {
    return this.#stage;
  }

  /** Hands the task's error to the failure hook, unless somebody received it. */
  reportUnjoined(): void {
    if (this.wasJoined) return;
    // From here on the hook counts as somebody who did.
    this.transitionToJoined();
    reportFailure(`task "${this.name}"`, this.#stage);
  }
}

/** Spreading costs 20 ns, and most tasks have an argument or two. */
function call(fn: TaskFunction, args: unknown[]): unknown {
  switch (args.length) {
    case 0:
      return fn();
    case 1:
      return fn(args[0]);
    case 2:
      return fn(args[0], args[1]);
    default:
      return fn(...args);
  }
}

/** Closes those arguments that can be closed: nobody else could. */
export function disposeAll(args: readonly unknown[]): void {
  for (const arg of args) {
    const disposable = arg as Partial<Disposable> | null | undefined;
    if (typeof disposable?.[Symbol.dispose] !== "function") continue;
    try {
      disposable[Symbol.dispose]!();
    } catch (error) {
      reportFailure("closing an argument of a task that never started", error);
    }
  }
}
