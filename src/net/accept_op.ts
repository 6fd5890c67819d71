import { type Context, Pending, type Poll } from "../future/mod.ts";
import { Interest, Source } from "../reactor/mod.ts";
import { isExhausted, osError } from "../sys/error.ts";
import { sockets } from "../sys/platform.ts";
import { WOULD_BLOCK } from "../sys/sockets.ts";
import { type Sleep, sleep } from "../time/mod.ts";
import type { Socket } from "./socket.ts";
import { type Operation, SocketOp } from "./socket_op.ts";
import { adoptStream, type TcpStream } from "./tcp_stream.ts";

/**
 * How long to wait when there are no descriptors, in milliseconds: first and at
 * most. No event tells when there are some again, so it has to be tried.
 */
const FIRST_BACKOFF_MS = 5;
const MAX_BACKOFF_MS = 1_000;

/**
 * The connection that was next is gone already; the one after it may be fine.
 * accept(2): "treat them like EAGAIN by retrying".
 */
const NEXT = new Set([
  "ECONNABORTED",
  "EPERM",
  "EPROTO",
  "ENOPROTOOPT",
  "ENETDOWN",
  "EHOSTDOWN",
  "ENONET",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "WSAECONNRESET",
]);

/**
 * How many of those in a row, before the other tasks of the thread have a turn: a
 * policy that forbids every connection says `EPERM` each time.
 */
const MOST_SKIPPED = 64;

const NO_BYTES = new Uint8Array(0);

/**
 * Sees to it that the reactor is open; false: there are no descriptors for it. No
 * connection may be taken before: the first ones could take the last descriptors,
 * and then none of them could ever be waited for.
 */
function hasReactor(cx: Context): boolean {
  try {
    void cx.drivers.reactor;
    return true;
  } catch (error) {
    return !isExhausted(error);
  }
}

const ACCEPT: Operation<TcpStream> = {
  verb: "accept on",
  interest: Interest.READABLE,
  attempt(op) {
    const { source } = op.socket;
    for (let skipped = 0; skipped < MOST_SKIPPED; skipped++) {
      const fd = sockets.accept(source.fd);
      if (fd >= 0) return adoptStream(new Source(fd), sockets.acceptedAddr());
      if (fd === WOULD_BLOCK) return Pending;
      const error = osError(-fd, "accept", op.describe());
      if (isExhausted(error)) {
        (op as AcceptOp).backOff();
        return Pending;
      }
      if (!NEXT.has(error.code)) throw error;
    }
    (op as AcceptOp).pause();
    return Pending;
  },
};

/** Takes the next connection; see `TcpListener.accept`. */
export class AcceptOp extends SocketOp<TcpStream> {
  #backoffMs = FIRST_BACKOFF_MS;
  /** Set while there are no descriptors, or nothing but what is gone. */
  #sleep: Sleep | null = null;

  constructor(socket: Socket) {
    super(socket, ACCEPT, NO_BYTES, -1);
  }

  /** Notes that there was no descriptor to be had. */
  backOff(): void {
    this.#sleep = sleep(this.#backoffMs);
    this.#backoffMs = Math.min(2 * this.#backoffMs, MAX_BACKOFF_MS);
  }

  /** Notes that there was nothing but connections that are gone. */
  pause(): void {
    this.#sleep = sleep(FIRST_BACKOFF_MS);
  }

  override poll(cx: Context): Poll<TcpStream> {
    if (this.#sleep !== null) {
      const goesOn = !this.socket.isClosed &&
        this.#sleep.poll(cx) === Pending;
      if (goesOn) return Pending;
      this.#stopSleeping();
    }
    if (!this.socket.isClosed && !hasReactor(cx)) {
      this.backOff();
      return this.#startSleeping(cx);
    }
    const value = super.poll(cx);
    if (this.#sleep !== null) {
      // The connection is still there, and no further event would tell of it.
      this.socket.source.assumeReady(Interest.READABLE);
      this.#startSleeping(cx);
    }
    return value;
  }

  /** Starts the clock of what `backOff` or `pause` set. */
  #startSleeping(cx: Context): Pending {
    void this.#sleep!.poll(cx);
    return Pending;
  }

  #stopSleeping(): void {
    this.#sleep?.cancel();
    this.#sleep = null;
  }

  override cancel(): void {
    this.#stopSleeping();
    super.cancel();
  }
}
