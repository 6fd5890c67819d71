import type { AtomicWords } from "../../reactor/parking.ts";
import type { Links } from "./inbox.ts";
import type { Sleepers } from "./sleepers.ts";
import { NONE } from "./task_deque.ts";

/**
 * The workers that sleep under Deno's loop. One that does may be in the middle of
 * somebody's promise job when it is woken, so it is called only if no other is idle,
 * and does not count as searching.
 *
 * It says that it sleeps, and looks for work once more before it does; who adds work
 * makes it visible, and then looks for such a worker. So of two that meet, one at
 * least sees the other.
 */
export class HostedWorkers {
  readonly #words: Int32Array;
  readonly #count: number;
  readonly #flags: Links;
  readonly #workers: number;
  readonly #atomics: AtomicWords;

  /**
   * A view; zeroed memory means that none sleeps so.
   *
   * @param count Where their number stands.
   * @param flags Where each worker has its flag.
   * @param atomics `Atomics`, but for a test that explores interleavings.
   */
  constructor(
    words: Int32Array,
    count: number,
    flags: Links,
    workers: number,
    atomics: AtomicWords = Atomics,
  ) {
    this.#words = words;
    this.#count = count;
    this.#flags = flags;
    this.#workers = workers;
    this.#atomics = atomics;
  }

  /** Says whether a worker sleeps so. Returns whether that was new. */
  set(worker: number, isAsleep: boolean): boolean {
    const at = this.#flags.at + worker * this.#flags.stride;
    const to = isAsleep ? 1 : 0;
    if (
      this.#atomics.load(this.#words, at) === to ||
      this.#atomics.compareExchange(this.#words, at, 1 - to, to) === to
    ) return false;
    this.#atomics.add(this.#words, this.#count, isAsleep ? 1 : -1);
    return true;
  }

  /** One that sleeps so, which the caller must unpark, or NONE. */
  claimOne(): number {
    if (this.#atomics.load(this.#words, this.#count) <= 0) return NONE;
    for (let worker = 0; worker < this.#workers; worker++) {
      if (this.set(worker, false)) return worker;
    }
    return NONE;
  }
}

/**
 * After work was added: the worker that the caller must unpark, unless one looks
 * for work already, or NONE.
 */
export function claimWorker(sleepers: Sleepers, hosted: HostedWorkers): number {
  const worker = sleepers.claimOne();
  if (worker !== NONE || sleepers.searching > 0) return worker;
  return hosted.claimOne();
}
