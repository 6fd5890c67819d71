import { Deque } from "../deque.ts";
import type { Injector } from "./injector.ts";

/**
 * The records that a thread has spawned and that did not fit into an injector. They
 * wait in the thread's own heap, in order, and are tried again whenever it looks
 * for outcomes.
 */
export class Backlog {
  readonly #overflow = new Deque<number>();
  readonly #injector: Injector;
  readonly #wake: () => void;

  /** `wake` has a thread look into the injector. */
  constructor(injector: Injector, wake: () => void) {
    this.#injector = injector;
    this.#wake = wake;
  }

  /** Whether nothing waits. */
  get isEmpty(): boolean {
    return this.#overflow.length === 0;
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
