import type { Backend, SignalTarget } from "./backend.ts";
import { newParkingPlace, type ParkingPlace, SIGNALS } from "./parking.ts";

/** Why it has no sockets, should anybody ask for events. */
function noEvents(): never {
  throw new RangeError("Cannot read an event: the notifier has none");
}

/**
 * The backend for systems that Edo has no better one for: a thread that sleeps on
 * a word of shared memory, as on a condition variable, until its timeout or a
 * signal. Tasks and timers work; sockets do not.
 */
export class Notifier implements Backend {
  readonly name = "notifier";
  readonly supportsSockets = false;
  readonly edgeTriggered = true;
  readonly signalTarget: SignalTarget;
  readonly #signals: Int32Array;
  /** How many signals were seen: the word moves on by one with each. */
  #seen: number;

  /** Signals arrive in a word of the thread's parking place. */
  constructor({ memory, at }: ParkingPlace = newParkingPlace()) {
    this.#signals = new Int32Array(memory, 4 * (at + SIGNALS), 1);
    this.#seen = Atomics.load(this.#signals, 0);
    this.signalTarget = {
      backend: this.name,
      target: at + SIGNALS,
      signals: memory,
    };
  }

  /** Ends a wait; called on any thread, with what `signalTarget` holds. */
  static signal({ target, signals }: SignalTarget): void {
    const word = new Int32Array(signals!, 4 * target, 1);
    Atomics.add(word, 0, 1);
    Atomics.notify(word, 0);
  }

  wait(timeoutMs: number): number {
    if (timeoutMs > 0) Atomics.wait(this.#signals, 0, this.#seen, timeoutMs);
    this.#seen = Atomics.load(this.#signals, 0);
    return 0;
  }

  async waitAsync(): Promise<number> {
    const waiting = Atomics.waitAsync(this.#signals, 0, this.#seen);
    // The promise alone does not keep the process alive; a timer does. Its length
    // is of no account.
    const alive = setInterval(() => {}, 2 ** 30);
    try {
      if (waiting.async) await waiting.value;
    } finally {
      clearInterval(alive);
    }
    this.#seen = Atomics.load(this.#signals, 0);
    return 0;
  }

  register(): void {
    throw new Deno.errors.NotSupported("Cannot register a socket: no reactor");
  }
  rearm(): void {}
  deregister(): void {}
  eventKey(): number {
    return noEvents();
  }
  eventGeneration(): number {
    return noEvents();
  }
  eventReadiness(): number {
    return noEvents();
  }
  close(): void {
    // Ends a `waitAsync` that is under way.
    Notifier.signal(this.signalTarget);
  }
}
