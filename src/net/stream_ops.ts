import { Pending, type Poll } from "../future/mod.ts";
import { Interest } from "../reactor/mod.ts";
import { osError } from "../sys/error.ts";
import { sockets } from "../sys/platform.ts";
import { WOULD_BLOCK } from "../sys/sockets.ts";
import type { Socket } from "./socket.ts";
import { SocketOp } from "./socket_op.ts";

/** Checks what a user passed as bytes. */
function checkBytes(verb: string, name: string, bytes: Uint8Array): void {
  if (!(bytes instanceof Uint8Array)) {
    throw new TypeError(
      `Cannot ${verb}: ${name} is ${
        bytes === null ? "null" : typeof bytes
      }, not a Uint8Array`,
    );
  }
}

/** The error for a negative result of a call on a socket. */
function failure(result: number, syscall: string, op: string): Error {
  return osError(-result, syscall, op);
}

/** Reads once; see `TcpStream.read`. */
export class ReadOp extends SocketOp<number | null> {
  protected readonly verb = "read from";
  readonly #buffer: Uint8Array;

  constructor(socket: Socket, buffer: Uint8Array) {
    checkBytes("read", "buffer", buffer);
    super(socket, Interest.READABLE);
    this.#buffer = buffer;
  }

  protected override get isEmpty(): boolean {
    return this.#buffer.length === 0;
  }

  protected override attempt(): Poll<number | null> {
    const buffer = this.#buffer;
    const length = buffer.length;
    if (length === 0) return 0;
    const { source } = this.socket;
    const n = sockets.recv(source.fd, buffer, length);
    if (n > 0) {
      if (n < length) source.noteShortRead();
      return n;
    }
    if (n === 0) return null;
    if (n === WOULD_BLOCK) return Pending;
    throw failure(n, "recv", `${this.verb} ${this.socket.label}`);
  }
}

/** Fills a whole buffer; see `TcpStream.readExact`. */
export class ReadExactOp extends SocketOp<void> {
  protected readonly verb = "read from";
  #rest: Uint8Array;
  readonly #wanted: number;

  constructor(socket: Socket, buffer: Uint8Array) {
    checkBytes("readExact", "buffer", buffer);
    super(socket, Interest.READABLE);
    this.#rest = buffer;
    this.#wanted = buffer.length;
  }

  protected override get isEmpty(): boolean {
    return this.#rest.length === 0;
  }

  protected override attempt(): Poll<void> {
    const { source } = this.socket;
    while (this.#rest.length > 0) {
      const n = sockets.recv(source.fd, this.#rest, this.#rest.length);
      if (n === WOULD_BLOCK) return Pending;
      if (n < 0) {
        throw failure(n, "recv", `${this.verb} ${this.socket.label}`);
      }
      if (n === 0) throw this.#endOfStream();
      this.#rest = this.#rest.subarray(n);
    }
  }

  #endOfStream(): Error {
    const got = this.#wanted - this.#rest.length;
    return new Deno.errors.UnexpectedEof(
      `Cannot read ${this.#wanted} bytes from ${this.socket.label}: ` +
        `the stream ended after ${got}`,
    );
  }
}

/** Looks at what is there without taking it; see `TcpStream.peek`. */
export class PeekOp extends SocketOp<number | null> {
  protected readonly verb = "peek at";
  readonly #buffer: Uint8Array;

  constructor(socket: Socket, buffer: Uint8Array) {
    checkBytes("peek", "buffer", buffer);
    super(socket, Interest.READABLE);
    this.#buffer = buffer;
  }

  protected override get isEmpty(): boolean {
    return this.#buffer.length === 0;
  }

  protected override attempt(): Poll<number | null> {
    const length = this.#buffer.length;
    if (length === 0) return 0;
    const n = sockets.peek(this.socket.source.fd, this.#buffer, length);
    if (n > 0) return n;
    if (n === 0) return null;
    if (n === WOULD_BLOCK) return Pending;
    throw failure(n, "recv", `${this.verb} ${this.socket.label}`);
  }
}

/** Writes once; see `TcpStream.write`. */
export class WriteOp extends SocketOp<number> {
  protected readonly verb = "write to";
  readonly #data: Uint8Array;

  constructor(socket: Socket, data: Uint8Array) {
    checkBytes("write", "data", data);
    super(socket, Interest.WRITABLE);
    this.#data = data;
  }

  protected override get isEmpty(): boolean {
    return this.#data.length === 0;
  }

  protected override attempt(): Poll<number> {
    const data = this.#data;
    if (data.length === 0) return 0;
    const n = sockets.send(this.socket.source.fd, data, data.length);
    if (n >= 0) return n;
    if (n === WOULD_BLOCK) return Pending;
    throw failure(n, "send", `${this.verb} ${this.socket.label}`);
  }
}

/** Writes all there is; see `TcpStream.writeAll`. */
export class WriteAllOp extends SocketOp<void> {
  protected readonly verb = "write to";
  #rest: Uint8Array;

  constructor(socket: Socket, data: Uint8Array) {
    checkBytes("writeAll", "data", data);
    super(socket, Interest.WRITABLE);
    this.#rest = data;
  }

  protected override get isEmpty(): boolean {
    return this.#rest.length === 0;
  }

  protected override attempt(): Poll<void> {
    let rest = this.#rest;
    while (rest.length > 0) {
      const n = sockets.send(this.socket.source.fd, rest, rest.length);
      if (n === rest.length) return;
      if (n === WOULD_BLOCK) return Pending;
      if (n < 0) {
        throw failure(n, "send", `${this.verb} ${this.socket.label}`);
      }
      // Kept at once, so that a cancelled write never sends a byte twice.
      this.#rest = rest = rest.subarray(n);
    }
  }
}
