import { AsyncLocalStorage } from "node:async_hooks";
import {
  type Context,
  type Drivers,
  fromPromise,
  Future,
  type Poll,
} from "../future/mod.ts";

/**
 * How long a worker lets Deno's loop turn for the code of an aborted task, which
 * may still have to clean up, in milliseconds. What ignores its signal for longer
 * stands still until something else there needs the loop.
 */
const CLEANUP_MS = 1_000;

/** What ends with an async task: a future that its code waits for. */
export interface Wait {
  /** Cancels the future and throws `reason` at the `await`. */
  abandon(reason: unknown): void;
}

/**
 * A task whose body is an async function. Nobody can close such a body as one
 * closes a generator: all there is are a signal, and the futures it waits for.
 */
export class AsyncTask {
  readonly #name: string;
  #controller: AbortController | null = null;
  /** Null as long as the task was not aborted. */
  #reason: DOMException | null = null;
  readonly #waits = new Set<Wait>();

  constructor(name: string) {
    this.#name = name;
  }

  /** What its awaits throw, if it was aborted. */
  get reason(): DOMException | null {
    return this.#reason;
  }

  /** Made for those tasks alone that ask for it. */
  get signal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController();
      if (this.#reason !== null) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  /** Notes what its code waits for now. */
  enter(wait: Wait): void {
    this.#waits.add(wait);
  }

  /** Notes that such a wait is over. */
  leave(wait: Wait): void {
    this.#waits.delete(wait);
  }

  /** Fires the signal, and ends all waits, those to come included. */
  abort(): void {
    if (this.#reason !== null) return;
    this.#reason = new DOMException(
      `Cannot go on: the task "${this.#name}" was aborted`,
      "AbortError",
    );
    const waits = [...this.#waits];
    this.#waits.clear();
    for (const wait of waits) wait.abandon(this.#reason);
    // Last: its listeners are the user's code.
    this.#controller?.abort(this.#reason);
  }
}

/**
 * The async task that the running code belongs to. Whatever the code calls or
 * starts inherits it, through its `await`s too.
 */
const current = new AsyncLocalStorage<AsyncTask | undefined>();

/** Whether this thread has ever run an async task: many never do. */
let hasRun = false;

/** The async task that the running code belongs to, if any. */
export function currentAsyncTask(): AsyncTask | null {
  return hasRun ? current.getStore() ?? null : null;
}

/**
 * Calls a function as if by nobody's task: what polls other tasks, now or later.
 */
export function outsideTask<A extends unknown[], T>(
  fn: (...args: A) => T,
  ...args: A
): T {
  return currentAsyncTask() === null
    ? fn(...args)
    : current.run(undefined, fn, ...args);
}

const AsyncFunctionPrototype = Object.getPrototypeOf(async () => {});

/**
 * Whether a function was declared `async`. Each task asks once, and nearly all are
 * told no by the tag, which takes a nanosecond or two.
 */
export function isAsync(fn: object): boolean {
  const tag = (fn as { [Symbol.toStringTag]?: unknown })[Symbol.toStringTag];
  return tag === "AsyncFunction" &&
    Object.getPrototypeOf(fn) === AsyncFunctionPrototype;
}

/** Calls an async function as the body of a task, and returns what to poll. */
export function startAsync(
  name: string,
  // deno-lint-ignore no-explicit-any
  fn: (...args: any[]) => unknown,
  args: unknown[],
): Future<unknown> {
  hasRun = true;
  const task = new AsyncTask(name);
  const promise = current.run(task, fn, ...args) as Promise<unknown>;
  return new AsyncBody(task, promise);
}

/** The outcome of an async function. To cancel it is to abort its task. */
class AsyncBody extends Future<unknown> {
  readonly #task: AsyncTask;
  readonly #promise: Promise<unknown>;
  readonly #outcome: Future<unknown>;
  #drivers: Drivers | null = null;

  constructor(task: AsyncTask, promise: Promise<unknown>) {
    super();
    this.#task = task;
    this.#promise = promise;
    this.#outcome = fromPromise(promise);
  }

  override poll(cx: Context): Poll<unknown> {
    this.#drivers = cx.drivers;
    return this.#outcome.poll(cx);
  }

  override cancel(): void {
    if (this.#drivers?.holdLoop !== undefined) {
      letSettle(this.#promise, this.#drivers);
    }
    this.#outcome.cancel();
    this.#task.abort();
  }
}

/** Has Deno's loop turn until a promise has settled, or for long enough. */
function letSettle(promise: Promise<unknown>, drivers: Drivers): void {
  let holds = true;
  const letGo = () => {
    if (!holds) return;
    holds = false;
    clearTimeout(timeout);
    drivers.holdLoop!(false);
  };
  drivers.holdLoop!(true);
  const timeout = setTimeout(letGo, CLEANUP_MS);
  promise.then(letGo, letGo);
}

/**
 * The signal of the async task that is running, for what can be stopped by one:
 * `fetch`, Deno's servers and files, listeners of your own. It is aborted, with an
 * `AbortError`, when the task is, be it by its handle or because its runtime ends.
 * At the same time each future of Edo's that the task awaits is cancelled and
 * rejects with that error, and those that it awaits later do at once.
 *
 * Whoever joins the task hears of the abort without waiting for what its code does
 * then. On a worker it gets a second for cleaning up.
 *
 * It works after an `await` as well, and in whatever the task calls. Tasks that are
 * generators need none: their `finally` blocks run.
 *
 * @throws {Error} If the code that is running belongs to no async task.
 *
 * @example A fetch that ends with its task
 * ```ts
 * import { JoinError, run, spawn, taskSignal, time } from "@edo/runtime";
 * import { assert, assertEquals } from "@std/assert";
 *
 * let signal: AbortSignal | undefined;
 * async function download(url: string) {
 *   signal = taskSignal();
 *   await time.sleep(60_000); // rejects, too
 *   return await (await fetch(url, { signal })).text();
 * }
 * await run(function* () {
 *   const handle = spawn(download, "https://example.com/");
 *   yield* time.sleep(1);
 *   handle.abort();
 *   try {
 *     yield* handle;
 *   } catch (error) {
 *     assert(error instanceof JoinError);
 *     assertEquals(error.kind, "aborted");
 *   }
 * });
 * assert(signal?.aborted);
 * ```
 */
export function taskSignal(): AbortSignal {
  const task = currentAsyncTask();
  if (task !== null) return task.signal;
  throw new Error(
    "Cannot tell the signal of the task: no async task is running here. A " +
      "generator needs none: its finally blocks run when it is aborted",
  );
}
