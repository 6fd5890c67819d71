/**
 * What the tests of TCP share: connections, bytes whose order can be checked, and
 * peers that do what no `TcpStream` does.
 *
 * @module
 */
import {
  block_on,
  type Coroutine,
  type IntoFuture,
  net,
  run,
  time,
  yieldNow,
} from "../../mod.ts";
import { parseIp } from "../../src/sys/addr.ts";
import { sockets } from "../../src/sys/platform.ts";
import { WOULD_BLOCK } from "../../src/sys/sockets.ts";
import { edoTest, type EdoTestOptions } from "../helpers/leaks.ts";

/** How long the body of a test may take before it has failed, in milliseconds. */
const DEADLINE_MS = 20_000;

function* withDeadline(body: () => Coroutine<void>): Coroutine<void> {
  yield* time.timeout(DEADLINE_MS, body());
}

/** Tests the same on a blocked thread and on Deno's event loop. */
export function bothWays(
  name: string,
  body: () => Coroutine<void>,
  options: EdoTestOptions = {},
): void {
  edoTest(`inside block_on, ${name}`, () => {
    block_on(withDeadline, body);
  }, options);
  edoTest(`inside run, ${name}`, async () => {
    await run(withDeadline, body);
  }, options);
}

/** Both ends of a connection. */
export class Pair implements Disposable {
  readonly client: net.TcpStream;
  readonly server: net.TcpStream;

  constructor(client: net.TcpStream, server: net.TcpStream) {
    this.client = client;
    this.server = server;
  }

  [Symbol.dispose](): void {
    this.client.close();
    this.server.close();
  }
}

/** Connects a client to a listener, or to one that is closed again. */
export function* connectPair(listener?: net.TcpListener): Coroutine<Pair> {
  if (listener === undefined) {
    using own = net.TcpListener.bind({ port: 0 });
    return yield* connectPair(own);
  }
  const client = yield* net.TcpStream.connect(listener.addr);
  return new Pair(client, yield* listener.accept());
}

/** The descriptor of a stream, found by its two addresses. */
export function fdOf(stream: net.TcpStream): number {
  const addresses = JSON.stringify([stream.localAddr, stream.remoteAddr]);
  for (const fd of possibleFds()) {
    try {
      const found = [sockets.localAddr(fd), sockets.remoteAddr(fd)];
      if (JSON.stringify(found) === addresses) return fd;
    } catch {
      // No socket, or one without a peer.
    }
  }
  throw new Error(`Cannot find the descriptor of the stream ${addresses}`);
}

/** What may be a descriptor of this process; on Windows, a small handle. */
function possibleFds(): number[] {
  return Deno.build.os === "windows"
    ? Array.from({ length: 4_096 }, (_, i) => 4 * i + 4)
    : [...Deno.readDirSync("/proc/self/fd")].map(({ name }) => Number(name));
}

/** A connection made of system calls alone, which can be made to misbehave. */
export class RawPeer implements Disposable {
  readonly fd: number;
  #closed = false;

  private constructor(fd: number) {
    this.fd = fd;
  }

  /** Connects to a listener of this machine, which takes no time. */
  static connect(addr: Deno.NetAddr): RawPeer {
    const fd = sockets.connect(parseIp(addr.hostname, addr.port));
    const result = sockets.connectResult(fd);
    if (result !== 0) {
      sockets.close(fd);
      throw new Error(`Cannot connect a raw peer: ${result}`);
    }
    return new RawPeer(fd);
  }

  /** Sends what the kernel takes; returns how much, or minus the error. */
  send(data: Uint8Array | string): number {
    const bytes = typeof data === "string" ? encode(data) : data;
    return sockets.send(this.fd, bytes, bytes.length);
  }

  /** What has arrived, as text; null at the end of the stream. */
  *receive(): Coroutine<string | null> {
    const buffer = new Uint8Array(64 * 1024);
    for (;;) {
      const n = sockets.recv(this.fd, buffer, buffer.length);
      if (n > 0) return decode(buffer.subarray(0, n));
      if (n === 0) return null;
      if (n !== WOULD_BLOCK) throw new Error(`Cannot receive: ${n}`);
      yield* yieldNow();
    }
  }

  /** Throws away what was not sent, and resets the connection. */
  reset(): void {
    sockets.setLinger(this.fd, 0);
    this[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    if (this.#closed) return;
    this.#closed = true;
    sockets.close(this.fd);
  }
}

/** A pair of which the client is raw. */
export function* rawPair(): Coroutine<{
  peer: RawPeer;
  stream: net.TcpStream;
}> {
  using listener = net.TcpListener.bind({ port: 0 });
  const peer = RawPeer.connect(listener.addr);
  return { peer, stream: yield* listener.accept() };
}

export function encode(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

export function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** Reads once and returns it as text; null at the end of the stream. */
export function* readText(
  stream: net.TcpStream,
  length: number = 1024,
): Coroutine<string | null> {
  const buffer = new Uint8Array(length);
  const n = yield* stream.read(buffer);
  return n === null ? null : decode(buffer.subarray(0, n));
}

/** The text up to the end of the stream. */
export function* readToEnd(stream: net.TcpStream): Coroutine<string> {
  let text = "";
  for (;;) {
    const more = yield* readText(stream);
    if (more === null) return text;
    text += more;
  }
}

/** What a future throws. */
export function* caught(future: IntoFuture<unknown>): Coroutine<unknown> {
  try {
    yield* future;
  } catch (error) {
    return error;
  }
  throw new Error("Cannot catch an error: nothing was thrown");
}

/** Gives other tasks turns until a condition holds. */
export function* until(holds: () => boolean): Coroutine<void> {
  while (!holds()) yield* yieldNow();
}

/** Lets everything that is ready now run, some rounds deep. */
export function* settle(): Coroutine<void> {
  for (let round = 0; round < 10; round++) yield* yieldNow();
}

/** A prime, so that no chunk begins at the same place of the pattern twice. */
const PATTERN_LENGTH = 65_537;
const PATTERN = Uint8Array.from(
  { length: 2 * PATTERN_LENGTH },
  (_, i) => ((i % PATTERN_LENGTH) * 31 + ((i % PATTERN_LENGTH) >> 8)) & 255,
);

/** `length` bytes, at most 64 Ki, of an endless pattern, from an offset on. */
export function pattern(offset: number, length: number): Uint8Array {
  const start = offset % PATTERN_LENGTH;
  return PATTERN.subarray(start, start + length);
}

/** Throws unless bytes are those of the pattern at an offset. */
export function assertPattern(offset: number, bytes: Uint8Array): void {
  const start = offset % PATTERN_LENGTH;
  for (let i = 0; i < bytes.length; i++) {
    if (bytes[i] !== PATTERN[start + i]) {
      throw new Error(`byte ${offset + i} is not the one that was sent`);
    }
  }
}

/** Sends the first `total` bytes of the pattern. */
export function* sendPattern(
  stream: net.TcpStream,
  total: number,
  chunk: number = 64 * 1024,
): Coroutine<void> {
  for (let sent = 0; sent < total; sent += chunk) {
    yield* stream.writeAll(pattern(sent, Math.min(chunk, total - sent)));
  }
}

/** Reads `total` bytes, which have to be the first ones of the pattern. */
export function* expectPattern(
  stream: net.TcpStream,
  total: number,
  chunk: number = 64 * 1024,
): Coroutine<void> {
  const buffer = new Uint8Array(chunk);
  for (let got = 0; got < total;) {
    const n = yield* stream.read(buffer);
    if (n === null) throw new Error(`the stream ended after ${got} bytes`);
    assertPattern(got, buffer.subarray(0, n));
    got += n;
  }
}

/**
 * A host name of this machine that stands for 127.0.0.1 and is not `localhost`,
 * so that it has to be looked up, without asking the network. Null: it has none.
 */
export const nameOfLoopback: string | null = findNameOfLoopback();

function findNameOfLoopback(): string | null {
  let hosts: string;
  try {
    hosts = Deno.readTextFileSync("/etc/hosts");
  } catch {
    return null;
  }
  for (const line of hosts.split("\n")) {
    const [ip, ...names] = line.replace(/#.*/, "").trim().split(/\s+/);
    if (ip !== "127.0.0.1") continue;
    const name = names.find((name) => !/^localhost\.?$/i.test(name));
    if (name !== undefined) return name;
  }
  return null;
}
