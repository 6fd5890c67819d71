import { type Context, describe, type Waker, WakerSet } from "../future/mod.ts";
import { checkedFd, checkedPlace, checkWait, checkWaker } from "./arguments.ts";
import type { Backend, SignalTarget } from "./backend.ts";
import { ReactorHandle } from "./handle.ts";
import { Interest } from "./interest.ts";
import { newParkingPlace, Parking, type ParkingPlace } from "./parking.ts";
import { makeBackend } from "./select_backend.ts";
import { type Registrar, Source } from "./source.ts";
import {
  GENERATIONS,
  makeToken,
  Token,
  tokenGeneration,
  tokenKey,
} from "./token.ts";

/**
 * Somebody who has to know when the reactor's thread sleeps: the places of the
 * thread in pools, through which other threads hand it work.
 */
export interface SleepWatcher {
  /** A reactor is there; a signal to `target` ends its wait. */
  opened(target: SignalTarget): void;
  /**
   * The thread is about to sleep. False: it must not, there is work. Whoever adds
   * work after this has returned true sends a signal.
   */
  beforeSleep(): boolean;
  /** It is awake again, or has not slept. */
  afterSleep(): void;
  /** The reactor is about to close: no signal may come to `target` after this. */
  closing(target: SignalTarget): void;
}

/** How a reactor is tied to other threads. */
export interface ReactorOptions {
  /** Where a notifier has its word, if other threads shall find it. */
  readonly place?: ParkingPlace;
}

/**
 * Waits for many sockets at once, and wakes those who wait for the ones that
 * became ready. One thread owns a reactor; other threads reach it through a
 * {@linkcode ReactorHandle}.
 *
 * Promised: a waker that was set after an operation would have blocked is called
 * when the operation may go further. Spurious calls happen. That a socket is
 * registered for edges, and that readiness is cached, is how it works today.
 *
 * @example A wait that a handle ends
 * ```ts
 * import { reactor } from "@edo/runtime";
 * import { assertEquals } from "@std/assert";
 *
 * using events = new reactor.Reactor();
 * let woken = 0;
 * const waker = { wake: () => void woken++ };
 * events.setWaker(reactor.Token.WAKE, reactor.Interest.READABLE, waker);
 * events.handle().wake();
 * events.wait(10_000); // returns at once
 * assertEquals(woken, 1);
 * ```
 */
export class Reactor implements Registrar, Disposable {
  readonly #backend: Backend;
  readonly #place = newParkingPlace();
  readonly #parking: Parking;
  #watcher: SleepWatcher | null = null;
  #handle: ReactorHandle | null = null;
  /** Whether anybody but the reactor itself has the handle. */
  #isShared = false;
  /** Those who wait for `Token.WAKE`. */
  readonly #wakeWaiters = new WakerSet();
  /** By key; place 0 stands for `Token.WAKE` and stays empty. */
  readonly #sources: (Source | null)[] = [null];
  readonly #generations: number[] = [0];
  readonly #freeKeys: number[] = [];
  #size = 0;
  /** Whether a `waitAsync` is under way: the thread is parked while it runs on. */
  #waitsOffThread = false;
  #closed = false;

  /**
   * Opens a reactor.
   *
   * @throws What the system says if it cannot, such as `EMFILE`.
   * @throws {TypeError} If `options.place` is none.
   */
  constructor(options: ReactorOptions = {}) {
    this.#parking = new Parking(this.#place);
    const place = checkedPlace(options?.place ?? this.#place);
    this.#backend = makeBackend(place);
  }

  /** Has somebody told when the thread sleeps, from now on. */
  watch(watcher: SleepWatcher): void {
    if (this.#watcher === watcher) return;
    this.#watcher = watcher;
    watcher.opened(this.#backend.signalTarget);
  }

  /** What the reactor waits with: `epoll`, `afd` or `notifier`. */
  get backend(): string {
    return this.#backend.name;
  }

  /** How many sockets are registered. */
  get size(): number {
    return this.#size;
  }

  get edgeTriggered(): boolean {
    return this.#backend.edgeTriggered;
  }

  /** Whether a wait without a timeout could ever end. */
  get canWake(): boolean {
    return this.#isShared ||
      this.#sources.some((source) => source !== null && source.hasWaiters);
  }

  /**
   * Registers a socket, for both directions.
   *
   * @param fd A non-blocking socket: a descriptor, on Windows its handle.
   * @returns The token that names it from now on.
   * @throws {RangeError} If `fd` cannot be a descriptor.
   * @throws {Deno.errors.AlreadyExists} If it is registered here already.
   * @throws {Deno.errors.NotSupported} If the backend has no sockets.
   */
  register(fd: number): Token {
    const source = new TokenSource(checkedFd(fd));
    source.register(this);
    return makeToken(source.key, source.generation);
  }

  /**
   * Has `waker` called once, when an operation on the socket may go further: at
   * once, if an event came that nobody waited for. Call it when the operation
   * would have blocked, each time it does.
   *
   * @throws {Deno.errors.NotFound} If the token names no registration.
   * @throws {TypeError} If the interest is none, or the waker has no `wake`.
   */
  setWaker(token: Token, interest: Interest, waker: Waker): void {
    checkWaker(interest, waker);
    if (token === Token.WAKE) {
      this.#wakeWaiters.add(waker);
      return;
    }
    this.#find(token, "set a waker").waitOrWake(this, interest, waker);
  }

  /** Takes back a waker that `setWaker` left. Unknown tokens are ignored. */
  unsetWaker(token: Token, interest: Interest, waker: Waker): void {
    if (token === Token.WAKE) this.#wakeWaiters.delete(waker);
    else this.#lookUp(token)?.unwait(interest, waker);
  }

  /**
   * Ends a registration; a socket that is about to be closed is deregistered
   * first. Those who wait for it are woken.
   *
   * @throws {Deno.errors.NotFound} If the token names no registration.
   */
  deregister(token: Token): void {
    this.#find(token, "deregister").detach();
  }

  #lookUp(token: Token): TokenSource | null {
    if (typeof token !== "number") return null;
    const key = tokenKey(token);
    const source = this.#sources[key];
    return source instanceof TokenSource &&
        source.generation === tokenGeneration(token)
      ? source
      : null;
  }

  #find(token: Token, verb: string): TokenSource {
    const source = this.#lookUp(token);
    if (source === null) {
      throw new Deno.errors.NotFound(
        `Cannot ${verb}: the token ${describe(token)} names no registration`,
      );
    }
    return source;
  }

  /** Gives a source a place in the table and registers its socket. */
  attach(source: Source): void {
    if (this.#closed) {
      throw new Error("Cannot register a socket: the reactor is closed");
    }
    if (!this.#backend.supportsSockets) {
      throw new Deno.errors.NotSupported(
        `Cannot register a socket: Edo has no reactor for sockets on ${Deno.build.os}`,
      );
    }
    const key = this.#freeKeys.pop() ?? this.#sources.length;
    const generation = ((this.#generations[key] ?? 0) + 1) % GENERATIONS;
    this.#generations[key] = generation;
    try {
      this.#backend.register(source.fd, key, generation);
    } catch (error) {
      // Also a place that is new, so that the table has no hole in it.
      this.#sources[key] = null;
      this.#freeKeys.push(key);
      throw error;
    }
    source.key = key;
    source.generation = generation;
    this.#sources[key] = source;
    this.#size++;
  }

  detach(source: Source): void {
    const { key } = source;
    if (this.#sources[key] !== source) return;
    this.#sources[key] = null;
    this.#freeKeys.push(key);
    this.#size--;
    this.#backend.deregister(source.fd, key);
  }

  rearm(source: Source, interest: Interest): void {
    this.#backend.rearm(source.key, interest);
  }

  /**
   * A handle through which other threads can end this reactor's wait. From the
   * first on, a thread that waits here is never called deadlocked.
   */
  handle(): ReactorHandle {
    this.#isShared = true;
    return this.#ownHandle();
  }

  #ownHandle(): ReactorHandle {
    return this.#handle ??= ReactorHandle.import({
      ...this.#backend.signalTarget,
      ...this.#place,
    });
  }

  /** Ends a wait of this reactor's that is under way on another thread. */
  signal(): void {
    this.#ownHandle().wake();
  }

  /**
   * Waits for events and wakes those whom they concern.
   *
   * @param ms How long at most, in milliseconds, fractions included; 0 only
   * looks. Without it, until there is an event or a wake-up.
   * @returns The number of events, stale ones and wake-ups not counted.
   */
  wait(ms: number = Infinity): number {
    checkWait(ms);
    // Nobody can notify through a handle that was never made.
    if (this.#handle === null && this.#watcher === null) {
      return this.#dispatch(this.#backend.wait(ms));
    }
    if (ms === 0) return this.#look();
    this.#checkIdle();
    let events: number;
    try {
      events = this.#backend.wait(this.#mayPark() ? ms : 0);
    } finally {
      // Also if it fails: nobody may take the thread for asleep.
      this.#unpark();
    }
    return this.#dispatch(events);
  }

  /** Looks without waiting, also while a wait off the thread is under way. */
  #look(): number {
    const events = this.#backend.wait(0);
    const isNotified = this.#waitsOffThread
      ? this.#parking.repark()
      : this.#parking.isNotified && this.#parking.unpark();
    if (isNotified) this.#wakeWaiters.wakeAll();
    return this.#dispatch(events);
  }

  /**
   * As `wait` without a limit, but off the thread. At most one at a time; a
   * `wait(0)` may come in between.
   */
  async waitAsync(): Promise<number> {
    this.#checkIdle();
    this.#ownHandle();
    if (!this.#mayPark()) {
      this.#unpark();
      return 0;
    }
    this.#waitsOffThread = true;
    let events: number;
    try {
      events = await this.#backend.waitAsync();
    } finally {
      this.#waitsOffThread = false;
      // A place that was given up meanwhile stays so.
      if (!this.#closed) this.#unpark();
    }
    return this.#dispatch(events);
  }

  #checkIdle(): void {
    if (this.#waitsOffThread) {
      throw new Error("Cannot wait: a waitAsync of this reactor is under way");
    }
  }

  #mayPark(): boolean {
    return this.#parking.park() && (this.#watcher?.beforeSleep() ?? true);
  }

  #unpark(): void {
    this.#watcher?.afterSleep();
    if (this.#parking.unpark()) this.#wakeWaiters.wakeAll();
  }

  #dispatch(events: number): number {
    const backend = this.#backend;
    let fresh = 0;
    for (let i = 0; i < events; i++) {
      const source = this.#sources[backend.eventKey(i)];
      // Its place was given up, or to somebody else, since the event was made.
      if (
        source === null || source === undefined ||
        source.generation !== backend.eventGeneration(i)
      ) continue;
      fresh++;
      source.dispatch(backend.eventReadiness(i));
    }
    return fresh;
  }

  /**
   * Closes the reactor. Sockets are left open and unregistered, and those who
   * wait for them are woken. Closing again does nothing.
   *
   * @param atEnd Whether the thread ends: then no `waitAsync` comes back.
   */
  close(atEnd = false): void {
    if (this.#closed) return;
    this.#closed = true;
    try {
      for (const source of this.#sources) source?.detach();
    } finally {
      // Whatever a waker throws: the descriptors have to go.
      this.#watcher?.closing(this.#backend.signalTarget);
      this.#parking.close();
      this.#backend.close(atEnd);
    }
  }

  /** Closes the reactor, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }
}

/**
 * A socket whose owner works with tokens and does not see the cached readiness.
 * An event goes to those who wait; only one that nobody waits for is kept.
 */
class TokenSource extends Source {
  constructor(fd: number) {
    super(fd, { consume: true });
  }

  waitOrWake(reactor: Reactor, interest: Interest, waker: Waker): void {
    const ready = interest === Interest.READABLE
      ? this.isReadable
      : this.isWritable;
    if (ready) {
      this.clear(interest);
      waker.wake();
    } else {
      this.wait(reactor, interest, waker);
    }
  }
}

/**
 * The reactor of the runtime that polls with this context: for futures that wait
 * for sockets.
 *
 * @throws {Error} If it has none.
 */
export function reactorOf(cx: Context): Reactor {
  const reactor = cx?.drivers?.reactor;
  if (reactor instanceof Reactor) return reactor;
  throw new Error(
    "Cannot wait for a socket: this context has no reactor (poll with a " +
      "runtime's context, inside block_on or run)",
  );
}
