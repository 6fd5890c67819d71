import { describe, type Future, Pending } from "../future/mod.ts";
import { Interest } from "../reactor/mod.ts";
import { osError } from "../sys/error.ts";
import { sockets } from "../sys/platform.ts";
import { WOULD_BLOCK } from "../sys/sockets.ts";
import type { Socket } from "./socket.ts";
import { type Operation, SocketOp } from "./socket_op.ts";

/** An operation on the bytes of a stream. */
export interface StreamOperation<T> extends Operation<T> {
  /** The method of `TcpStream` that starts it. */
  readonly method: string;
}

/** The error for a negative result of a call on a socket. */
function failure(
  result: number,
  syscall: string,
  op: { describe(): string },
): Error {
  return osError(-result, syscall, op.describe());
}

/** Reads once; see `TcpStream.read`. */
export const READ: StreamOperation<number | null> = {
  method: "read",
  verb: "read from",
  interest: Interest.READABLE,
  attempt(op) {
    const { length } = op;
    if (length === 0) return 0;
    const { source } = op.socket;
    const n = sockets.recv(source.fd, op.bytes, length);
    if (n > 0) {
      if (n < length) source.noteShortRead();
      return n;
    }
    if (n === 0) return null;
    if (n === WOULD_BLOCK) return Pending;
    throw failure(n, "recv", op);
  },
};

/** Fills a whole buffer; see `TcpStream.readExact`. */
export const READ_EXACT: StreamOperation<void> = {
  method: "readExact",
  verb: "read from",
  interest: Interest.READABLE,
  attempt(op) {
    const { bytes, length } = op;
    while (op.moved < length) {
      const rest = op.moved === 0 ? bytes : bytes.subarray(op.moved);
      const n = sockets.recv(op.socket.source.fd, rest, rest.length);
      if (n === WOULD_BLOCK) return Pending;
      if (n < 0) throw failure(n, "recv", op);
      if (n === 0) {
        throw new Deno.errors.UnexpectedEof(
          `Cannot read ${length} bytes from ${op.socket.label}: ` +
            `the stream ended after ${op.moved}`,
        );
      }
      op.moved += n;
    }
  },
};

/** Looks at what is there without taking it; see `TcpStream.peek`. */
export const PEEK: StreamOperation<number | null> = {
  method: "peek",
  verb: "peek at",
  interest: Interest.READABLE,
  attempt(op) {
    if (op.length === 0) return 0;
    const n = sockets.peek(op.socket.source.fd, op.bytes, op.length);
    if (n > 0) return n;
    if (n === 0) return null;
    if (n === WOULD_BLOCK) return Pending;
    throw failure(n, "recv", op);
  },
};

/** Writes once; see `TcpStream.write`. */
export const WRITE: StreamOperation<number> = {
  method: "write",
  verb: "write to",
  interest: Interest.WRITABLE,
  attempt(op) {
    if (op.length === 0) return 0;
    const n = sockets.send(op.socket.source.fd, op.bytes, op.length);
    if (n >= 0) return n;
    if (n === WOULD_BLOCK) return Pending;
    throw failure(n, "send", op);
  },
};

/** Writes all there is; see `TcpStream.writeAll`. */
export const WRITE_ALL: StreamOperation<void> = {
  method: "writeAll",
  verb: "write to",
  interest: Interest.WRITABLE,
  attempt(op) {
    const { bytes, length } = op;
    while (op.moved < length) {
      // `moved` grows at once, so that a cancelled write never sends a byte twice.
      const rest = op.moved === 0 ? bytes : bytes.subarray(op.moved);
      const n = sockets.send(op.socket.source.fd, rest, length - op.moved);
      if (n === WOULD_BLOCK) return Pending;
      if (n < 0) throw failure(n, "send", op);
      op.moved += n;
    }
  },
};

/** Starts one of the operations above, checking what the user passed. */
export function streamOp<T>(
  socket: Socket,
  operation: StreamOperation<T>,
  bytes: Uint8Array,
  length?: number,
): Future<T> {
  const { method } = operation;
  if (!(bytes instanceof Uint8Array)) {
    const name = operation.interest === Interest.WRITABLE ? "data" : "buffer";
    throw new TypeError(
      `Cannot ${method}: ${name} is ${
        bytes === null ? "null" : typeof bytes
      }, not a Uint8Array`,
    );
  }
  const most = bytes.length;
  if (length === undefined) {
    length = most;
  } else if (!Number.isInteger(length) || length < 0 || length > most) {
    throw new RangeError(
      `Cannot ${method}: length is ${
        describe(length)
      }, not a whole number from 0 to ${most}`,
    );
  }
  return new SocketOp(socket, operation, bytes, length);
}
