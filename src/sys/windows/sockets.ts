/** TCP on Windows; what each function has to do stands in `../sockets.ts`. */

import { formatSocketAddr, type SocketAddr } from "../addr.ts";
import { osError } from "../error.ts";
import {
  type ListenOptions,
  type ShutdownHow,
  type Sockets,
  WOULD_BLOCK,
} from "../sockets.ts";
import {
  FIONBIO,
  HANDLE_FLAG_INHERIT,
  IPPROTO_IPV6,
  IPPROTO_TCP,
  IPV6_V6ONLY,
  MSG_PEEK,
  SD_BOTH,
  SD_RECEIVE,
  SD_SEND,
  SO_CONNECT_TIME,
  SO_ERROR,
  SO_KEEPALIVE,
  SO_LINGER,
  SO_RCVBUF,
  SO_SNDBUF,
  SOCK_STREAM,
  SOL_SOCKET,
  TCP_NODELAY,
  WINSOCK_VERSION,
  WSA_FLAG_NO_HANDLE_INHERIT,
  WSA_FLAG_OVERLAPPED,
} from "./constants.ts";
import { kernel32 } from "./kernel32.ts";
import { LINGER, SOCKADDR_IN6 } from "./layouts.ts";
import { addressFamily, decodeSockaddr, encodeSockaddr } from "./sockaddr.ts";
import { asHandle, ws2 } from "./ws2_32.ts";
import { errnoOfWsa } from "./wsa_error.ts";

/** Winsock's numbers that are treated specially. */
const WSAEWOULDBLOCK = 10035;
const WSAECONNRESET = 10054;
const WSAENOTCONN = 10057;
const WSAESHUTDOWN = 10058;

/** Linux's numbers that stand for some of them. */
const EPIPE = 32;
const ECONNABORTED = 103;

/** Where the system writes addresses. */
const ADDRESS = new Uint8Array(SOCKADDR_IN6.size);
/** Where `accept` writes the peer's; it has to survive until it is asked for. */
const PEER = new Uint8Array(SOCKADDR_IN6.size);
/** The room there is for an answer, then what was written. */
const LENGTH = new Int32Array(1);
const LENGTH_BYTES = new Uint8Array(LENGTH.buffer);
/** An `int` option. */
const OPTION = new Int32Array(1);
const OPTION_BYTES = new Uint8Array(OPTION.buffer);
const LINGER_OPTION = new Uint16Array(LINGER.size / 2);
const LINGER_BYTES = new Uint8Array(LINGER_OPTION.buffer);
/** The argument that makes a socket non-blocking. */
const ON = Uint8Array.of(1, 0, 0, 0);

/**
 * The most that one `send` is given. Winsock takes whatever it is given, however
 * much, as long as less than the send buffer's size is on its way (Microsoft's
 * "Design issues - Sending small data segments over TCP with Winsock"): a gigabyte
 * written to a slow peer at once would be copied into the kernel.
 */
const MAX_SEND = 256 * 1024;

const SHUTDOWN_HOW = { read: SD_RECEIVE, write: SD_SEND, both: SD_BOTH };

/** What the call that just failed says, as Linux's number. */
function lastErrno(): number {
  return errnoOfWsa(ws2.WSAGetLastError());
}

/** Throws the error of the call that just failed, if it did. */
function check(result: number, syscall: string, action: string): number {
  if (result < 0) throw osError(lastErrno(), syscall, action);
  return result;
}

let started = false;

/** Winsock has to be started by each library that uses it, and may be again. */
function start(): void {
  if (started) return;
  // WSADATA, which says nothing of interest; 408 bytes on 64-bit Windows.
  const code = ws2.WSAStartup(WINSOCK_VERSION, new Uint8Array(512));
  // It returns its error: without Winsock there is no last one.
  if (code !== 0) throw osError(errnoOfWsa(code), "WSAStartup", "use sockets");
  started = true;
}

function openSocket(addr: SocketAddr, action: string): number {
  start();
  const socket = ws2.WSASocketW(
    addressFamily(addr),
    SOCK_STREAM,
    IPPROTO_TCP,
    null,
    0,
    WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT,
  );
  check(socket, "WSASocketW", action);
  try {
    const result = ws2.ioctlsocket(asHandle(socket), FIONBIO, ON);
    check(result, "ioctlsocket", action);
    return socket;
  } catch (error) {
    close(socket);
    throw error;
  }
}

function listen(addr: SocketAddr, options: ListenOptions): number {
  const action = `listen on ${formatSocketAddr(addr)}`;
  if (options.reusePort) {
    throw new Deno.errors.NotSupported(
      `Cannot ${action}: reusePort is not supported on Windows`,
    );
  }
  const socket = openSocket(addr, action);
  try {
    const sockaddr = encodeSockaddr(addr);
    const handle = asHandle(socket);
    check(ws2.bind(handle, sockaddr, sockaddr.length), "bind", action);
    check(ws2.listen(handle, options.backlog), "listen", action);
    return socket;
  } catch (error) {
    close(socket);
    throw error;
  }
}

function connect(addr: SocketAddr): number {
  const action = `connect to ${formatSocketAddr(addr)}`;
  const socket = openSocket(addr, action);
  const handle = asHandle(socket);
  if (addr.family === 6) {
    // For IPv4 inside IPv6, `::ffff:127.0.0.1`, which is off to begin with. Where
    // this fails, connecting to such an address does.
    OPTION[0] = 0;
    ws2.setsockopt(handle, IPPROTO_IPV6, IPV6_V6ONLY, OPTION_BYTES, 4);
  }
  const sockaddr = encodeSockaddr(addr);
  if (ws2.connect(handle, sockaddr, sockaddr.length) === 0) return socket;
  const code = ws2.WSAGetLastError();
  if (code === WSAEWOULDBLOCK) return socket;
  close(socket);
  throw osError(errnoOfWsa(code), "connect", action);
}

function connectResult(socket: number): number {
  const handle = asHandle(socket);
  const error = optionOf(handle, SOL_SOCKET, SO_ERROR);
  if (error < 0) return error;
  const pending = OPTION[0]!;
  if (pending !== 0) return -errnoOfWsa(pending);
  // Neither is there an error while the connect is under way. But a socket knows
  // for how many seconds it has been connected, and says -1 if it is not.
  const time = optionOf(handle, SOL_SOCKET, SO_CONNECT_TIME);
  if (time < 0) return time;
  return OPTION[0] === -1 ? WOULD_BLOCK : 0;
}

function accept(socket: number): number {
  LENGTH[0] = PEER.length;
  const result = ws2.accept(asHandle(socket), PEER, LENGTH_BYTES);
  if (result < 0) {
    const code = ws2.WSAGetLastError();
    // To Winsock it is the connection that was reset. To the others it is an
    // accept that was aborted, and the next one may be fine.
    return code === WSAECONNRESET ? -ECONNABORTED : -errnoOfWsa(code);
  }
  // Non-blocking it is, as the listener; but it may be inheritable, and no call
  // of Winsock's accepts it otherwise. A program that another thread starts right
  // between these two calls gets it.
  kernel32.SetHandleInformation(asHandle(result), HANDLE_FLAG_INHERIT, 0);
  return result;
}

function acceptedAddr(): Deno.NetAddr {
  return decodeSockaddr(PEER);
}

function receive(
  socket: number,
  buf: Uint8Array,
  length: number,
  flags: number,
): number {
  const result = ws2.recv(
    asHandle(socket),
    buf as Uint8Array<ArrayBuffer>,
    length,
    flags,
  );
  if (result >= 0) return result;
  const code = ws2.WSAGetLastError();
  // This side has shut its reading down: elsewhere that is an end of the stream.
  return code === WSAESHUTDOWN ? 0 : -errnoOfWsa(code);
}

function recv(socket: number, buf: Uint8Array, length: number): number {
  return receive(socket, buf, length, 0);
}

function peek(socket: number, buf: Uint8Array, length: number): number {
  return receive(socket, buf, length, MSG_PEEK);
}

function send(socket: number, buf: Uint8Array, length: number): number {
  const bytes = buf as Uint8Array<ArrayBuffer>;
  const most = length < MAX_SEND ? length : MAX_SEND;
  const result = ws2.send(asHandle(socket), bytes, most, 0);
  if (result >= 0) return result;
  const code = ws2.WSAGetLastError();
  // Winsock has a name of its own for what is a broken pipe elsewhere.
  return code === WSAESHUTDOWN ? -EPIPE : -errnoOfWsa(code);
}

function shutdown(socket: number, how: ShutdownHow): void {
  if (ws2.shutdown(asHandle(socket), SHUTDOWN_HOW[how]) === 0) return;
  const code = ws2.WSAGetLastError();
  switch (code) {
    // Reset by the peer, or ended by both: there is nothing left to shut down.
    case WSAENOTCONN:
    case WSAECONNRESET:
    case WSAESHUTDOWN:
      return;
  }
  throw osError(errnoOfWsa(code), "shutdown", `shut down ${how}`);
}

function close(socket: number): void {
  ws2.closesocket(asHandle(socket));
}

function localAddr(socket: number): Deno.NetAddr {
  LENGTH[0] = ADDRESS.length;
  const result = ws2.getsockname(asHandle(socket), ADDRESS, LENGTH_BYTES);
  check(result, "getsockname", "get the local address of a socket");
  return decodeSockaddr(ADDRESS);
}

function remoteAddr(socket: number): Deno.NetAddr {
  LENGTH[0] = ADDRESS.length;
  const result = ws2.getpeername(asHandle(socket), ADDRESS, LENGTH_BYTES);
  check(result, "getpeername", "get the remote address of a socket");
  return decodeSockaddr(ADDRESS);
}

/** Reads an option into `OPTION`; returns 0, or minus the error's number. */
function optionOf(handle: bigint, level: number, name: number): number {
  // Some answers have one byte only, though four are asked for.
  OPTION[0] = 0;
  LENGTH[0] = 4;
  const result = ws2.getsockopt(
    handle,
    level,
    name,
    OPTION_BYTES,
    LENGTH_BYTES,
  );
  return result === 0 ? 0 : -lastErrno();
}

/** Reads an `int` option. */
function getOption(
  socket: number,
  level: number,
  name: number,
  action: string,
): number {
  const result = optionOf(asHandle(socket), level, name);
  if (result < 0) throw osError(-result, "getsockopt", action);
  return OPTION[0]!;
}

/** Writes an `int` option. */
function setOption(
  socket: number,
  level: number,
  name: number,
  value: number,
  action: string,
): void {
  OPTION[0] = value;
  const handle = asHandle(socket);
  const result = ws2.setsockopt(handle, level, name, OPTION_BYTES, 4);
  check(result, "setsockopt", action);
}

function getLinger(socket: number): number | null {
  LENGTH[0] = LINGER.size;
  const result = ws2.getsockopt(
    asHandle(socket),
    SOL_SOCKET,
    SO_LINGER,
    LINGER_BYTES,
    LENGTH_BYTES,
  );
  check(result, "getsockopt", "get the linger time");
  return LINGER_OPTION[LINGER.onoff / 2] === 0
    ? null
    : LINGER_OPTION[LINGER.linger / 2]!;
}

function setLinger(socket: number, seconds: number | null): void {
  LINGER_OPTION[LINGER.onoff / 2] = seconds === null ? 0 : 1;
  LINGER_OPTION[LINGER.linger / 2] = seconds ?? 0;
  const result = ws2.setsockopt(
    asHandle(socket),
    SOL_SOCKET,
    SO_LINGER,
    LINGER_BYTES,
    LINGER.size,
  );
  check(result, "setsockopt", `set the linger time to ${seconds}`);
}

/** TCP on Windows. */
export const windowsSockets: Sockets = {
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
  // Windows writes scopes as numbers: `fe80::1%7`.
  interfaceIndex: () => 0,
};
