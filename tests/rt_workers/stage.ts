import {
  type Context,
  type Coroutine,
  fromPromise,
  Future,
  Pending,
  type Poll,
  type Waker,
} from "../../mod.ts";
import { currentContext, enterContext } from "../../src/future/mod.ts";
import { type Scheduler, Scope, Task } from "../../src/task/mod.ts";
import { waitFor } from "../helpers/deadline.ts";

/** What ordinary code wants to have run. */
interface Order {
  readonly root: Root<unknown>;
  resolve(value: unknown): void;
  reject(reason: unknown): void;
}

/**
 * Where the ordinary code of a test meets the executor of its worker. The code runs
 * in promise jobs, for which Deno's loop has to turn. What it has started by a
 * stage runs while the loop stands still, so that the worker is what it usually is:
 * a thread that blocks when it has nothing to do.
 */
export class Stage {
  #orders: Order[] = [];
  #news = Promise.withResolvers<void>();

  /** Has a root task run by whoever is in `host`. */
  start<A extends unknown[], T>(
    fn: (...args: A) => Coroutine<T>,
    args: A,
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const root = new Root<unknown>(fn as () => Coroutine<unknown>, args);
      this.#orders.push({ root, resolve: resolve as () => void, reject });
      this.#news.resolve();
    });
  }

  /** Runs ordinary code as if by no task, and what it starts, to the code's end. */
  *host(code: () => void | Promise<void>, ms: number): Coroutine<void> {
    let hasEnded = false;
    const inOwnTurn = new Promise((resolve) => void setImmediate(resolve));
    const end = waitFor(inOwnTurn.then(code), ms, "the end of the test")
      .finally(() => {
        hasEnded = true;
        this.#news.resolve();
      });
    // Its error is thrown below.
    end.catch(() => {});
    while (!hasEnded) {
      yield* fromPromise(this.#news.promise);
      this.#news = Promise.withResolvers();
      for (const order of this.#orders.splice(0)) yield* perform(order);
    }
    yield* fromPromise(end);
  }
}

function* perform({ root, resolve, reject }: Order): Coroutine<void> {
  try {
    resolve(yield* root);
  } catch (error) {
    reject(error);
  }
}

/**
 * A root task with a scope of its own, as `run` has it, inside a task: what it
 * spawned ends with it.
 */
class Root<T> extends Future<T> {
  readonly #fn: (...args: never[]) => unknown;
  readonly #args: unknown[];
  #scope: Scope | null = null;
  #task: Task<T> | null = null;
  #waker: Waker | null = null;

  constructor(fn: (...args: never[]) => unknown, args: unknown[]) {
    super();
    this.#fn = fn;
    this.#args = args;
  }

  override poll(cx: Context): Poll<T> {
    this.#waker = cx.waker;
    if (this.#task === null) {
      const scope = this.#scope = new Scope(cx.drivers as unknown as Scheduler);
      this.#task = new Task<T>(
        scope,
        this.#fn as (...args: unknown[]) => unknown,
        this.#args,
      );
      this.#task.watch({ wake: () => this.#finish() });
      // Not as a spawned one: of those only three in a row have their turn, and
      // tests expect three of theirs to.
      scope.scheduler.schedule(this.#task);
    }
    return this.#task.isComplete ? this.#task.takeOutcome() : Pending;
  }

  override cancel(): void {
    this.#waker = null;
    this.#task?.cancelNow();
    this.#scope?.close();
  }

  #finish(): void {
    const cx = currentContext()!;
    cx.owner = this.#scope;
    const before = enterContext(cx);
    try {
      this.#scope!.close();
    } finally {
      enterContext(before);
    }
    this.#waker?.wake();
  }
}
