import {
  type Context,
  Future,
  Pending,
  type Poll,
  type Waker,
} from "../future/mod.ts";
import { Interest, reactorOf } from "../reactor/mod.ts";
import type { Socket } from "./socket.ts";

/**
 * An operation on a non-blocking socket: try; if it would block, wait for the
 * reactor and try again. One object is one operation, and finishes once.
 */
export abstract class SocketOp<T> extends Future<T> {
  protected readonly socket: Socket;
  readonly #interest: Interest;
  /** The waker that the source holds for this operation. */
  #waker: Waker | null = null;
  #finished = false;

  constructor(socket: Socket, interest: Interest) {
    super();
    this.socket = socket;
    this.#interest = interest;
  }

  /** What it is called in errors: `read from`. */
  protected abstract readonly verb: string;
  /** Tries once. `Pending`: it would block. Throws what the system says. */
  protected abstract attempt(): Poll<T>;
  /** Whether no byte is to be moved, for which the socket need not be ready. */
  protected get isEmpty(): boolean {
    return false;
  }

  override poll(cx: Context): Poll<T> {
    const { socket } = this;
    this.#check();
    if (cx.budget === 0) return cx.giveWay();
    const reads = this.#interest === Interest.READABLE;
    const { source } = socket;
    if ((reads ? source.isReadable : source.isWritable) || this.isEmpty) {
      let value: Poll<T>;
      try {
        value = this.attempt();
      } catch (error) {
        this.#finish();
        throw error;
      }
      if (value !== Pending) {
        cx.budget--;
        this.#finish();
        return value;
      }
    }
    this.#wait(cx, reads);
    return Pending;
  }

  #check(): void {
    const { socket } = this;
    if (this.#finished) {
      throw new Error(
        `Cannot ${this.verb} ${socket.label}: this future has finished; ` +
          "call the method again",
      );
    }
    if (socket.isClosed) {
      this.#finish();
      throw new Deno.errors.BadResource(
        `Cannot ${this.verb} ${socket.label}: it is closed`,
      );
    }
    const other = this.#interest === Interest.READABLE
      ? socket.reader
      : socket.writer;
    if (other !== null && other !== this && socket.exclusive) {
      throw new Deno.errors.Busy(
        `Cannot ${this.verb} ${socket.label}: ` +
          "another operation waits in the same direction",
      );
    }
  }

  #wait(cx: Context, reads: boolean): void {
    const { source } = this.socket;
    const { waker } = cx;
    if (this.#waker !== null && this.#waker !== waker) {
      source.unwait(this.#interest, this.#waker);
    }
    this.#waker = waker;
    if (reads) this.socket.reader = this;
    else this.socket.writer = this;
    try {
      source.wait(reactorOf(cx), this.#interest, waker);
    } catch (error) {
      this.#finish();
      throw error;
    }
  }

  #finish(): void {
    this.#finished = true;
    if (this.#waker !== null) this.#stopWaiting();
  }

  #stopWaiting(): void {
    const { socket } = this;
    socket.source.unwait(this.#interest, this.#waker!);
    this.#waker = null;
    if (socket.reader === this) socket.reader = null;
    if (socket.writer === this) socket.writer = null;
  }

  override cancel(): void {
    if (!this.#finished) this.#finish();
  }
}
