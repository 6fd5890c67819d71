import {
  type Context,
  type Coroutine,
  Future,
  Pending,
  type Poll,
  type Waker,
} from "../future/mod.ts";
import { Interest, reactorOf, Source } from "../reactor/mod.ts";
import { formatIp, type SocketAddr } from "../sys/addr.ts";
import { osError } from "../sys/error.ts";
import { sockets } from "../sys/platform.ts";
import { WOULD_BLOCK } from "../sys/sockets.ts";
import { type CheckedAddress, formatAddress } from "./address.ts";
import { resolve } from "./resolve.ts";

/** Waits until a connect that was started has its outcome. */
class Connected extends Future<void> {
  readonly #source: Source;
  readonly #text: string;
  #waker: Waker | null = null;

  constructor(source: Source, text: string) {
    super();
    this.#source = source;
    this.#text = text;
  }

  override poll(cx: Context): Poll<void> {
    const source = this.#source;
    if (source.isWritable) {
      const result = sockets.connectResult(source.fd);
      if (result === 0) return;
      if (result !== WOULD_BLOCK) {
        throw osError(-result, "connect", `connect to ${this.#text}`);
      }
    }
    if (this.#waker !== null && this.#waker !== cx.waker) this.cancel();
    this.#waker = cx.waker;
    source.wait(reactorOf(cx), Interest.WRITABLE, cx.waker);
    return Pending;
  }

  override cancel(): void {
    if (this.#waker === null) return;
    this.#source.unwait(Interest.WRITABLE, this.#waker);
    this.#waker = null;
  }
}

/** A connection that was opened, before it is anybody's. */
export interface Connection {
  readonly source: Source;
  readonly remoteAddr: Deno.NetAddr;
}

/**
 * Opens a connection: looks the name up, and tries its addresses in turn. Throws
 * what the last of them said.
 */
export function* openConnection(
  address: CheckedAddress,
): Coroutine<Connection> {
  let lastError: unknown;
  for (const candidate of yield* resolve(address)) {
    try {
      return yield* tryAddress(candidate);
    } catch (error) {
      lastError = error;
    }
  }
  throw lastError;
}

function* tryAddress(address: SocketAddr): Coroutine<Connection> {
  const hostname = formatIp(address);
  const text = formatAddress(hostname, address.port);
  const source = new Source(sockets.connect(address));
  let connected = false;
  try {
    yield* new Connected(source, text);
    connected = true;
  } finally {
    // Failed or given up: a late outcome finds nobody.
    if (!connected) {
      source.detach();
      sockets.close(source.fd);
    }
  }
  const { port } = address;
  return { source, remoteAddr: { transport: "tcp", hostname, port } };
}
