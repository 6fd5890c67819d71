import {
  type Coroutine,
  describe,
  type Future,
  intoFuture,
} from "../future/mod.ts";
import {
  COMMIT_MOVE,
  type Movable,
  PREPARE_MOVE,
  registerMovable,
} from "../future/portable.ts";
import { Interest, Source } from "../reactor/mod.ts";
import { sockets } from "../sys/platform.ts";
import {
  checkAddress,
  type CheckedAddress,
  formatAddress,
  type TcpAddress,
} from "./address.ts";
import { openConnection } from "./connect.ts";
import { Socket } from "./socket.ts";
import {
  PEEK,
  READ,
  READ_EXACT,
  streamOp,
  WRITE,
  WRITE_ALL,
} from "./stream_ops.ts";
import { readableOf, writableOf } from "./web_streams.ts";

/** Makes a stream of a connected socket: for `connect` and `accept` alone. */
export let adoptStream: (source: Source, remote: Deno.NetAddr) => TcpStream;

function* connect(address: CheckedAddress): Coroutine<TcpStream> {
  const { source, remoteAddr } = yield* openConnection(address);
  return adoptStream(source, remoteAddr);
}

/** What travels in place of a stream that moves. */
interface MovedStream {
  readonly fd: number;
  readonly remoteAddr: Deno.NetAddr;
}

/**
 * A TCP connection.
 *
 * One operation may wait in each direction at a time, so one task may read while
 * another writes; a second reader or writer gets a `Deno.errors.Busy`. Errors are
 * those of `Deno.errors`, with the system call, the address and the
 * error's name (`ECONNRESET`) in the message, and the name in `code`.
 *
 * A stream belongs to the `block_on` or `run` in which it was opened, and is
 * closed at its end at the latest; `using` closes it sooner.
 *
 * As an argument or a result of a task on another thread a stream moves there.
 * What was the stream here does nothing when it is closed, and otherwise throws a
 * `Deno.errors.BadResource`. A stream for which an operation waits, or of which a
 * Web Stream was made, cannot move: that is a `Deno.errors.Busy`.
 *
 * @example Talking to oneself
 * ```ts
 * import { block_on, net, spawn } from "@edo/runtime";
 * import { assertEquals } from "@std/assert";
 *
 * block_on(function* () {
 *   using listener = net.TcpListener.bind({ port: 0 });
 *   spawn(function* (port: number) {
 *     using stream = yield* net.TcpStream.connect({ port });
 *     yield* stream.writeAll(new TextEncoder().encode("hello"));
 *   }, listener.addr.port);
 *   using stream = yield* listener.accept();
 *   const buffer = new Uint8Array(5);
 *   yield* stream.readExact(buffer);
 *   assertEquals(new TextDecoder().decode(buffer), "hello");
 *   assertEquals(yield* stream.read(buffer), null); // the end of the stream
 * });
 * ```
 */
export class TcpStream implements Movable {
  readonly #socket: Socket;
  readonly #remoteAddr: Deno.NetAddr;
  #readable: ReadableStream<Uint8Array<ArrayBuffer>> | null = null;
  #writable: WritableStream<Uint8Array> | null = null;

  static {
    adoptStream = (source, remote) => new TcpStream(source, remote);
    registerMovable(
      "edo.TcpStream",
      TcpStream,
      ({ fd, remoteAddr }: MovedStream) =>
        new TcpStream(new Source(fd), remoteAddr),
    );
  }

  /** Made by `connect` and `accept`. */
  private constructor(source: Source, remoteAddr: Deno.NetAddr) {
    const { hostname, port } = remoteAddr;
    const label = `the stream to ${formatAddress(hostname, port)}`;
    this.#socket = new Socket(source, label, true);
    this.#remoteAddr = remoteAddr;
  }

  /**
   * Opens a connection. The addresses that a host name stands for are tried in
   * turn until one answers. Inside `block_on` another thread looks it up, which
   * has to start first; `localhost` and IP addresses need none.
   *
   * @throws {Deno.errors.ConnectionRefused} If nobody listens there, and other
   * errors of that kind.
   * @throws {Deno.errors.NotCapable} If `--allow-net` does not cover the name, or
   * an address that it stands for.
   * @throws {Deno.errors.NotFound} If the name stands for nothing.
   * @throws {Deno.errors.NotSupported} On a system without a reactor for sockets.
   * @throws {TypeError | RangeError} If the address is malformed.
   */
  static connect(address: TcpAddress): Future<TcpStream> {
    return intoFuture(connect(checkAddress("connect", address)));
  }

  /**
   * Reads what is there, at least one byte.
   *
   * @param buffer Where to; it must not be used otherwise until then.
   * @returns The number of bytes read, or null at the end of the stream.
   * @throws {Deno.errors.ConnectionReset} If the peer reset the connection.
   * @throws {Deno.errors.BadResource} If the stream is closed, also meanwhile.
   * @throws {Deno.errors.Busy} If another read waits.
   */
  read(buffer: Uint8Array): Future<number | null> {
    return streamOp(this.#socket.here("read from"), READ, buffer);
  }

  /**
   * Reads until the buffer is full.
   *
   * @throws {Deno.errors.UnexpectedEof} If the stream ends before; what was read
   * is in the buffer.
   */
  readExact(buffer: Uint8Array): Future<void> {
    return streamOp(this.#socket.here("read from"), READ_EXACT, buffer);
  }

  /** As `read`, but leaves the bytes to be read again. */
  peek(buffer: Uint8Array): Future<number | null> {
    return streamOp(this.#socket.here("peek at"), PEEK, buffer);
  }

  /**
   * Writes as much as there is room for.
   *
   * @param data What to write; it must not change until then.
   * @param length How many bytes of it; all, if left out.
   * @returns The number of bytes taken, which may be fewer than there are.
   * @throws {Deno.errors.BrokenPipe} If the write side was shut down or the peer
   * is gone. No signal is raised.
   */
  write(data: Uint8Array, length?: number): Future<number> {
    return streamOp(this.#socket.here("write to"), WRITE, data, length);
  }

  /**
   * Writes all bytes, waiting for room as often as it takes. If it is cancelled,
   * some of them may have been written.
   *
   * @param data What to write; it must not change until then.
   * @param length How many bytes of it; all, if left out. It spares making a
   * `subarray` of a buffer that is not full, which takes as long as all the rest
   * of a small write that is not the system's.
   */
  writeAll(data: Uint8Array, length?: number): Future<void> {
    return streamOp(this.#socket.here("write to"), WRITE_ALL, data, length);
  }

  /**
   * Ends one direction, or both. After `write`, which is the default, the peer
   * reads the end of the stream and may go on sending. Doing it again is fine, and
   * so it is when the peer has reset the connection.
   *
   * @throws {Deno.errors.BadResource} If the stream is closed.
   * @throws {TypeError} If `how` is none of the three.
   */
  shutdown(how: "read" | "write" | "both" = "write"): void {
    if (how !== "read" && how !== "write" && how !== "both") {
      throw new TypeError(
        `Cannot shut down: how is ${
          describe(how)
        }, not "read", "write" or "both"`,
      );
    }
    sockets.shutdown(this.#socket.openFd("shut down"), how);
    // Not every system reports this side's own doing to a reader that waits.
    if (how !== "write") this.#socket.source.dispatch(Interest.READABLE);
  }

  /** Closes the stream. Operations that wait fail; closing again does nothing. */
  close(): void {
    this.#socket.close();
  }

  /** Whether the stream was closed on this side, or moved to another task. */
  get isClosed(): boolean {
    return this.#socket.isClosed;
  }

  /** This side's address. */
  get localAddr(): Deno.NetAddr {
    return sockets.localAddr(this.#socket.openFd("ask the address of"));
  }

  /** The peer's address, also after it has gone or the stream was closed. */
  get remoteAddr(): Deno.NetAddr {
    return { ...this.#remoteAddr };
  }

  /** Whether small writes go out at once instead of being gathered (Nagle). */
  setNoDelay(on: boolean = true): void {
    sockets.setNoDelay(this.#socket.openFd("set the options of"), on);
  }

  /** Whether the system probes a silent peer, to find out that it has gone. */
  setKeepAlive(on: boolean = true): void {
    sockets.setKeepAlive(this.#socket.openFd("set the options of"), on);
  }

  /** The stream's bytes as a Web Stream, for code that runs on Deno's loop. */
  get readable(): ReadableStream<Uint8Array<ArrayBuffer>> {
    this.#socket.here("read from");
    return this.#readable ??= readableOf(this);
  }

  /** The stream's write side as a Web Stream, for code that runs on Deno's loop. */
  get writable(): WritableStream<Uint8Array> {
    this.#socket.here("write to");
    return this.#writable ??= writableOf(this);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Part of sending it to another task. */
  [PREPARE_MOVE](): MovedStream {
    const fd = this.#socket.movableFd();
    if (this.#readable !== null || this.#writable !== null) {
      throw new Deno.errors.Busy(
        `Cannot move ${this.#socket.label}: its Web Streams are in use`,
      );
    }
    return { fd, remoteAddr: this.#remoteAddr };
  }

  /** Part of sending it to another task. */
  [COMMIT_MOVE](): void {
    this.#socket.move();
  }
}
