import {
  type Context,
  Future,
  Pending,
  type Poll,
  reactor,
} from "../../mod.ts";
import { osError } from "../../src/sys/error.ts";
import { sockets } from "../../src/sys/platform.ts";
import { WOULD_BLOCK } from "../../src/sys/sockets.ts";
import type { Target } from "../lib/course.ts";

const { Interest, Reactor } = reactor;

/** A socket that does not block, and its registration with a reactor. */
export class Socket implements Disposable {
  readonly fd: number;
  #reactor: reactor.Reactor | null = null;
  #token: reactor.Token | null = null;

  /** Starts to connect. */
  constructor(target: Target) {
    this.fd = sockets.connect(target.address);
  }

  /**
   * What a future says that would block: `Pending`, with its waker left at the
   * reactor. An executor without a reactor gets `Pending` alone, and has to guess
   * when to poll again.
   */
  wait(cx: Context, interest: reactor.Interest): Pending {
    const { reactor } = cx.drivers;
    if (!(reactor instanceof Reactor)) return Pending;
    if (this.#token === null) {
      this.#reactor = reactor;
      this.#token = reactor.register(this.fd);
    }
    reactor.setWaker(this.#token, interest, cx.waker);
    return Pending;
  }

  /** Takes it out of the reactor and closes it. */
  [Symbol.dispose](): void {
    if (this.#token !== null) this.#reactor!.deregister(this.#token);
    sockets.close(this.fd);
  }
}

/** The number that a system call returned, or null if it would have blocked. */
function resultOf(syscall: string, result: number): number | null {
  if (result === WOULD_BLOCK) return null;
  if (result < 0) throw osError(-result, syscall, "make a request");
  return result;
}

/*
 * The three things that one waits for. Each is tried at each poll, as if nobody had
 * ever tried before; what has been done so far is kept in the object. Nothing needs
 * to be undone: who gives one of these up closes its socket.
 */

/** Until the connection is there. */
export class Connecting extends Future<void> {
  readonly #socket: Socket;

  constructor(socket: Socket) {
    super();
    this.#socket = socket;
  }

  override poll(cx: Context): Poll<void> {
    const result = sockets.connectResult(this.#socket.fd);
    if (resultOf("connect", result) !== null) return;
    return this.#socket.wait(cx, Interest.WRITABLE);
  }
}

/** Until all bytes are sent. */
export class Sending extends Future<void> {
  readonly #socket: Socket;
  #unsent: Uint8Array;

  constructor(socket: Socket, bytes: Uint8Array) {
    super();
    this.#socket = socket;
    this.#unsent = bytes;
  }

  override poll(cx: Context): Poll<void> {
    while (this.#unsent.length > 0) {
      const { fd } = this.#socket;
      const result = sockets.send(fd, this.#unsent, this.#unsent.length);
      const sent = resultOf("send", result);
      if (sent === null) return this.#socket.wait(cx, Interest.WRITABLE);
      this.#unsent = this.#unsent.subarray(sent);
    }
  }
}

/** Until the end of the stream. Its value is all that was received. */
export class Receiving extends Future<Uint8Array[]> {
  readonly #socket: Socket;
  readonly #received: Uint8Array[] = [];

  constructor(socket: Socket) {
    super();
    this.#socket = socket;
  }

  override poll(cx: Context): Poll<Uint8Array[]> {
    while (true) {
      const buffer = new Uint8Array(4096);
      const result = sockets.recv(this.#socket.fd, buffer, buffer.length);
      const n = resultOf("recv", result);
      if (n === null) return this.#socket.wait(cx, Interest.READABLE);
      if (n === 0) return this.#received;
      this.#received.push(buffer.subarray(0, n));
    }
  }
}
