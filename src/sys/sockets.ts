/**
 * The contract of a port for TCP: the calls that `net` needs from an operating
 * system. `platform.ts` picks the implementation.
 *
 * A new system needs `src/sys/<os>/sockets.ts` with one object that implements
 * {@linkcode Sockets}. What holds for all of its functions:
 *
 * 1. **A socket is a number**: a descriptor, on Windows the `SOCKET` value (handles
 *    are small, though they are 64 bits wide). It belongs to the caller, who closes
 *    it exactly once.
 * 2. **Nothing blocks.** Every socket that a function returns is non-blocking and is
 *    not inherited by child processes, from the moment at which it exists: a
 *    subprocess started by another thread must not see it either.
 * 3. **Two ways to fail.** Functions on the path of every connection or message
 *    ({@linkcode Sockets.accept}, {@linkcode Sockets.connectResult},
 *    {@linkcode Sockets.recv}, {@linkcode Sockets.peek}, {@linkcode Sockets.send})
 *    return a number: 0 or more on success, else minus the error's number. They
 *    throw nothing. All the others throw what `osError` makes of the failure, with
 *    the socket closed again if the function had made one.
 * 4. **Error numbers are Linux's on every system** (`errno.ts`); a port translates
 *    its own. "It would block" is always {@linkcode WOULD_BLOCK}, "a connect is
 *    under way" always {@linkcode IN_PROGRESS}.
 * 5. An interrupted call (`EINTR`) is made again inside.
 * 6. No signal is raised: writing to a peer that is gone is an error, no `SIGPIPE`.
 * 7. An error number is the call's own, whatever the engine does in between.
 *
 * @module
 */

import type { SocketAddr } from "./addr.ts";

/** What the calls return when they can do nothing now: minus `EAGAIN`. */
export const WOULD_BLOCK = -11;

/** Minus `EINPROGRESS`: a connect has been started and has no outcome yet. */
export const IN_PROGRESS = -115;

/** How a listener is made. */
export interface ListenOptions {
  /** How many connections may wait to be accepted; the system may cut it. */
  readonly backlog: number;
  /** Whether other sockets that ask for it too may listen on the same address. */
  readonly reusePort: boolean;
}

/** Which direction of a connection to end. */
export type ShutdownHow = "read" | "write" | "both";

/** TCP as one operating system does it. The rules stand at the top of this file. */
export interface Sockets {
  /**
   * Opens a listener.
   *
   * An address that was in use a moment ago can be bound again, as a server that
   * restarts needs it: `SO_REUSEADDR` on Linux. On Windows that option would let
   * anybody steal the address, so there it is *not* set. `reusePort` is
   * `SO_REUSEPORT`; a system without it throws `Deno.errors.NotSupported`.
   *
   * `IPV6_V6ONLY` is left as the system has it, which is what `Deno.listen` does:
   * on Linux `::` takes IPv4 connections too (their addresses read
   * `::ffff:127.0.0.1`), unless `net.ipv6.bindv6only` says otherwise; on Windows
   * it does not.
   */
  listen(addr: SocketAddr, options: ListenOptions): number;

  /**
   * Starts to connect and returns the socket. The outcome is known once the
   * socket is writable, and {@linkcode Sockets.connectResult} tells it; most
   * failures show there, but some (no route, no descriptor left) throw here.
   */
  connect(addr: SocketAddr): number;

  /**
   * 0 if the socket is connected, {@linkcode WOULD_BLOCK} if it is still trying,
   * else why it failed. A failure is told once: afterwards only `close` is legal.
   */
  connectResult(fd: number): number;

  /**
   * Takes a connection that waits at a listener; returns its socket. A failure
   * may concern this one connection alone (`ECONNABORTED`, and the network errors
   * that accept(2) lists), and then the next call may succeed.
   */
  accept(fd: number): number;

  /** The peer of the last successful {@linkcode Sockets.accept} on this thread. */
  acceptedAddr(): Deno.NetAddr;

  /**
   * Takes up to `length` bytes into the start of `buf`: at least 1, at most
   * `buf.length`, and less than 2^31. 0 means that the peer has sent its FIN and
   * all is read.
   */
  recv(fd: number, buf: Uint8Array, length: number): number;

  /** As {@linkcode Sockets.recv}, but the bytes stay to be read again. */
  peek(fd: number, buf: Uint8Array, length: number): number;

  /** Sends up to `length` bytes, at least 1, from the start of `buf`. */
  send(fd: number, buf: Uint8Array, length: number): number;

  /**
   * Ends a direction: `write` sends a FIN, `read` has reads return 0. It may be
   * repeated, and it is no error if the connection is over already.
   */
  shutdown(fd: number, how: ShutdownHow): void;

  /**
   * Closes the socket. Never throws: whatever the system says about the
   * connection, the number is free afterwards and may already be another's.
   */
  close(fd: number): void;

  /** The socket's own address. */
  localAddr(fd: number): Deno.NetAddr;
  /** The peer's address; throws `NotConnected` if there is no peer any more. */
  remoteAddr(fd: number): Deno.NetAddr;

  /** Whether small writes go out at once (`TCP_NODELAY`). */
  getNoDelay(fd: number): boolean;
  setNoDelay(fd: number, on: boolean): void;

  /** Whether an idle connection is probed (`SO_KEEPALIVE`). */
  getKeepAlive(fd: number): boolean;
  setKeepAlive(fd: number, on: boolean): void;

  /**
   * For how many seconds `close` goes on sending in the background; null, where a
   * socket starts, leaves it to the system, and 0 throws away what is not sent
   * and resets the connection. On a non-blocking socket Linux blocks in `close`
   * all the same if it is more than 0.
   */
  getLinger(fd: number): number | null;
  setLinger(fd: number, seconds: number | null): void;

  /**
   * The size of a kernel buffer in bytes (`SO_RCVBUF`, `SO_SNDBUF`). Systems treat
   * what is set as a hint: Linux doubles it, for its own bookkeeping, and reports
   * the double.
   */
  getRecvBufferSize(fd: number): number;
  setRecvBufferSize(fd: number, bytes: number): void;
  getSendBufferSize(fd: number): number;
  setSendBufferSize(fd: number, bytes: number): void;

  /**
   * The index of a network interface by name, or 0 if there is none: what an
   * address such as `fe80::1%eth0` needs for its scope.
   */
  interfaceIndex(name: string): number;
}
