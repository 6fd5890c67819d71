import type { Idling } from "./idling.ts";
import { SEAT } from "./layout.ts";
import type { PoolMemory } from "./memory.ts";
import { NONE, type TaskDeque } from "./task_deque.ts";

/** Where a share of the injector is put: at most as much as tokio takes, 128. */
const SHARE = new Int32Array(128);

/** Takes tasks from the queues that workers share, for one of them. */
export class WorkFinder {
  readonly #memory: PoolMemory;
  readonly #index: number;
  readonly #deque: TaskDeque;
  readonly #idling: Idling;
  readonly #giveBack: (record: number) => void;

  /**
   * @param index The worker's number, from 0 on.
   * @param giveBack Puts a record where all workers take from.
   */
  constructor(
    memory: PoolMemory,
    index: number,
    idling: Idling,
    giveBack: (record: number) => void,
  ) {
    this.#memory = memory;
    this.#index = index;
    // A thread that may block has none; it never asks for this.
    this.#deque = memory.deques[index]!;
    this.#idling = idling;
    this.#giveBack = giveBack;
  }

  /** Moves the older half of a full deque to where all workers take from. */
  spill(): void {
    for (let n = this.#deque.length >> 1; n > 0; n--) {
      const record = this.#deque.steal();
      if (record !== NONE) this.#giveBack(record);
    }
  }

  /** Takes a record, or NONE; with `fair` it looks into the injector first. */
  take(fair: boolean): number {
    if (fair) {
      const record = this.#memory.injector.pop();
      if (record !== NONE) return record;
    }
    const own = this.#deque.pop();
    if (own !== NONE) return own;
    return this.#takeShare();
  }

  /** From the injector one task to run, and a fair share for the deque. */
  #takeShare(): number {
    const { injector, workers } = this.#memory;
    const first = injector.pop();
    if (first === NONE) return this.#idling.isSearching ? this.#steal() : NONE;
    const share = Math.min(
      Math.floor(injector.length / workers),
      SHARE.length,
    );
    const count = share > 0 ? injector.popMany(share, SHARE) : 0;
    // The deque is empty and has room for them. Its end is where the next one is
    // taken, so the oldest goes there.
    for (let i = count - 1; i >= 0; i--) {
      if (!this.#deque.push(SHARE[i]!)) this.#giveBack(SHARE[i]!);
    }
    return first;
  }

  /** Half of what another worker has, from one to the next, a random one first. */
  #steal(): number {
    const { deques } = this.#memory;
    const start = Math.floor(Math.random() * deques.length);
    for (let i = 0; i < deques.length; i++) {
      const victim = (start + i) % deques.length;
      if (victim === this.#index) continue;
      const record = deques[victim]!.stealHalfInto(this.#deque);
      if (record === NONE) continue;
      this.#memory.count(1 + this.#index, SEAT.STOLEN);
      return record;
    }
    return NONE;
  }

  /** Whether there is something in a queue for any worker. */
  get seesWork(): boolean {
    return this.#memory.hasQueued;
  }
}
