/**
 * Messages from one task to another of the same thread: a queue with an end, and
 * with a limit, so that nobody who does not read costs more than that.
 *
 * @module
 */
import { type Future, Pending, pollFn, type Waker } from "../../mod.ts";

/** A queue of texts for one reader. */
export class Mailbox {
  readonly #limit: number;
  #waiting: string[] = [];
  #length = 0;
  #isClosed = false;
  #isOverfull = false;
  #taker: Waker | null = null;
  #watcher: Waker | null = null;

  /** @param limit How many characters may wait. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Puts a text in. What does not fit is lost, and all that comes behind it. */
  put(text: string): void {
    if (this.#isClosed) return;
    if (this.#length + text.length > this.#limit) {
      this.#isOverfull = true;
      this.#watcher?.wake();
      this.close();
      return;
    }
    this.#waiting.push(text);
    this.#length += text.length;
    this.#taker?.wake();
  }

  /** Nothing more will come. */
  close(): void {
    this.#isClosed = true;
    this.#taker?.wake();
  }

  /** All that waits, once there is something; null at the end. */
  take(): Future<string | null> {
    return pollFn((cx) => {
      if (this.#waiting.length === 0) {
        if (this.#isClosed) return null;
        this.#taker = cx.waker;
        return Pending;
      }
      const text = this.#waiting.join("");
      this.#waiting = [];
      this.#length = 0;
      return text;
    });
  }

  /** Ready when something did not fit. */
  overfull(): Future<void> {
    return pollFn((cx) => {
      if (this.#isOverfull) return;
      this.#watcher = cx.waker;
      return Pending;
    });
  }
}
