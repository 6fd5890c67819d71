import type {
  ParkingPlace,
  Reactor,
  SignalTarget,
  SleepWatcher,
} from "../../reactor/mod.ts";
import { signalBackend } from "../../reactor/select_backend.ts";
import { CREATOR, SEAT } from "./layout.ts";
import { pause } from "../../sys/pause.ts";
import { Pace } from "./pace.ts";
import type { Seat } from "./seat.ts";

/**
 * How long to look for what another thread is about to finish, in milliseconds,
 * before sleeping: about as long as it takes to be woken again, so that the wrong
 * choice costs no more than twice the right one.
 */
export const SPIN_MS = 0.05;

/** The shortest sleep that the system makes, which takes it twice as long. */
const PAUSE_MS = 0.05;

const PROCESSORS = navigator.hardwareConcurrency;

/** How long on Deno's loop, where others wait meanwhile. */
const BRIEF_SPIN_MS = 0.02;

/**
 * How many times in a row to spin in vain before it is given up, and how many
 * times to do without it before it is tried again.
 */
const SPINS = 8;
const SKIPS = 64;

/** How often to look between two looks at the clock, which take ten times as long. */
const LOOKS_PER_CLOCK = 16;

/**
 * The seats that one thread has, in all pools it takes part in: usually one. They
 * go to sleep and get up together, as the thread has one reactor at a time; and
 * none at all while it has no seat, so that programs without pools pay nothing.
 */
export class Crew implements SleepWatcher {
  /** How many more times to spin in vain. */
  #spins = SPINS;
  /** How many times it has not spun since. */
  #skipped = 0;
  readonly #seats: Seat[] = [];
  readonly #pace = new Pace();
  /**
   * What others signal to: that of the innermost `block_on` last. One that is
   * blocked meanwhile, hosted by Deno's loop, comes before it.
   */
  readonly #targets: SignalTarget[] = [];

  /** Whether the thread takes part in no pool. */
  get isEmpty(): boolean {
    return this.#seats.length === 0;
  }

  /** How many tasks in pools somebody on this thread waits for. */
  get awaited(): number {
    let awaited = 0;
    for (const seat of this.#seats) awaited += seat.awaited;
    return awaited;
  }

  /** Whether a `block_on` is under way inside of something else. */
  get isNested(): boolean {
    return this.#targets.length > 1;
  }

  /** Whether it has to listen although nobody waits: it may have to start threads. */
  get mustListen(): boolean {
    return this.#seats.some((seat) => seat.mustListen);
  }

  /** Where a notifier has its word, so that the threads of a pool find it. */
  get place(): ParkingPlace | undefined {
    return this.#seats[0]?.sleep.place;
  }

  /**
   * The longest that the thread may sleep, in milliseconds: what has no room is
   * tried again by and by, and a notifier's word may be where a pool cannot see it.
   */
  get longestSleep(): number {
    let ms = Infinity;
    for (const seat of this.#seats) ms = Math.min(ms, seat.longestSleep);
    return ms;
  }

  /** Whether outcomes have arrived. */
  get hasNews(): boolean {
    for (const seat of this.#seats) if (seat.hasNews) return true;
    return false;
  }

  /** The seat that the thread has in a pool, by the pool's `id`. */
  seatIn(pool: string): Seat | undefined {
    return this.#seats.find(({ memory }) => memory.id === pool);
  }

  /** Takes a seat. */
  join(seat: Seat): void {
    this.#seats.push(seat);
    const target = this.#targets.at(-1);
    if (target !== undefined) seat.sleep.open(target);
  }

  /** Gives a seat up. */
  leave(seat: Seat): void {
    const at = this.#seats.indexOf(seat);
    if (at >= 0) this.#seats.splice(at, 1);
    if (this.#targets.length > 0) seat.sleep.close();
  }

  /** Has a reactor tell the seats when its thread sleeps. */
  watch(reactor: Reactor): void {
    reactor.watch(this);
  }

  /** Takes the outcomes that have arrived. Returns whether there were any. */
  drain(): boolean {
    let hadAny = false;
    for (const seat of this.#seats) {
      if (seat.drain()) hadAny = true;
    }
    return hadAny;
  }

  /**
   * Leaves its processor to a worker for a moment, if there are as many as
   * processors, tasks wait for them, and much is still to come. Returns whether it
   * did.
   */
  giveWay(): boolean {
    let spawned = 0;
    let pending = 0;
    for (const seat of this.#seats) {
      // Who is a worker itself is none too many.
      if (seat.number !== CREATOR || seat.workers < PROCESSORS) continue;
      spawned += seat.memory.loadSeat(CREATOR, SEAT.SPAWNED);
      pending += seat.pending;
    }
    if (spawned === 0) return false;
    if (!this.#pace.look(spawned, pending, performance.now())) return false;
    if (!this.#seats.some(({ memory }) => memory.hasQueued)) return false;
    pause(PAUSE_MS);
    return true;
  }

  /**
   * Looks for outcomes for a while, before the thread goes to sleep. True: there
   * are some.
   */
  spin(ms: number = SPIN_MS): boolean {
    return lookFor(ms, () => this.hasNews);
  }

  /** The same on a thread that others share: shorter, and only if it pays. */
  spinBriefly(): boolean {
    if (this.#spins === 0 && ++this.#skipped % SKIPS !== 0) return this.hasNews;
    const found = this.spin(BRIEF_SPIN_MS);
    if (found) this.#spins = SPINS;
    else if (this.#spins > 0) this.#spins--;
    return found;
  }

  opened(target: SignalTarget): void {
    this.#targets.push(target);
    for (const seat of this.#seats) seat.sleep.open(target);
  }

  beforeSleep(): boolean {
    for (const seat of this.#seats) if (!seat.beforeSleep()) return false;
    return true;
  }

  /**
   * While the thread's reactor waits elsewhere, and before it leaves it to that.
   * False: there is work.
   */
  stayAsleep(): boolean {
    let may = true;
    for (const seat of this.#seats) if (!seat.stayAsleep()) may = false;
    return may;
  }

  afterSleep(): void {
    for (const seat of this.#seats) seat.afterSleep();
  }

  closing(target: SignalTarget): void {
    const wasLast = this.#targets.at(-1) === target;
    this.#targets.splice(this.#targets.indexOf(target), 1);
    if (!wasLast) return;
    for (const seat of this.#seats) seat.sleep.close();
    const outer = this.#targets.at(-1);
    if (outer === undefined) return;
    for (const seat of this.#seats) seat.sleep.open(outer);
    // It may have been asleep, and nobody would signal it any more: it has to
    // look, and go to sleep anew.
    signalBackend(outer);
  }
}

/** Asks again and again, for so many milliseconds at most. */
export function lookFor(ms: number, isThere: () => boolean): boolean {
  let end = Infinity;
  for (;;) {
    for (let i = 0; i < LOOKS_PER_CLOCK; i++) if (isThere()) return true;
    const now = performance.now();
    // The clock starts late: what comes at once need not be timed.
    if (end === Infinity) end = now + ms;
    else if (now >= end) return false;
  }
}

/** This thread's crew. */
export const crew = new Crew();
