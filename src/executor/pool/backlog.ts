import { Deque } from "../deque.ts";
import type { Injector } from "./injector.ts";
import type { Payload } from "./payloads.ts";
import type { RemoteTask } from "./remote_task.ts";

/** A task for which no record was free, with what it takes to spawn it later. */
export interface Unplaced<P> {
  readonly task: RemoteTask;
  /** The number of its function. */
  readonly number: number;
  readonly payload: Payload;
  readonly placement: P;
}

/**
 * What a thread has spawned and found no room for: records that did not fit into
 * an injector, and tasks that found no record. It waits in the thread's own heap,
 * in order, and is tried again whenever the thread looks for outcomes; so spawning
 * never blocks and never fails for lack of room.
 */
export class Backlog<P> {
  readonly #overflow = new Deque<number>();
  readonly #injector: Injector;
  readonly #wake: () => void;

  /** `wake` has a thread look into the injector. */
  constructor(injector: Injector, wake: () => void) {
    this.#injector = injector;
    this.#wake = wake;
  }

  /** Tasks without a record. */
  readonly unplaced: Deque<Unplaced<P>> = new Deque();

  /** Whether nothing waits. */
  get isEmpty(): boolean {
    return this.#overflow.length === 0 && this.unplaced.length === 0;
  }

  /** Puts a record into the injector, or behind those that wait for room there. */
  push(record: number): void {
    if (this.#overflow.length > 0 || !this.#injector.push(record)) {
      this.#overflow.pushBack(record);
    }
    this.#wake();
  }

  /** Moves what fits by now. */
  flush(): void {
    while (this.#overflow.length > 0) {
      const record = this.#overflow.popFront()!;
      if (!this.#injector.push(record)) {
        this.#overflow.pushFront(record);
        return;
      }
      this.#wake();
    }
  }

  /** Takes a record that waits, as if it had been in the injector. */
  take(): number | undefined {
    return this.#overflow.popFront();
  }
}
