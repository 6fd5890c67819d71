import {
  Context,
  currentContext,
  type Drivers,
  enterContext,
  type Owner,
  type Waker,
} from "../future/mod.ts";
import { Reactor } from "../reactor/mod.ts";
import {
  type RawTask,
  type Runnable,
  type Scheduler,
  Task,
} from "../task/mod.ts";
import { isExhausted } from "../sys/error.ts";
import { pause } from "../sys/pause.ts";
import { Timers } from "../time/mod.ts";
import { Deque } from "./deque.ts";
import { crew } from "./pool/crew.ts";
import type { Spawner, Unjoined } from "./pool/spawner.ts";

/**
 * After how many polls the executor looks at timers and sockets although tasks
 * are still ready. tokio's figure: a prime, so that it does not fall into step
 * with tasks that come in round numbers.
 */
export const CHECK_INTERVAL = 61;

/**
 * How many tasks in a row may come from the spawned ones before a woken one has
 * its turn. tokio's figure for its LIFO slot, for the same reason: two tasks that
 * keep spawning each other must not shut the others out.
 */
const MAX_LIFO_POLLS = 3;

/**
 * How deep polls may nest when tasks join tasks that they just spawned. A level
 * takes a few kilobytes of stack, of about a megabyte.
 */
const MAX_NESTED_POLLS = 32;

/** How long a thread without a reactor sleeps before it looks again, in ms. */
export const NAP_MS = 5;

/**
 * Polls the tasks of one thread.
 *
 * Tasks that were just spawned wait in `spawned`, of which the newest runs first:
 * its arguments are still in the cache, and a task that spawns a tree of tasks
 * goes down one branch instead of laying out a whole level. Tasks that were woken
 * wait in `woken`, first come, first served. Every `CHECK_INTERVAL` polls
 * the drivers get a look, the oldest spawned task its turn, and the deferred
 * wakers their wake; so nothing that is ready waits for ever.
 *
 * Where the thread waits when nothing is ready is up to the two subclasses.
 */
export abstract class Executor implements Scheduler, Drivers {
  readonly timers: Timers = new Timers();
  readonly #woken = new Deque<Runnable>();
  readonly #spawned = new Deque<Runnable>();
  readonly #deferred = new Deque<Waker>();
  #unjoined: Unjoined[] = [];
  #reactor: Reactor | null = null;
  #hasArrived = false;
  #lifoPolls = 0;
  #nestedPolls = 0;
  #closed = false;
  protected readonly cx: Context;

  constructor(blocking: boolean) {
    this.cx = new Context({ wake() {} }, this, { blocking });
  }

  /**
   * Made when the first socket needs it: tasks and timers alone cost no
   * descriptor.
   */
  get reactor(): Reactor {
    if (this.#closed) {
      throw new Error("Cannot use the reactor: its runtime has ended");
    }
    if (this.#reactor === null) {
      const { place } = crew;
      this.#reactor = new Reactor(place === undefined ? {} : { place });
      this.#tellCrew();
    }
    return this.#reactor;
  }

  /**
   * The reactor, to sleep in. Null: there is no descriptor left for one. Then the
   * thread naps instead, and looks again: it has work that takes no socket.
   */
  protected get sleepingPlace(): Reactor | null {
    try {
      return this.reactor;
    } catch (error) {
      if (isExhausted(error)) return null;
      throw error;
    }
  }

  /** Blocks the thread until something happens; it may be woken too early. */
  protected sleep(ms: number): void {
    const reactor = this.sleepingPlace;
    if (reactor !== null) reactor.wait(ms);
    else pause(Math.min(ms, NAP_MS));
  }

  /** A thread that takes part in a pool has others know when it sleeps. */
  #tellCrew(): void {
    if (!crew.isEmpty && this.#reactor !== null) crew.watch(this.#reactor);
  }

  /** Where shareable tasks go that are spawned here; null: to the default. */
  get spawner(): Spawner | null {
    return null;
  }

  /** Whether the last look at the drivers brought outcomes from other threads. */
  protected get hasArrived(): boolean {
    return this.#hasArrived;
  }

  /** A task from queues that threads share, for executors that take from them. */
  protected nextShared(_fair: boolean): Runnable | undefined {
    return undefined;
  }

  /** The reactor, if anybody needed one. */
  protected get existingReactor(): Reactor | null {
    return this.#reactor;
  }

  /** Whether some task can be polled at once. */
  protected get hasReady(): boolean {
    return this.#woken.length > 0 || this.#spawned.length > 0;
  }

  schedule(task: Runnable): void {
    this.#woken.pushBack(task);
  }

  /** Queues a task that was just made. */
  scheduleSpawned(task: RawTask): void {
    this.#spawned.pushBack(task);
  }

  runIfNext(task: RawTask): void {
    if (
      this.#spawned.peekBack() !== task || this.isNestedDeep ||
      currentContext()?.drivers !== this
    ) return;
    this.#spawned.popBack();
    this.runNested(task);
  }

  /** Whether a poll inside the one that is under way would go too deep. */
  protected get isNestedDeep(): boolean {
    return this.#nestedPolls === MAX_NESTED_POLLS;
  }

  /** Polls a task inside the poll that is under way. */
  runNested(task: Runnable): void {
    const { cx } = this;
    this.#nestedPolls++;
    const { waker, budget, owner } = cx;
    const before = enterContext(cx);
    try {
      task.run(cx);
    } finally {
      enterContext(before);
      cx.waker = waker;
      cx.budget = budget;
      cx.owner = owner;
      this.#nestedPolls--;
    }
  }

  queuedIn(owner: Owner): RawTask[] {
    return [...this.#woken.toArray(), ...this.#spawned.toArray()]
      .filter((item) => item instanceof Task && item.isQueuedIn(owner)) as Task<
        unknown
      >[];
  }

  defer(waker: Waker): void {
    this.#deferred.pushBack(waker);
  }

  noteUnjoined(task: Unjoined): void {
    // A spawner that is about to join gets until the next look at the drivers.
    if (task.hasJoinInterest && !this.#closed) this.#unjoined.push(task);
    else task.reportUnjoined();
  }

  /**
   * Polls ready tasks until none is left, `stop` is complete, or it is time for
   * the drivers. Returns how many it polled.
   */
  protected pollReady(stop: RawTask | null): number {
    const before = enterContext(this.cx);
    try {
      for (let polls = 0; polls < CHECK_INTERVAL; polls++) {
        const task = polls === 0 ? this.#takeFair() : this.#take();
        if (task === undefined) return polls;
        task.run(this.cx);
        if (stop !== null && stop.isComplete) return polls + 1;
      }
      return CHECK_INTERVAL;
    } finally {
      enterContext(before);
    }
  }

  #take(): Runnable | undefined {
    if (this.#lifoPolls < MAX_LIFO_POLLS) {
      const task = this.#spawned.popBack();
      if (task !== undefined) {
        this.#lifoPolls++;
        return task;
      }
    }
    this.#lifoPolls = 0;
    return this.#woken.popFront() ?? this.#spawned.popBack() ??
      this.nextShared(false);
  }

  /** As `#take`, but it is the turn of the spawned task that waited longest. */
  #takeFair(): Runnable | undefined {
    return this.nextShared(true) ?? this.#spawned.popFront() ??
      this.#woken.popFront();
  }

  /**
   * Looks at timers and sockets and wakes what they have, and what was deferred.
   * `park` says how long the thread may wait for sockets, given the time to the
   * next timer in milliseconds (0 if there is work already). Returns that time.
   */
  protected pollDrivers(park: (ms: number) => void): number {
    if (!crew.isEmpty) {
      this.#tellCrew();
      this.takeArrived();
    } else {
      // The last seat may have been left right after outcomes had arrived.
      this.#hasArrived = false;
    }
    const untilTimer = this.timers.turn();
    this.#reportUnjoined();
    const busy = this.hasReady || this.#deferred.length > 0;
    park(busy ? 0 : untilTimer);
    this.#wakeDeferred();
    return untilTimer;
  }

  /** Takes what other threads have sent. Failures that nobody joins are ours. */
  protected takeArrived(): void {
    const before = enterContext(this.cx);
    try {
      this.#hasArrived = crew.drain();
    } finally {
      enterContext(before);
    }
  }

  #wakeDeferred(): void {
    let left = this.#deferred.length;
    if (left === 0) return;
    // Those who gave way come behind all that are ready, so the spawned tasks, of
    // which the newest would go first, queue up in front of them.
    let task: Runnable | undefined;
    while ((task = this.#spawned.popFront()) !== undefined) {
      this.#woken.pushBack(task);
    }
    // Those that are deferred by these wakes have their turn the next time.
    while (left-- > 0) this.#deferred.popFront()!.wake();
  }

  #reportUnjoined(): void {
    if (this.#unjoined.length === 0) return;
    const tasks = this.#unjoined;
    this.#unjoined = [];
    for (const task of tasks) task.reportUnjoined();
  }

  /** Gives the reactor back; the next socket makes a new one. */
  protected closeReactor(atEnd = false): void {
    this.#reactor?.close(atEnd);
    this.#reactor = null;
  }

  /** Gives everything back, for good; `atEnd`: the thread ends. */
  protected closeDrivers(atEnd = false): void {
    this.#reportUnjoined();
    this.#closed = true;
    this.timers.close();
    this.closeReactor(atEnd);
  }
}
