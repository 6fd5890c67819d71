import { setImmediate } from "node:timers";
import {
  currentContext,
  discard,
  enterContext,
  type Future,
  isPending,
  noopWaker,
  setHost,
} from "../future/mod.ts";
import {
  type AsyncTask,
  currentAsyncTask,
  outsideImport,
  outsideTask,
  type RawTask,
  type Runnable,
  Scope,
  Task,
} from "../task/mod.ts";
import { Awaited, type AwaitHost } from "./awaited.ts";
import { Executor, NAP_MS } from "./executor.ts";
import { crew } from "./pool/crew.ts";
import type { Spawner, Unjoined } from "./pool/spawner.ts";
import type { Prepared } from "./prepare.ts";

/** The longest that Deno's `setTimeout` can wait; a longer one fires at once. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/**
 * How many futures may be polled on the spot between two turns of Deno's loop.
 * A loop of awaits that are always ready runs in promise jobs, which keep
 * everything else waiting: past this many the next one has to queue up.
 */
const MAX_INLINE_POLLS = 128;

/**
 * How often to look for events in vain before waiting for them on another thread:
 * that takes 30 to 45 µs, about as long as these looks, so waiting too soon and
 * looking too long cost the same. One connection that is always busy is served in
 * half the time it takes without.
 */
const LOOKS_BEFORE_WAIT = 30;

/** Who gets the outcome of a `run`. */
interface Settler<T> {
  resolve(value: T): void;
  reject(reason: unknown): void;
}

/**
 * The scope of futures awaited one by one: what they open is the user's, and the
 * tasks that they spawn go on to their own ends.
 */
class LooseScope extends Scope {
  override adopt(): void {}
  override release(): void {}
}

/** The scope of a `run`, which knows where shareable tasks go from there. */
export class RuntimeScope extends Scope {
  readonly spawner: Spawner | null;

  constructor(executor: Executor, spawner: Spawner | null) {
    super(executor);
    this.spawner = spawner;
  }
}

/**
 * An executor that lives on Deno's event loop: it never blocks the thread.
 *
 * While there is work it takes a turn in each round of the loop and asks the
 * reactor without waiting, so that a whole batch of events shares the cost of one
 * hop. Only when a turn brought nothing does it wait: for sockets in a
 * `nonblocking` call on another thread (29 µs there and back, which is why it
 * comes last), for timers by `setTimeout`.
 *
 * The pending call and the timeout are what keeps the process alive, so both are
 * there only while a task is.
 */
export class HostedExecutor extends Executor implements AwaitHost {
  readonly owner = new LooseScope(this);
  /** Tasks that somebody awaits and that have not ended. */
  #live = 0;
  #turnQueued = false;
  #inlinePolls = 0;
  #events = 0;
  #looksLeft = 0;
  /** One that was ready at its first poll, for the next `await`. */
  #spare: Awaited | null = null;
  #waiting = false;
  #timeout: ReturnType<typeof setTimeout> | null = null;
  #timeoutAt = Infinity;
  #isLookQueued = false;
  /** How many quick looks there were since Deno's loop came round. */
  #quickLooks = 0;
  readonly #quickLook = () => this.#lookQuickly();
  readonly #turn = () => this.takeTurn();
  readonly #look = () => {
    this.#events = this.existingReactor?.wait(0) ?? 0;
  };

  constructor() {
    super(false);
    // Ordinary code can arm a timer, too, by resetting a sleep that is awaited.
    this.timers.onArmed = () => this.queueTurn();
  }

  override schedule(task: Runnable): void {
    super.schedule(task);
    this.queueTurn();
  }

  override scheduleSpawned(task: RawTask): void {
    super.scheduleSpawned(task);
    this.queueTurn();
  }

  override defer(waker: { wake(): void }): void {
    super.defer(waker);
    this.queueTurn();
  }

  override noteUnjoined(task: Unjoined): void {
    super.noteUnjoined(task);
    this.queueTurn();
  }

  /** Runs a function and all that it spawns, as `block_on` would. */
  run<T>(
    { fn, args }: Prepared,
    settler: Settler<T>,
    spawner: Spawner | null = null,
  ): void {
    const scope = new RuntimeScope(this, spawner);
    const root = new Task<T>(scope, fn, args);
    this.#live++;
    root.watch({ wake: () => this.#finish(scope, root, settler) });
    if (!this.#mayPollNow()) {
      this.scheduleSpawned(root);
      return;
    }
    const before = enterContext(this.cx);
    try {
      outsideTask(() => root.run(this.cx));
    } finally {
      enterContext(before);
    }
    // It may have armed a timer or registered a socket: those need a look.
    this.queueTurn();
  }

  #finish<T>(scope: Scope, root: Task<T>, settler: Settler<T>): void {
    this.#live--;
    this.#closeScope(scope);
    let value: T;
    try {
      value = root.takeOutcome();
    } catch (error) {
      settler.reject(error);
      return;
    }
    settler.resolve(value);
  }

  /** Polls a future, at once if possible, until it has an outcome. */
  host<T>(future: Future<T>): Promise<T> {
    const task = currentAsyncTask();
    if (task !== null && task.reason !== null) {
      discard(future);
      return Promise.reject(task.reason);
    }
    const awaited = this.#spare ?? new Awaited(this);
    this.#spare = null;
    // A handle that tasks join as well has to wait by itself here.
    future = future.intoFuture();
    if (!this.#mayPollNow()) {
      awaited.startLater(future);
      return this.#settle(awaited, task);
    }
    const before = enterContext(this.cx);
    let value: unknown;
    try {
      value = task === null
        ? awaited.start(future, this.cx)
        : outsideTask(() => awaited.start(future, this.cx));
    } catch (error) {
      return Promise.reject(error);
    } finally {
      enterContext(before);
      // It may have armed a timer or registered a socket: those need a look.
      this.queueTurn();
    }
    if (isPending(value)) return this.#settle(awaited, task);
    this.#spare = awaited;
    return Promise.resolve(value as T);
  }

  #settle<T>(awaited: Awaited, task: AsyncTask | null): Promise<T> {
    this.#live++;
    return new Promise<T>((resolve, reject) => {
      awaited.settleWith(resolve as (value: unknown) => void, reject, task);
    });
  }

  noteSettled(): void {
    this.#live--;
  }

  /**
   * Not inside another poll, where the context would be taken from under it, and
   * not too often between two turns of Deno's loop.
   */
  #mayPollNow(): boolean {
    return currentContext() === null && ++this.#inlinePolls <= MAX_INLINE_POLLS;
  }

  /** Something has changed that may let the thread go. */
  lookAgain(): void {
    this.queueTurn();
  }

  /** Has outcomes of other threads looked for soon. */
  keepLooking(): void {
    this.#looksLeft = LOOKS_BEFORE_WAIT;
    this.queueTurn();
    if (this.#isLookQueued || this.#quickLooks >= MAX_INLINE_POLLS) return;
    this.#isLookQueued = true;
    queueMicrotask(this.#quickLook);
  }

  /**
   * A first look before Deno's loop comes round, which takes longer than a short
   * task. It runs when all that was awaited at once has been spawned.
   */
  #lookQuickly(): void {
    this.#isLookQueued = false;
    this.#quickLooks++;
    if (currentContext() !== null) return;
    if (crew.giveWay() || crew.spinBriefly()) this.takeArrived();
  }

  #closeScope(scope: Scope): void {
    this.cx.owner = scope;
    const before = enterContext(this.cx);
    try {
      scope.close();
    } finally {
      enterContext(before);
    }
  }

  /** Has Deno's loop give this executor a turn. */
  protected queueTurn(): void {
    if (this.#turnQueued) return;
    this.#turnQueued = true;
    // Not in the name of whoever happens to ask for it: it polls for all.
    outsideTask(outsideImport, setImmediate, this.#turn);
  }

  /** What the executor does when Deno's loop comes round to it. */
  protected takeTurn(): void {
    this.#turnQueued = false;
    const inlinePolls = this.#inlinePolls;
    this.#inlinePolls = 0;
    this.#quickLooks = 0;
    const untilTimer = this.pollDrivers(this.#look);
    const polls = this.pollReady(null);
    // The task that was polled last may have ended: its outcome is not ours.
    this.cx.waker = noopWaker;
    if (this.#events > 0 || this.hasArrived) {
      this.#looksLeft = LOOKS_BEFORE_WAIT;
    }
    // Whatever was polled, here or on the spot, may have left something to look
    // at: the thread is idle after the first turn that had nothing to do.
    if (polls + inlinePolls + this.#events > 0 || this.hasArrived) {
      this.#lookAgainSoon();
    } else if (this.#looksLeft-- > 0 && this.isNeeded) this.#lookAgainSoon();
    else if (this.isNeeded || this.owner.waiting > 0) this.#idle(untilTimer);
    else this.#release();
  }

  #lookAgainSoon(): void {
    // Where nothing but outcomes of other threads is to be expected.
    if (this.#events === 0 && !this.hasReady) crew.giveWay();
    this.queueTurn();
  }

  /** Whether somebody waits for something, so that the process must stay. */
  protected get isNeeded(): boolean {
    return this.#live > 0 || this.mustListen || crew.longestSleep < Infinity;
  }

  /** Whether other threads may have something for this one. */
  protected get mustListen(): boolean {
    return crew.awaited > 0 || crew.mustListen;
  }

  /** Whether a wait of the reactor's is under way, off the thread. */
  protected get waitsElsewhere(): boolean {
    return this.#waiting;
  }

  /** How many futures and roots are awaited by ordinary async code. */
  protected get live(): number {
    return this.#live;
  }

  #idle(untilTimer: number): void {
    this.#setTimeout(Math.min(untilTimer, crew.longestSleep));
    const { mustListen } = this;
    const reactor = mustListen ? this.sleepingPlace : this.existingReactor;
    if (mustListen && reactor === null) return this.#setTimeout(NAP_MS);
    if (!mustListen && !reactor?.canWake) {
      // A wait that nothing can end would keep the process alive for nothing.
      if (this.#waiting) reactor?.signal();
      return;
    }
    if (this.#waiting) {
      // The seats have to learn of those who have begun to wait since.
      if (!crew.stayAsleep()) this.queueTurn();
      return;
    }
    this.#waiting = true;
    reactor!.waitAsync().then(() => {
      this.#waiting = false;
      this.takeTurn();
    }, (error) => {
      this.#waiting = false;
      this.failTurn(error);
    });
  }

  /**
   * The thread cannot wait for sockets any more, so what waits here never goes on:
   * the process is told, as nobody in particular can be.
   */
  protected failTurn(error: unknown): void {
    throw error;
  }

  /** Nobody waits for anything: lets go of what would keep the process alive. */
  #release(): void {
    this.#setTimeout(Infinity);
    if (this.#waiting) this.existingReactor?.signal();
    else if (this.existingReactor?.size === 0) this.closeReactor();
  }

  /** Sees to a turn in `ms` at the latest; an earlier one that is set stays. */
  #setTimeout(ms: number): void {
    const at = performance.now() + ms;
    if (this.#timeout !== null) {
      if (ms !== Infinity && this.#timeoutAt <= at) return;
      clearTimeout(this.#timeout);
      this.#timeout = null;
    }
    if (ms === Infinity) return;
    this.#timeoutAt = at;
    this.#timeout = setTimeout(() => {
      this.#timeout = null;
      this.takeTurn();
    }, Math.min(Math.ceil(ms), MAX_TIMEOUT_MS));
  }
}

/** Why ordinary `await` does not work in a task of `block_on`. */
export function cannotAwait(what: string): Error {
  return new Error(
    `Cannot await ${what} inside block_on: no promise settles while the ` +
      "thread is blocked. Write `yield* future`, or use run() instead",
  );
}

let hosted: HostedExecutor | null = null;

/** The one executor that this thread's event loop hosts. */
export function hostedExecutor(): HostedExecutor {
  return hosted ??= new HostedExecutor();
}

/** Has another executor host what this thread awaits: that of a worker. */
export function setHostedExecutor(executor: HostedExecutor): void {
  hosted = executor;
}

setHost((future) => {
  if (currentContext()?.blocking) throw cannotAwait("a future");
  return hostedExecutor().host(future);
});
