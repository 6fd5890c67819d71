import { describe, type Future } from "../future/mod.ts";
import {
  COMMIT_MOVE,
  type Movable,
  PREPARE_MOVE,
  registerMovable,
} from "../future/portable.ts";
import { Source } from "../reactor/mod.ts";
import { formatIp } from "../sys/addr.ts";
import { sockets } from "../sys/platform.ts";
import { AcceptOp } from "./accept_op.ts";
import {
  checkAddress,
  formatAddress,
  knownAddresses,
  type TcpAddress,
} from "./address.ts";
import { refuseDenied, requireNet } from "./permission.ts";
import { Socket } from "./socket.ts";
import type { TcpStream } from "./tcp_stream.ts";

/** Where a listener listens, and how. */
export interface TcpListenOptions extends TcpAddress {
  /**
   * How many connections may wait to be accepted: 511 if left out, as Node.js
   * has it. The system may cut it (Linux to `net.core.somaxconn`).
   */
  backlog?: number;
  /**
   * Whether several listeners that all ask for it share the port, and the system
   * spreads connections over them. Linux only.
   */
  reusePort?: boolean;
}

/** What travels in place of a listener that moves. */
interface MovedListener {
  readonly fd: number;
  readonly addr: Deno.NetAddr;
}

/** Node.js' default: enough for a burst, within what systems allow. */
const DEFAULT_BACKLOG = 511;

/**
 * A socket that accepts TCP connections.
 *
 * Any number of tasks may wait in `accept`. A listener belongs to the `block_on`
 * or `run` in which it was bound, and is closed at its end at the latest; one that
 * was bound outside belongs to you.
 *
 * As an argument or a result of a task on another thread a listener moves there,
 * as a {@linkcode TcpStream} does, unless somebody waits in `accept`.
 *
 * @example In ordinary async code
 * ```ts
 * import { net } from "@edo/runtime";
 * import { assertEquals } from "@std/assert";
 *
 * using listener = net.TcpListener.bind({ hostname: "127.0.0.1", port: 0 });
 * using client = await net.TcpStream.connect(listener.addr);
 * using server = await listener.accept();
 * assertEquals(server.remoteAddr, client.localAddr);
 * ```
 */
export class TcpListener implements Movable {
  readonly #socket: Socket;
  readonly #addr: Deno.NetAddr;

  static {
    registerMovable(
      "edo.TcpListener",
      TcpListener,
      ({ fd, addr }: MovedListener) => new TcpListener(fd, addr),
    );
  }

  private constructor(fd: number, addr: Deno.NetAddr) {
    const label = `the listener on ${formatAddress(addr.hostname, addr.port)}`;
    this.#socket = new Socket(new Source(fd), label, false);
    this.#addr = addr;
  }

  /**
   * Starts to listen.
   *
   * @throws {Deno.errors.AddrInUse} If somebody else listens there, and other
   * errors of that kind.
   * @throws {Deno.errors.NotCapable} If `--allow-net` does not cover the address.
   * @throws {Deno.errors.NotFound} If the host name is neither an IP address nor
   * `localhost`.
   * @throws {TypeError | RangeError} If an option is malformed.
   */
  static bind(options: TcpListenOptions): TcpListener {
    const { hostname, port, text } = checkAddress("listen", options);
    const { backlog = DEFAULT_BACKLOG, reusePort = false } = options;
    if (!Number.isInteger(backlog) || backlog < 1 || backlog >= 2 ** 31) {
      throw new RangeError(
        `Cannot listen on ${text}: backlog is ${
          describe(backlog)
        }, not a whole number ` +
          "from 1 to 2147483647",
      );
    }
    if (typeof reusePort !== "boolean") {
      throw new TypeError(
        `Cannot listen on ${text}: reusePort is ${
          describe(reusePort, false)
        }, ` +
          "not true or false",
      );
    }
    requireNet(hostname, port);
    const [address] = knownAddresses(hostname, port);
    if (address === undefined) {
      throw new Deno.errors.NotFound(
        `Cannot listen on ${text}: hostname is neither an IP address nor localhost`,
      );
    }
    const ip = formatIp(address);
    if (ip !== hostname) refuseDenied(ip, port);
    const fd = sockets.listen(address, { backlog, reusePort });
    let addr: Deno.NetAddr;
    try {
      addr = sockets.localAddr(fd);
    } catch (error) {
      sockets.close(fd);
      throw error;
    }
    return new TcpListener(fd, addr);
  }

  /**
   * Takes the next connection.
   *
   * While the process or the system has no descriptor left (`EMFILE`) the
   * connection stays where it is, and is tried again until there is one: running
   * out must not end a server.
   *
   * @throws {Deno.errors.BadResource} If the listener is closed, also meanwhile.
   */
  accept(): Future<TcpStream> {
    return new AcceptOp(this.#socket.here("accept on"));
  }

  /** The address it listens on, with the port that it got. */
  get addr(): Deno.NetAddr {
    return { ...this.#addr };
  }

  /** Stops listening. Those who wait in `accept` fail; again: does nothing. */
  close(): void {
    this.#socket.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** The connections, one after another, until the listener is closed. */
  async *[Symbol.asyncIterator](): AsyncGenerator<TcpStream, void, void> {
    const socket = this.#socket;
    const isClosed = () => socket.isClosed && !socket.isMoved;
    while (!isClosed()) {
      let stream: TcpStream;
      try {
        stream = await this.accept();
      } catch (error) {
        if (isClosed()) return;
        throw error;
      }
      yield stream;
    }
  }

  /** Part of sending it to another task. */
  [PREPARE_MOVE](): MovedListener {
    return { fd: this.#socket.movableFd(), addr: this.#addr };
  }

  /** Part of sending it to another task. */
  [COMMIT_MOVE](): void {
    this.#socket.move();
  }
}
