import {
  type Context,
  currentContext,
  type Owner,
  Pending,
  type Poll,
  reportFailure,
  type Waker,
} from "../../future/mod.ts";
import {
  addWaker,
  removeWaker,
  wakeAll,
  type Wakers,
} from "../../future/waker_set.ts";
import { type Joinable, JoinError } from "../../task/mod.ts";
import { ABORTED, FAILED, LOST, type SharedEnding } from "./shared_state.ts";

/** What a task that runs elsewhere needs of the seat that spawned it. */
export interface RemoteTaskHost {
  /** Somebody has begun to wait for it. */
  noteAwaited(task: RemoteTask): void;
  /** Somebody wants it to end. */
  abort(task: RemoteTask): void;
  /** Nobody will ask for its value. */
  detach(task: RemoteTask): void;
  /** Runs it at once on this thread, if it is the one that would be next. */
  runIfNext(task: RemoteTask): void;
  /** Its thread. */
  readonly host: SeatHost;
}

/** What tasks and seats need of their thread: its executors, seen from below. */
export interface SeatHost {
  /** Has Deno's loop look for outcomes soon; throws where it is blocked. */
  keepLooking(): void;
  /** A task has failed, and nobody was waiting for it. */
  noteUnjoined(task: RemoteTask): void;
  /** Whether the thread has to listen to others may have changed. */
  lookAgain(): void;
}

/**
 * A task that may run on any thread, as the one that spawned it sees it: its place
 * in shared memory, those who wait for it, and in the end its outcome.
 */
export class RemoteTask implements Joinable<unknown> {
  readonly name: string;
  /** Its place in shared memory; negative while there is none free. */
  record: number;
  /** Whether anybody has ever waited for it: its seat keeps count. */
  wasAwaited = false;
  readonly #host: RemoteTaskHost;
  #isComplete = false;
  #ending: SharedEnding = 0;
  #outcome: unknown = undefined;
  #wasJoined = false;
  #hasInterest = true;
  #joiners: Wakers = null;
  /** Those of ordinary async code; nearly always there is one. */
  #reaction: Reaction | null = null;
  #moreReactions: Reaction[] | null = null;

  /** Whom a socket belongs to that comes back as its value: who has spawned it. */
  readonly owner: Owner | null;

  constructor(host: RemoteTaskHost, name: string, record: number) {
    this.#host = host;
    this.name = name;
    this.record = record;
    this.owner = currentContext()?.owner ?? null;
  }

  get isComplete(): boolean {
    return this.#isComplete;
  }

  get hasJoinInterest(): boolean {
    return this.#hasInterest;
  }

  /** The seat has the outcome. */
  settle(ending: SharedEnding, outcome: unknown): void {
    this.#isComplete = true;
    this.#ending = ending;
    this.#outcome = outcome;
    const joiners = this.#joiners;
    const reaction = this.#reaction;
    this.#joiners = null;
    this.#reaction = null;
    if (reaction !== null) this.#react(reaction);
    if (joiners !== null) wakeAll(joiners);
    else if (reaction === null && ending === FAILED) {
      this.#host.host.noteUnjoined(this);
    }
  }

  #react(first: Reaction): void {
    this.#wasJoined = true;
    queueReaction(first);
    const more = this.#moreReactions;
    this.#moreReactions = null;
    if (more !== null) { for (const reaction of more) queueReaction(reaction); }
  }

  join(cx: Context): Poll<unknown> {
    if (!this.#isComplete) this.#host.runIfNext(this);
    if (!this.#isComplete) {
      this.#joiners = addWaker(this.#joiners, cx.waker);
      this.#host.noteAwaited(this);
      return Pending;
    }
    return this.#take();
  }

  #take(): unknown {
    this.#wasJoined = true;
    if (this.#ending === 0) return this.#outcome;
    throw this.#error();
  }

  #error(): JoinError {
    switch (this.#ending) {
      case ABORTED:
        return new JoinError("aborted", this.name);
      case LOST:
        return new JoinError("lost", this.name);
      default:
        return new JoinError("failed", this.name, { cause: this.#outcome });
    }
  }

  unjoin(waker: Waker): void {
    if (!this.#isComplete) {
      this.#joiners = removeWaker(this.#joiners, waker);
    } else if (this.#ending === FAILED) {
      // Woken, but gone before looking: perhaps nobody else receives the error.
      this.#host.host.noteUnjoined(this);
    }
  }

  whenSettled<A, B>(
    onFulfilled: ((value: unknown) => A | PromiseLike<A>) | null | undefined,
    onRejected: ((reason: unknown) => B | PromiseLike<B>) | null | undefined,
  ): Promise<A | B> {
    const reaction = new Reaction(this, onFulfilled, onRejected);
    if (this.#isComplete) {
      this.#wasJoined = true;
      queueReaction(reaction);
      return reaction.promise as Promise<A | B>;
    }
    this.#host.host.keepLooking();
    if (this.#reaction === null) this.#reaction = reaction;
    else (this.#moreReactions ??= []).push(reaction);
    this.#host.noteAwaited(this);
    return reaction.promise as Promise<A | B>;
  }

  /** The value, or the JoinError, for those that `whenSettled` has called. */
  outcomeFor<R>(
    onFulfilled: ((value: unknown) => R) | null | undefined,
    onRejected: ((reason: unknown) => R) | null | undefined,
  ): R {
    if (this.#ending === 0) {
      return typeof onFulfilled === "function"
        ? onFulfilled(this.#outcome)
        : this.#outcome as R;
    }
    if (typeof onRejected === "function") return onRejected(this.#error());
    throw this.#error();
  }

  abort(): void {
    if (!this.#isComplete) this.#host.abort(this);
  }

  clearJoinInterest(): void {
    this.#hasInterest = false;
    if (!this.#isComplete) this.#host.detach(this);
  }

  /** Hands the task's error to the failure hook, unless somebody received it. */
  reportUnjoined(): void {
    if (this.#wasJoined) return;
    this.#wasJoined = true;
    reportFailure(`task "${this.name}"`, this.#outcome);
  }
}

/**
 * Somebody who has called `then` on a task's handle. Promises of our own for each
 * task, resolved one by one, would cost an object and a job more for each.
 */
class Reaction {
  readonly promise: Promise<unknown>;
  readonly #task: RemoteTask;
  readonly #onFulfilled: ((value: unknown) => unknown) | null | undefined;
  readonly #onRejected: ((reason: unknown) => unknown) | null | undefined;
  #resolve!: (value: unknown) => void;
  #reject!: (reason: unknown) => void;

  constructor(
    task: RemoteTask,
    onFulfilled: ((value: unknown) => unknown) | null | undefined,
    onRejected: ((reason: unknown) => unknown) | null | undefined,
  ) {
    this.#task = task;
    this.#onFulfilled = onFulfilled;
    this.#onRejected = onRejected;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  run(): void {
    try {
      this.#resolve(
        this.#task.outcomeFor(this.#onFulfilled, this.#onRejected),
      );
    } catch (error) {
      this.#reject(error);
    }
  }
}

/** Those whose task has ended, until the promise job below has run. */
let reactions: Reaction[] = [];

/** Has a reaction run as promise reactions do: soon, and not under a caller. */
function queueReaction(reaction: Reaction): void {
  if (reactions.push(reaction) === 1) queueMicrotask(runReactions);
}

function runReactions(): void {
  const ready = reactions;
  reactions = [];
  for (const reaction of ready) reaction.run();
}
