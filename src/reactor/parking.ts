import type { SignalTarget } from "./backend.ts";

/** The operations on shared memory that {@linkcode Parking} is written with. */
export type AtomicWords = Pick<
  typeof Atomics,
  "load" | "store" | "add" | "sub" | "compareExchange" | "exchange"
>;

/** The thread is running: a notification needs no system call. */
const AWAKE = 0;
/** The thread waits in its backend, or is about to: it has to be signalled. */
const PARKED = 1;
/** Somebody notified since the thread last looked. */
const NOTIFIED = 2;
/** The reactor is gone, and what it was signalled through may be another's. */
const CLOSED = 3;

/** The index of the word that holds one of the four states above. */
const STATE = 0;
/** The index of the count of threads that are inside `notify`. */
const NOTIFIERS = 1;
/** The index of the word that a backend may signal through, if it wants one. */
export const SIGNALS = 2;

/** How many bytes of shared memory a parking place takes. */
export const PARKING_BYTES = 12;

/** Shared memory for a parking place: `at` is the index of its first word. */
export interface ParkingPlace {
  /** The shared memory. */
  readonly memory: SharedArrayBuffer;
  /** Where the place begins in it, in 32-bit words. */
  readonly at: number;
}

/** Whether a value, perhaps of another thread's, is a place in shared memory. */
export function isParkingPlace(place: unknown): place is ParkingPlace {
  const { memory, at } = Object(place) as Partial<ParkingPlace>;
  return memory instanceof SharedArrayBuffer &&
    typeof at === "number" && Number.isInteger(at) && at >= 0 &&
    4 * at + PARKING_BYTES <= memory.byteLength;
}

/** Makes a place in memory of its own. */
export function newParkingPlace(): ParkingPlace {
  return { memory: new SharedArrayBuffer(PARKING_BYTES), at: 0 };
}

/**
 * How a thread announces that it goes to sleep, so that others signal it only if
 * they must: a signal is a system call, and a hop between threads costs 25 µs.
 *
 * No wake is lost, because each side first writes and then looks. The sleeper
 * moves AWAKE to PARKED and then waits; the notifier first makes its work visible
 * and then swaps in NOTIFIED. All of these are atomic steps on one word, so they
 * happen in some order. If the notifier's swap comes first, the sleeper's
 * compare-and-swap finds NOTIFIED and it does not wait. If it comes second, the
 * swap returns PARKED and the notifier signals; the signal stays set until a wait
 * takes it, also when that wait has not begun yet.
 *
 * A signal to a closed reactor could hit a descriptor that has been given to
 * somebody else. So a notifier counts itself in before it looks at the state, and
 * `close` first writes CLOSED, then waits until nobody is inside. A notifier is
 * inside for one system call that does not block, hence the spinning.
 */
export class Parking {
  readonly #words: Int32Array;
  readonly #atomics: AtomicWords;

  /** `atomics` is `Atomics`, but for a test that explores interleavings. */
  constructor(place: ParkingPlace, atomics: AtomicWords = Atomics) {
    this.#words = new Int32Array(place.memory, 4 * place.at, PARKING_BYTES / 4);
    this.#atomics = atomics;
  }

  /**
   * Opens a place again that was closed, for another reactor of the same thread.
   * Who notifies from here on signals that one, so where to is written before.
   */
  open(): void {
    this.#atomics.store(this.#words, STATE, AWAKE);
  }

  /** Before a wait. False: a notification is there, do not wait. */
  park(): boolean {
    return this.#atomics.compareExchange(this.#words, STATE, AWAKE, PARKED) ===
      AWAKE;
  }

  /** After a wait, or instead of one. True: somebody notified. */
  unpark(): boolean {
    return this.#atomics.exchange(this.#words, STATE, AWAKE) === NOTIFIED;
  }

  /**
   * Instead of `unpark`, where the wait goes on, on another thread, while this one
   * has a look: takes a notification and stays parked. Were the thread to become
   * AWAKE, nobody would signal the wait that still goes on. True: somebody
   * notified.
   */
  repark(): boolean {
    return this.#atomics.load(this.#words, STATE) === NOTIFIED &&
      this.#atomics.exchange(this.#words, STATE, PARKED) === NOTIFIED;
  }

  /** Whether a notification waits for `unpark`. */
  get isNotified(): boolean {
    return this.#atomics.load(this.#words, STATE) === NOTIFIED;
  }

  /**
   * Notifies the thread if it sleeps, else does nothing: for those whose work it
   * looks for by itself between `park` and its wait. Either it finds the work, or
   * it parked before the work was there, and then this sees it parked.
   */
  notifyIfParked(signal: () => void): void {
    if (this.#atomics.load(this.#words, STATE) === PARKED) this.notify(signal);
  }

  /**
   * Notifies the thread, calling `signal` if it sleeps. Returns false if there is
   * no thread any more.
   */
  notify(signal: () => void): boolean {
    const atomics = this.#atomics;
    const words = this.#words;
    atomics.add(words, NOTIFIERS, 1);
    try {
      for (;;) {
        const state = atomics.load(words, STATE);
        if (state === CLOSED) return false;
        const seen = atomics.compareExchange(words, STATE, state, NOTIFIED);
        if (seen !== state) continue;
        if (state === PARKED) signal();
        return true;
      }
    } finally {
      atomics.sub(words, NOTIFIERS, 1);
    }
  }

  /** Ends the parking place; afterwards no `signal` is under way or to come. */
  close(): void {
    this.#atomics.store(this.#words, STATE, CLOSED);
    while (this.#atomics.load(this.#words, NOTIFIERS) !== 0);
  }
}

/** What crosses to another thread, by `postMessage`, to wake a reactor there. */
export interface ReactorHandleMessage extends SignalTarget, ParkingPlace {}
