/** TCP on Linux; what each function has to do stands in `../sockets.ts`. */

import { formatSocketAddr, type SocketAddr } from "../addr.ts";
import { osError } from "../error.ts";
import {
  type ListenOptions,
  type ShutdownHow,
  type Sockets,
  WOULD_BLOCK,
} from "../sockets.ts";
import {
  EINPROGRESS,
  EINTR,
  ENOTCONN,
  IPPROTO_TCP,
  MSG_NOSIGNAL,
  MSG_PEEK,
  SHUT_RD,
  SHUT_RDWR,
  SHUT_WR,
  SO_ERROR,
  SO_KEEPALIVE,
  SO_LINGER,
  SO_RCVBUF,
  SO_REUSEADDR,
  SO_REUSEPORT,
  SO_SNDBUF,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  SOL_SOCKET,
  TCP_NODELAY,
} from "./constants.ts";
import { errno, libc } from "./libc.ts";
import {
  addressFamily,
  decodeSockaddr,
  encodeSockaddr,
  SOCKADDR_IN6_BYTES,
} from "./sockaddr.ts";

/** Where the system writes addresses. */
const ADDRESS = new Uint8Array(SOCKADDR_IN6_BYTES);
/** Where `accept4` writes the peer's; it has to survive until it is asked for. */
const PEER = new Uint8Array(SOCKADDR_IN6_BYTES);
/** A `socklen_t`: the room there is, then what was written. */
const LENGTH = new Uint32Array(1);
/** An `int` option, or a `struct linger`: whether it is on, and the seconds. */
const OPTION = new Int32Array(2);

const SHUTDOWN_HOW = { read: SHUT_RD, write: SHUT_WR, both: SHUT_RDWR };

/**
 * Throws the error of the call that was just made, if it failed. `action` has to
 * be there before the call: making a string could disturb `errno`.
 */
function check(result: number, syscall: string, action: string): number {
  if (result < 0) throw osError(errno[0]!, syscall, action);
  return result;
}

function openSocket(addr: SocketAddr, action: string): number {
  const type = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
  return check(libc.socket(addressFamily(addr), type, 0), "socket", action);
}

function listen(addr: SocketAddr, options: ListenOptions): number {
  const action = `listen on ${formatSocketAddr(addr)}`;
  const fd = openSocket(addr, action);
  try {
    setOption(fd, SOL_SOCKET, SO_REUSEADDR, 1, action);
    if (options.reusePort) setOption(fd, SOL_SOCKET, SO_REUSEPORT, 1, action);
    const sockaddr = encodeSockaddr(addr);
    check(libc.bind(fd, sockaddr, sockaddr.length), "bind", action);
    check(libc.listen(fd, options.backlog), "listen", action);
    return fd;
  } catch (error) {
    libc.close(fd);
    throw error;
  }
}

function connect(addr: SocketAddr): number {
  const action = `connect to ${formatSocketAddr(addr)}`;
  const fd = openSocket(addr, action);
  const sockaddr = encodeSockaddr(addr);
  if (libc.connect(fd, sockaddr, sockaddr.length) === 0) return fd;
  const code = errno[0]!;
  // After EINTR the connect goes on too, and must not be made again: connect(2).
  if (code === EINPROGRESS || code === EINTR) return fd;
  libc.close(fd);
  throw osError(code, "connect", action);
}

function connectResult(fd: number): number {
  LENGTH[0] = 4;
  if (libc.getsockopt(fd, SOL_SOCKET, SO_ERROR, OPTION, LENGTH) < 0) {
    return -errno[0]!;
  }
  if (OPTION[0] !== 0) return -OPTION[0]!;
  // No error is pending while the connect is under way either. But a socket has
  // a peer only once it is connected.
  LENGTH[0] = ADDRESS.length;
  if (libc.getpeername(fd, ADDRESS, LENGTH) === 0) return 0;
  const code = errno[0]!;
  return code === ENOTCONN ? WOULD_BLOCK : -code;
}

function accept(fd: number): number {
  for (;;) {
    LENGTH[0] = PEER.length;
    const result = libc.accept4(
      fd,
      PEER,
      LENGTH,
      SOCK_NONBLOCK | SOCK_CLOEXEC,
    );
    if (result >= 0) return result;
    const code = errno[0]!;
    if (code !== EINTR) return -code;
  }
}

function acceptedAddr(): Deno.NetAddr {
  return decodeSockaddr(PEER);
}

function recv(fd: number, buf: Uint8Array, length: number): number {
  for (;;) {
    const result = libc.recv(fd, buf, length, 0);
    if (result >= 0) return result;
    const code = errno[0]!;
    if (code !== EINTR) return -code;
  }
}

function peek(fd: number, buf: Uint8Array, length: number): number {
  for (;;) {
    const result = libc.recv(fd, buf, length, MSG_PEEK);
    if (result >= 0) return result;
    const code = errno[0]!;
    if (code !== EINTR) return -code;
  }
}

function send(fd: number, buf: Uint8Array, length: number): number {
  for (;;) {
    const result = libc.send(fd, buf, length, MSG_NOSIGNAL);
    if (result >= 0) return result;
    const code = errno[0]!;
    if (code !== EINTR) return -code;
  }
}

function shutdown(fd: number, how: ShutdownHow): void {
  if (libc.shutdown(fd, SHUTDOWN_HOW[how]) === 0) return;
  const code = errno[0]!;
  // Reset by the peer, or ended by both: there is nothing left to shut down.
  if (code !== ENOTCONN) throw osError(code, "shutdown", `shut down ${how}`);
}

function close(fd: number): void {
  // Not again after EINTR: Linux has given the descriptor up by then (close(2)).
  libc.close(fd);
}

function localAddr(fd: number): Deno.NetAddr {
  LENGTH[0] = ADDRESS.length;
  const result = libc.getsockname(fd, ADDRESS, LENGTH);
  check(result, "getsockname", "get the local address of a socket");
  return decodeSockaddr(ADDRESS);
}

function remoteAddr(fd: number): Deno.NetAddr {
  LENGTH[0] = ADDRESS.length;
  const result = libc.getpeername(fd, ADDRESS, LENGTH);
  check(result, "getpeername", "get the remote address of a socket");
  return decodeSockaddr(ADDRESS);
}

/** Reads an `int` option. */
function getOption(
  fd: number,
  level: number,
  name: number,
  action: string,
): number {
  LENGTH[0] = 4;
  const result = libc.getsockopt(fd, level, name, OPTION, LENGTH);
  check(result, "getsockopt", action);
  return OPTION[0]!;
}

/** Writes an `int` option. */
function setOption(
  fd: number,
  level: number,
  name: number,
  value: number,
  action: string,
): void {
  OPTION[0] = value;
  check(libc.setsockopt(fd, level, name, OPTION, 4), "setsockopt", action);
}

function getLinger(fd: number): number | null {
  LENGTH[0] = 8;
  const result = libc.getsockopt(fd, SOL_SOCKET, SO_LINGER, OPTION, LENGTH);
  check(result, "getsockopt", "get the linger time");
  return OPTION[0] === 0 ? null : OPTION[1]!;
}

function setLinger(fd: number, seconds: number | null): void {
  const action = `set the linger time to ${seconds}`;
  OPTION[0] = seconds === null ? 0 : 1;
  OPTION[1] = seconds ?? 0;
  const result = libc.setsockopt(fd, SOL_SOCKET, SO_LINGER, OPTION, 8);
  check(result, "setsockopt", action);
}

function interfaceIndex(name: string): number {
  // The name ends at the first NUL for C, so one inside would name another.
  if (name.includes("\0")) return 0;
  return libc.if_nametoindex(new TextEncoder().encode(`${name}\0`));
}

/** TCP on Linux. */
export const linuxSockets: Sockets = {
  listen,
  connect,
  connectResult,
  accept,
  acceptedAddr,
  recv,
  peek,
  send,
  shutdown,
  close,
  localAddr,
  remoteAddr,
  getNoDelay: (fd) =>
    getOption(fd, IPPROTO_TCP, TCP_NODELAY, "get no-delay") !== 0,
  setNoDelay: (fd, on) =>
    setOption(fd, IPPROTO_TCP, TCP_NODELAY, on ? 1 : 0, "set no-delay"),
  getKeepAlive: (fd) =>
    getOption(fd, SOL_SOCKET, SO_KEEPALIVE, "get keep-alive") !== 0,
  setKeepAlive: (fd, on) =>
    setOption(fd, SOL_SOCKET, SO_KEEPALIVE, on ? 1 : 0, "set keep-alive"),
  getLinger,
  setLinger,
  getRecvBufferSize: (fd) =>
    getOption(fd, SOL_SOCKET, SO_RCVBUF, "get the receive buffer's size"),
  setRecvBufferSize: (fd, bytes) =>
    setOption(
      fd,
      SOL_SOCKET,
      SO_RCVBUF,
      bytes,
      `set the receive buffer's size to ${bytes}`,
    ),
  getSendBufferSize: (fd) =>
    getOption(fd, SOL_SOCKET, SO_SNDBUF, "get the send buffer's size"),
  setSendBufferSize: (fd, bytes) =>
    setOption(
      fd,
      SOL_SOCKET,
      SO_SNDBUF,
      bytes,
      `set the send buffer's size to ${bytes}`,
    ),
  interfaceIndex,
};
