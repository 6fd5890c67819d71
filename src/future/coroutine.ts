import { type Context, currentContext, enterContext } from "./context.ts";
import { describe } from "./describe.ts";
import { reportFailure } from "./failure.ts";
import { Future } from "./future.ts";
import { Pending, type Poll, SUSPENSION, type Suspension } from "./poll.ts";

/**
 * What a generator function of Edo's returns: the compiler has already turned the
 * function into the state machine that a future needs.
 *
 * @example Naming the type of a task
 * ```ts
 * import { block_on, type Coroutine, time } from "@edo/runtime";
 *
 * function* later(word: string): Coroutine<string> {
 *   yield* time.sleep(1);
 *   return word;
 * }
 * console.log(block_on(later, "done"));
 * ```
 */
export type Coroutine<T> = Generator<Suspension, T, unknown>;

/** What can be waited for: a future, or a generator that was not started yet. */
export type IntoFuture<T> = Future<T> | Coroutine<T>;

/**
 * A constructor that no one calls: its prototype is the one that all generator
 * objects inherit from, which makes `instanceof` the cheapest way to know one.
 */
const GeneratorObject = function () {} as unknown as { new (): unknown };
GeneratorObject.prototype = Object.getPrototypeOf(function* () {}).prototype;

/** Whether a value is a generator object, started or not. */
export function isCoroutine(value: unknown): value is Coroutine<unknown> {
  return value instanceof GeneratorObject;
}

/** Whether a value is a promise, or looks like one, and is not a future. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null &&
    !(value instanceof Future) &&
    typeof (value as { then?: unknown }).then === "function";
}

/**
 * How often a generator may catch the error for a wrong `yield`, or the end that
 * is thrown at it, and yield again, before it is left alone: enough for nested
 * cleanups, few enough to end `for (;;) { try { yield 1 } catch {} }`.
 */
const MAX_REFUSALS = 16;

/**
 * Resumes a generator inside the current context, up to its value or its next
 * wait. Anything yielded that is no suspension is thrown back in at that very
 * line, where the mistake is.
 */
export function resumeCoroutine<T>(coroutine: Coroutine<T>): Poll<T> {
  const step = coroutine.next();
  if (step.done) return step.value;
  return step.value === SUSPENSION ? Pending : refuse(coroutine, step.value);
}

function refuse<T>(coroutine: Coroutine<T>, yielded: unknown): Poll<T> {
  for (let i = 0; i < MAX_REFUSALS; i++) {
    const step = coroutine.throw(new TypeError(wrongYield(yielded)));
    if (step.done) return step.value;
    if (step.value === SUSPENSION) return Pending;
    yielded = step.value;
  }
  throw new TypeError(wrongYield(yielded));
}

function wrongYield(value: unknown): string {
  if (value instanceof Future || isCoroutine(value)) {
    return "Cannot yield a future: write `yield* future`, with the asterisk";
  }
  if (isThenable(value)) {
    return "Cannot yield a promise: write `yield* fromPromise(promise)` " +
      "inside run(), as no promise settles while block_on blocks the thread";
  }
  return `Cannot yield ${describe(value)}: ` +
    "a task yields only through `yield*` on a future";
}

/**
 * Ends a generator where it stands: the future it waits for is cancelled, then
 * `finally` blocks and `using` declarations run from the inside out.
 *
 * Cancelling is synchronous, so that a shutdown has an end and a loser is gone
 * before the winner goes on. A cleanup that wants to wait is cut off at its
 * `yield*` by an error, which the outer cleanups see pass.
 *
 * @throws What the cleanup threw.
 */
export function closeCoroutine(coroutine: Coroutine<unknown>): void {
  const cx = currentContext();
  const budget = cx?.budget ?? 0;
  // A cleanup cannot give way, so what is ready must not ask it to.
  if (cx !== null) cx.budget = -1;
  try {
    let step = coroutine.return(undefined);
    for (let i = 0; !step.done; i++) {
      const error = new Error(
        "Cannot wait while being cancelled: a finally block or a using " +
          "declaration reached a `yield*` that was not ready",
      );
      if (i === MAX_REFUSALS) throw error;
      step = coroutine.throw(error);
    }
  } finally {
    if (cx !== null) cx.budget = budget;
  }
}

/** A generator as a future, for whoever polls by hand. */
class CoroutineFuture<T> extends Future<T> {
  /** Null once the generator is finished, has failed or was cancelled. */
  #coroutine: Coroutine<T> | null;
  #running = false;

  constructor(coroutine: Coroutine<T>) {
    super();
    this.#coroutine = coroutine;
  }

  override poll(cx: Context): Poll<T> {
    const coroutine = this.#coroutine;
    if (coroutine === null || this.#running) {
      throw new Error(
        "Cannot poll a generator: it has ended or is being polled already",
      );
    }
    const before = enterContext(cx);
    this.#running = true;
    let value: Poll<T>;
    try {
      value = resumeCoroutine(coroutine);
    } catch (error) {
      this.#coroutine = null;
      throw error;
    } finally {
      this.#running = false;
      enterContext(before);
    }
    if (value !== Pending) this.#coroutine = null;
    // Cancelled by what it called: only now that it has stopped can it be closed.
    else if (this.#coroutine === null) closeCoroutine(coroutine);
    return value;
  }

  override cancel(): void {
    const coroutine = this.#coroutine;
    this.#coroutine = null;
    if (coroutine !== null && !this.#running) closeCoroutine(coroutine);
  }
}

/**
 * Makes a future of what can be waited for.
 *
 * @param source A future, returned as it is, or a generator object.
 * @param name How errors call the argument.
 * @throws {TypeError} If it is neither.
 */
export function intoFuture<T>(
  source: IntoFuture<T>,
  name: string = "argument",
): Future<T> {
  if (source instanceof Future && typeof source.poll === "function") {
    return source.intoFuture();
  }
  if (isCoroutine(source)) return new CoroutineFuture<T>(source);
  const what = `Cannot wait for ${describe(name, false)}`;
  if (source instanceof Future) {
    throw new TypeError(`${what}: ${describe(source)} has no method poll`);
  }
  if (typeof source === "function") {
    throw new TypeError(
      `${what}: it is a function; call it, as in f(...)`,
    );
  }
  if (isThenable(source)) {
    throw new TypeError(
      `${what}: it is a promise; wrap it in fromPromise(), inside run()`,
    );
  }
  throw new TypeError(`${what}: ${describe(source)} is no future`);
}

/** Cancels a future that lost; what its cleanup throws goes to the failure hook. */
export function discard(future: Future<unknown>): void {
  try {
    future.cancel();
  } catch (error) {
    reportFailure("the cleanup of a cancelled future", error);
  }
}
