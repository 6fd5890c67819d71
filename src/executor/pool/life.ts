import type { AtomicWords } from "../../reactor/parking.ts";

/** There are no workers: whoever adds work has them started. */
const ASLEEP = 0;
/** Workers run, or are being started. */
const AWAKE = 1;
/**
 * A worker has found nothing left to do and is making sure. Above the phase stands
 * its number: if the pool is awake again and another one retires meanwhile, what the
 * first one has seen is out of date, and it must not mistake that for its own.
 */
const RETIRING = 2;
/** Shut down for good: nothing that is added will run. */
const CLOSED = 3;

/** The bits that tell the phase. */
const PHASE = 3;
/** How far up the number of the one who retires stands. */
const RETIRER_SHIFT = 2;

/**
 * Whether a pool has workers. They retire together when there has been nothing to
 * do for a while, so that a runtime which somebody forgot does not keep the program
 * alive; and start again when there is.
 *
 * No work is left behind. Who adds work first publishes it, then looks here; who
 * retires or closes the pool first writes here, then looks for work. So of two that
 * meet, one at least sees the other: the adder finds the pool `RETIRING`, which it
 * takes back, or `ASLEEP`, and starts workers, or `CLOSED`, and cancels what it
 * added; or else the one who retires finds the work, and stays.
 */
export class Life {
  readonly #words: Int32Array;
  readonly #at: number;
  readonly #atomics: AtomicWords;

  /**
   * A view; zeroed memory is a pool without workers.
   *
   * @param atomics `Atomics`, but for a test that explores interleavings.
   */
  constructor(
    words: Int32Array,
    at: number,
    atomics: AtomicWords = Atomics,
  ) {
    this.#words = words;
    this.#at = at;
    this.#atomics = atomics;
  }

  #move(from: number, to: number): boolean {
    return this.#atomics.compareExchange(this.#words, this.#at, from, to) ===
      from;
  }

  get #phase(): number {
    return this.#atomics.load(this.#words, this.#at) & PHASE;
  }

  /** After work was published. False: there are no workers to do it. */
  keepAwake(): boolean {
    for (;;) {
      const word = this.#atomics.load(this.#words, this.#at);
      if ((word & PHASE) === AWAKE) return true;
      if ((word & PHASE) !== RETIRING) return false;
      if (this.#move(word, AWAKE)) return true;
    }
  }

  /** True: the caller must start the workers. */
  wakeUp(): boolean {
    return this.#move(ASLEEP, AWAKE);
  }

  /**
   * A worker has had nothing to do for long. True: all workers must go. `isIdle`
   * looks whether there really is nothing left.
   *
   * @param worker The worker's number, which no other one has.
   */
  retire(isIdle: () => boolean, worker: number): boolean {
    const retiring = RETIRING | (worker << RETIRER_SHIFT);
    if (!this.#move(AWAKE, retiring)) return false;
    if (isIdle()) return this.#move(retiring, ASLEEP);
    this.#move(retiring, AWAKE);
    return false;
  }

  /** Shuts the pool down. */
  close(): void {
    this.#atomics.store(this.#words, this.#at, CLOSED);
  }

  /** Whether the workers shall stay. */
  get isAwake(): boolean {
    const phase = this.#phase;
    return phase === AWAKE || phase === RETIRING;
  }

  /** Whether the pool was shut down. */
  get isClosed(): boolean {
    return this.#phase === CLOSED;
  }
}
