import { assert, assertEquals } from "@std/assert";
import {
  type Context,
  type Coroutine,
  type Failure,
  Future,
  JoinError,
  type JoinHandle,
  Pending,
  type Poll,
  setFailureHook,
  type Waker,
} from "../../mod.ts";
import { yieldNow } from "../../mod.ts";

/** A waker that counts how often it is called. */
export class CountingWaker implements Waker {
  count = 0;
  wake(): void {
    this.count++;
  }
}

/**
 * An event that a test raises by hand. Every wait for it is a future of its own;
 * the gate counts what the runtime does to them.
 */
export class Gate<T = void> {
  /** How often waits were polled. */
  polls = 0;
  /** How many waits were cancelled while they waited. */
  cancels = 0;
  #outcome: { value: T } | null = null;
  readonly #wakers = new Map<Future<T>, Waker>();

  /** How many wakers the gate holds at the moment. */
  get waiting(): number {
    return this.#wakers.size;
  }

  /** Lets all through, those that come later included. */
  open(value: T): void {
    this.#outcome = { value };
    const wakers = [...this.#wakers.values()];
    this.#wakers.clear();
    for (const waker of wakers) waker.wake();
  }

  /** Wakes those who wait although there is nothing for them. */
  wakeSpuriously(): void {
    for (const waker of [...this.#wakers.values()]) waker.wake();
  }

  /** The wakers held, for tests that keep them longer than the gate does. */
  wakers(): Waker[] {
    return [...this.#wakers.values()];
  }

  /** A future that is ready once the gate is open. */
  wait(): Future<T> {
    return new GateWait(this, this.#wakers);
  }

  /** For `GateWait`: the outcome, if the gate is open. */
  get outcome(): { value: T } | null {
    return this.#outcome;
  }
}

class GateWait<T> extends Future<T> {
  readonly #gate: Gate<T>;
  readonly #wakers: Map<Future<T>, Waker>;

  constructor(gate: Gate<T>, wakers: Map<Future<T>, Waker>) {
    super();
    this.#gate = gate;
    this.#wakers = wakers;
  }

  override poll(cx: Context): Poll<T> {
    this.#gate.polls++;
    const { outcome } = this.#gate;
    if (outcome !== null) {
      this.#wakers.delete(this);
      return outcome.value;
    }
    this.#wakers.set(this, cx.waker);
    return Pending;
  }

  override cancel(): void {
    if (this.#wakers.delete(this)) this.#gate.cancels++;
  }
}

/** A future made of a poll function. */
export class PollFn<T> extends Future<T> {
  polls = 0;
  cancels = 0;
  readonly #fn: (cx: Context) => Poll<T>;

  constructor(fn: (cx: Context) => Poll<T>) {
    super();
    this.#fn = fn;
  }

  override poll(cx: Context): Poll<T> {
    this.polls++;
    return this.#fn(cx);
  }

  override cancel(): void {
    this.cancels++;
  }
}

/** A future that nothing wakes. */
export function never(): PollFn<never> {
  return new PollFn<never>(() => Pending);
}

/** The context that the running task is polled with, for polling by hand. */
export function* contextWith(waker: Waker): Coroutine<Context> {
  return yield* new PollFn((cx) => cx.withWaker(waker));
}

/** Lets the others run a number of times. */
export function* yieldTimes(times: number): Coroutine<void> {
  for (let i = 0; i < times; i++) yield* yieldNow();
}

/**
 * Lets Deno's loop go round so many times. A hosted executor takes one turn each
 * time; after some thirty with nothing to do it waits elsewhere, for the event that
 * is to come.
 */
export async function turns(times: number): Promise<void> {
  for (let i = 0; i < times; i++) {
    await new Promise((resolve) => void setImmediate(resolve));
  }
}

/** Collects what goes to the failure hook until it is disposed. */
export class Failures implements Disposable {
  readonly seen: Failure[] = [];
  readonly #before = setFailureHook((failure) => void this.seen.push(failure));

  /** What failed, in order. */
  get names(): string[] {
    return this.seen.map(({ what }) => what);
  }

  [Symbol.dispose](): void {
    setFailureHook(this.#before);
  }
}

/** Something that wants to be closed, and counts how often it was. */
export class Resource implements Disposable {
  closed = 0;
  [Symbol.dispose](): void {
    this.closed++;
  }
}

/** What a piece of a task throws, as a value. */
export function* caught(body: Coroutine<unknown>): Coroutine<unknown> {
  try {
    yield* body;
  } catch (error) {
    return error;
  }
  throw new Error("Cannot catch an error: none was thrown");
}

/** How joining a task ends, as a word. */
export function* outcome(handle: JoinHandle<unknown>): Coroutine<string> {
  try {
    return `value ${yield* handle}`;
  } catch (error) {
    assert(error instanceof JoinError);
    if (error.kind === "aborted") {
      assertEquals(error.cause, undefined);
      return "aborted";
    }
    return `failed ${(error.cause as Error).message}`;
  }
}
