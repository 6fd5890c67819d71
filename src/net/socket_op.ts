import {
  type Context,
  currentContext,
  Future,
  isPending,
  Pending,
  type Poll,
  SUSPENDED,
  type Suspension,
  type Waker,
} from "../future/mod.ts";
import { Interest, reactorOf } from "../reactor/mod.ts";
import type { Socket } from "./socket.ts";

/** What is to be done with a socket: the part in which operations differ. */
export interface Operation<T> {
  /** What it is called in errors: `read from`. */
  readonly verb: string;
  /** The direction that it waits for. */
  readonly interest: Interest;
  /** Tries once. `Pending`: it would block. Throws what the system says. */
  attempt(op: SocketOp<T>): Poll<T>;
}

/**
 * An operation on a non-blocking socket: try; if it would block, wait for the
 * reactor and try again. One object is one operation, and finishes once.
 *
 * All operations are objects of this one class, with an `Operation` in them, and
 * not of a class each: every read and write comes through here, and V8 looks up
 * the fields of an object fast while it has met few kinds.
 */
export class SocketOp<T> extends Future<T> {
  readonly socket: Socket;
  /** Where bytes go to or come from; empty for what moves none. */
  readonly bytes: Uint8Array;
  /** How many bytes to move; -1 for what moves none. */
  readonly length: number;
  /** How many were moved by earlier attempts. */
  moved = 0;
  readonly #operation: Operation<T>;
  /** The waker that the source holds for this operation. */
  #waker: Waker | null = null;
  #finished = false;

  constructor(
    socket: Socket,
    operation: Operation<T>,
    bytes: Uint8Array,
    length: number,
  ) {
    super();
    this.socket = socket;
    this.#operation = operation;
    this.bytes = bytes;
    this.length = length;
  }

  override poll(cx: Context): Poll<T> {
    const { socket } = this;
    const reads = this.#operation.interest === Interest.READABLE;
    const other = reads ? socket.reader : socket.writer;
    if (
      this.#finished || socket.isClosed || (other !== null && other !== this)
    ) {
      this.#check(other);
    }
    if (cx.budget === 0) return cx.giveWay();
    const { source } = socket;
    // To move no byte, the socket need not be ready.
    if ((reads ? source.isReadable : source.isWritable) || this.length === 0) {
      let value: Poll<T>;
      try {
        // What is gone while it waits must not be written to by the system.
        if (this.bytes.length < this.length) throw this.#lost();
        value = this.#operation.attempt(this);
      } catch (error) {
        this.#finish();
        throw error;
      }
      if (!isPending(value)) {
        cx.budget--;
        this.#finish();
        return value;
      }
    }
    this.#wait(cx, reads);
    return Pending;
  }

  /** What `Future` does as well; there, the call of `poll` meets every class. */
  override next(): IteratorResult<Suspension, T> {
    const cx = currentContext();
    if (cx === null) return super.next();
    const value = this.poll(cx);
    return isPending(value) ? SUSPENDED : { done: true, value };
  }

  /** What to say of the operation in errors: `read from the stream to …`. */
  describe(): string {
    return `${this.#operation.verb} ${this.socket.label}`;
  }

  #lost(): Error {
    return new TypeError(
      `Cannot ${this.describe()}: of the ${this.length} bytes of its buffer ` +
        `${this.bytes.length} are left; it was transferred or made smaller ` +
        "meanwhile",
    );
  }

  #check(other: object | null): void {
    const { socket } = this;
    if (this.#finished) {
      throw new Error(
        `Cannot ${this.describe()}: this future has finished; ` +
          "call the method again",
      );
    }
    if (socket.isClosed) {
      this.#finish();
      // Throws, and tells a socket that was closed from one that was moved.
      socket.openFd(this.#operation.verb);
    }
    if (other !== null && other !== this && socket.exclusive) {
      throw new Deno.errors.Busy(
        `Cannot ${this.describe()}: ` +
          "another operation waits in the same direction",
      );
    }
  }

  #wait(cx: Context, reads: boolean): void {
    const { socket } = this;
    const { source } = socket;
    const { waker } = cx;
    const { interest } = this.#operation;
    if (this.#waker !== null && this.#waker !== waker) {
      source.unwait(interest, this.#waker);
    }
    this.#waker = waker;
    if (reads) socket.reader = this;
    else socket.writer = this;
    try {
      source.wait(reactorOf(cx), interest, waker);
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
    socket.source.unwait(this.#operation.interest, this.#waker!);
    this.#waker = null;
    if (socket.reader === this) socket.reader = null;
    if (socket.writer === this) socket.writer = null;
  }

  override cancel(): void {
    if (!this.#finished) this.#finish();
  }
}
