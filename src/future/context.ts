import { describe } from "./describe.ts";
import { Pending, type Suspension } from "./poll.ts";
import type { Waker } from "./waker.ts";

/**
 * How many ready results one poll of a task may take before it has to give way.
 *
 * tokio's figure (its "coop" budget): large enough that its cost vanishes among
 * 128 system calls, small enough that a task on a socket which is always ready
 * keeps the others waiting for well under a millisecond.
 */
export const POLL_BUDGET = 128;

/**
 * What a task waits with: found by futures through their {@linkcode Context}.
 *
 * The fields are `unknown` because this layer lies below the ones that define
 * them; `timersOf` and `reactorOf` in those layers check and narrow them.
 */
export interface Drivers {
  /** The `Timers` of `src/time/`, or null where there is no clock to wait on. */
  readonly timers: unknown;
  /** The `Reactor` of `src/reactor/`, or null where there is none. */
  readonly reactor: unknown;
  /**
   * Wakes `waker` once every task that is ready now has had its turn and the
   * timers and the reactor have been looked at.
   */
  defer(waker: Waker): void;
  /**
   * Lets Deno's event loop turn from now on, or no longer: a promise is waited for,
   * or was settled. Only drivers need it that block their thread otherwise.
   */
  holdLoop?(hold: boolean): void;
  /**
   * Has a host name looked up on another thread: the addresses, as text, for
   * `yield*`. Only drivers need it that block their thread, since the answer comes
   * as a promise.
   */
  resolve?(hostname: string): Generator<Suspension, string[], unknown>;
}

/** What belongs to a scope of tasks and is closed with it, unless closed before. */
export interface Owner {
  /** Has `resource` disposed when the scope ends. */
  adopt(resource: Disposable): void;
  /** Forgets a resource that was closed or moved elsewhere. */
  release(resource: Disposable): void;
}

/**
 * What a future is polled with: whom to wake, and where to find a clock and a
 * reactor.
 *
 * A context is good for the length of one poll: an executor uses one object for
 * all its tasks and changes it between them. A future that waits keeps
 * `cx.waker`, never `cx`.
 *
 * @example Polling a future by hand
 * ```ts
 * import { Context, noopWaker, Pending, yieldNow } from "@edo/runtime";
 * import { assertEquals } from "@std/assert";
 *
 * const future = yieldNow();
 * const cx = new Context(noopWaker);
 * assertEquals(future.poll(cx), Pending);
 * assertEquals(future.poll(cx), undefined);
 * ```
 */
export class Context {
  /** Whom a future that has to wait keeps, to be polled again. */
  waker: Waker;
  /**
   * Ready results that this poll may still take. An executor sets it to
   * {@linkcode POLL_BUDGET} before each poll; a negative number means no limit,
   * which is where a context made by hand starts.
   */
  budget: number = -1;
  /** Who owns what is opened during this poll, if anybody. */
  owner: Owner | null = null;
  /** Where futures find their timers and their reactor. */
  readonly drivers: Drivers;
  /** Whether the thread is blocked for this poll, so that no promise can settle. */
  readonly blocking: boolean;

  /**
   * Makes a context around a waker. Without drivers only pure futures work.
   *
   * @throws {TypeError} If the waker has no method `wake`, or the drivers are none.
   */
  constructor(
    waker: Waker,
    drivers: Drivers = NO_DRIVERS,
    options: { blocking?: boolean } = {},
  ) {
    if (typeof waker?.wake !== "function") {
      throw new TypeError(
        `Cannot make a context: waker is ${
          describe(waker)
        }, without a method wake`,
      );
    }
    if (typeof drivers?.defer !== "function") {
      throw new TypeError(
        `Cannot make a context: drivers is ${
          describe(drivers)
        }, without a method defer`,
      );
    }
    this.waker = waker;
    this.drivers = drivers;
    this.blocking = options?.blocking ?? false;
  }

  /**
   * A context for a part of the task being polled, with a waker of its own.
   * Combinators use it to learn which of their futures was woken.
   */
  withWaker(waker: Waker): Context {
    const child = new Context(waker, this.drivers, this);
    child.owner = this.owner;
    return child;
  }

  /**
   * What a future returns when it finds `cx.budget` at 0: `Pending`, with the
   * task to be woken again after the others. A future whose operation gave a
   * result takes 1 off the budget; one that has to wait anyway takes nothing.
   */
  giveWay(): Pending {
    this.drivers.defer(this.waker);
    return Pending;
  }
}

const NO_DRIVERS: Drivers = {
  timers: null,
  reactor: null,
  defer: (waker) => waker.wake(),
};

let current: Context | null = null;

/**
 * The context of the poll that is under way on this thread, or null outside of
 * one. `yield*` needs it, as a generator cannot be handed a context at each step.
 */
export function currentContext(): Context | null {
  return current;
}

/**
 * Makes `cx` the current context and returns the one before, which the caller
 * puts back when its poll is over, also when that throws.
 */
export function enterContext(cx: Context | null): Context | null {
  const before = current;
  current = cx;
  return before;
}
