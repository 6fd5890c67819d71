/** Winsock, as the contract of `src/sys/sockets.ts` wants it. */

import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertThrows,
} from "@std/assert";
import { parseIp } from "../../src/sys/addr.ts";
import { windowsSockets as sockets } from "../../src/sys/windows/sockets.ts";
import { fileHandleCount, isInheritable } from "./handles.ts";
import { onWindows, Opened, spin } from "./support.ts";

const WOULD_BLOCK = -11;
const NOT_A_SOCKET = -88;
const NOT_CONNECTED = -107;

/** A handle that nobody has. */
const NO_SOCKET = 0x7ffc;
const LOOPBACKS = ["127.0.0.1", "::1"];

function test(name: string, fn: () => void | Promise<void>): void {
  Deno.test({ name, fn, ...onWindows });
}

/** What a call throws. */
function thrown(call: () => unknown): Error & { code?: string } {
  try {
    call();
  } catch (error) {
    assertInstanceOf(error, Error);
    return error;
  }
  throw new Error("Cannot catch an error: nothing was thrown");
}

for (const hostname of LOOPBACKS) {
  test(`Winsock makes, uses and ends a connection over ${hostname}`, () => {
    using open = new Opened();
    const listener = open.listen(hostname);
    const addr = sockets.localAddr(listener);
    assertEquals(addr.hostname, hostname);
    assertEquals(sockets.accept(listener), WOULD_BLOCK);
    const client = open.connectTo(listener);
    assertEquals(spin(() => sockets.connectResult(client)), 0);
    const server = open.keep(spin(() => sockets.accept(listener)));
    assertEquals(sockets.acceptedAddr(), sockets.localAddr(client));
    assertEquals(sockets.remoteAddr(server), sockets.localAddr(client));
    assertEquals(sockets.remoteAddr(client), addr);

    const buf = new Uint8Array(8);
    assertEquals(sockets.recv(server, buf, 8), WOULD_BLOCK);
    assertEquals(sockets.peek(server, buf, 8), WOULD_BLOCK);
    assertEquals(sockets.send(client, Uint8Array.of(1, 2, 3, 4), 3), 3);
    assertEquals(spin(() => sockets.peek(server, buf, 2)), 2);
    assertEquals(sockets.peek(server, buf, 8), 3);
    assertEquals(sockets.recv(server, buf.subarray(4), 2), 2);
    assertEquals(sockets.recv(server, buf.subarray(6), 2), 1);
    assertEquals([...buf], [1, 2, 3, 0, 1, 2, 3, 0]);

    sockets.shutdown(client, "write");
    assertEquals(spin(() => sockets.recv(server, buf, 8)), 0);
    assertEquals(sockets.peek(server, buf, 8), 0);
    assertEquals(sockets.send(server, Uint8Array.of(9), 1), 1);
    assertEquals(spin(() => sockets.recv(client, buf, 8)), 1);
    assertEquals(buf[0], 9);
  });

  test(`Winsock's options over ${hostname} read back as they were set`, () => {
    using open = new Opened();
    const listener = open.listen(hostname);
    for (const socket of open.pair(listener)) {
      for (const on of [true, false, true]) {
        sockets.setNoDelay(socket, on);
        sockets.setKeepAlive(socket, !on);
        assertEquals(sockets.getNoDelay(socket), on);
        assertEquals(sockets.getKeepAlive(socket), !on);
      }
      assertEquals(sockets.getLinger(socket), null);
      for (const seconds of [0, 1, 5, null]) {
        sockets.setLinger(socket, seconds);
        assertEquals(sockets.getLinger(socket), seconds);
      }
      sockets.setRecvBufferSize(socket, 20_000);
      sockets.setSendBufferSize(socket, 30_000);
      assert(sockets.getRecvBufferSize(socket) >= 20_000);
      assert(sockets.getSendBufferSize(socket) >= 30_000);
    }
  });
}

test("no socket of Windows is inherited by programs that are started", () => {
  using open = new Opened();
  const listener = open.listen();
  for (const socket of [listener, ...open.pair(listener)]) {
    assertEquals(isInheritable(socket), false);
  }
});

test("Windows refuses an address in use, and lets nobody share one", () => {
  using open = new Opened();
  const { port } = sockets.localAddr(open.listen());
  const error = thrown(() => open.listen("127.0.0.1", port));
  assertInstanceOf(error, Deno.errors.AddrInUse);
  assertEquals(error.code, "EADDRINUSE");
  const address = parseIp("127.0.0.1", 0);
  assertThrows(
    () => sockets.listen(address, { backlog: 1, reusePort: true }),
    Deno.errors.NotSupported,
    "Cannot listen on 127.0.0.1:0: reusePort is not supported on Windows",
  );
});

test("an address that is not this machine's gives AddrNotAvailable", () => {
  const before = fileHandleCount();
  using open = new Opened();
  for (let i = 0; i < 100; i++) {
    const error = thrown(() => open.listen("192.0.2.1"));
    assertInstanceOf(error, Deno.errors.AddrNotAvailable);
  }
  assertEquals(fileHandleCount(), before);
});

test("a refused connect of Windows is a refused connect", () => {
  using open = new Opened();
  const listener = open.listen();
  const { port } = sockets.localAddr(listener);
  open.close(listener);
  const client = open.keep(sockets.connect(parseIp("127.0.0.1", port)));
  assertEquals(spin(() => sockets.connectResult(client)), -111);
});

test("what Winsock says of a reset, and of writing after it, is Linux's error", () => {
  using open = new Opened();
  const [client, server] = open.pair();
  open.reset(client);
  const buf = new Uint8Array(8);
  const result = spin(() => sockets.recv(server, buf, 8));
  assert(result === -104 || result === -103, `recv returned ${result}`);
  const sent = sockets.send(server, buf, 8);
  assert([-104, -103, -32].includes(sent), `send returned ${sent}`);
  sockets.shutdown(server, "write");
});

test("after shutting down, writes on Windows are broken pipes and reads end", () => {
  using open = new Opened();
  const [client, server] = open.pair();
  const buf = new Uint8Array(8);
  sockets.shutdown(client, "write");
  sockets.shutdown(client, "write");
  assertEquals(sockets.send(client, buf, 8), -32);
  sockets.shutdown(client, "read");
  assertEquals(sockets.recv(client, buf, 8), 0);
  assertEquals(sockets.peek(client, buf, 8), 0);
  sockets.shutdown(server, "both");
  sockets.shutdown(server, "both");
  assertEquals(sockets.send(server, buf, 8), -32);
});

test("one send on Windows takes a part of a gigabyte, and a full buffer blocks", () => {
  using open = new Opened();
  const [client, server] = open.pair();
  const data = new Uint8Array(32 << 20);
  const first = sockets.send(client, data, data.length);
  assert(first > 0 && first <= 1 << 20, `send took ${first} bytes`);
  let sent = first;
  for (let n = 0; n !== WOULD_BLOCK; sent += Math.max(n, 0)) {
    n = sockets.send(client, data, data.length);
    assert(n > 0 || n === WOULD_BLOCK, `send returned ${n}`);
    assert(sent < 1 << 30, "nothing ever blocks");
  }
  for (let got = 0; got < sent;) {
    got += spin(() => sockets.recv(server, data, data.length));
  }
  assertEquals(spin(() => sockets.send(client, data, 1)), 1);
});

test("the error that is read after a call of Winsock's is that call's", () => {
  using open = new Opened();
  const listener = open.listen();
  const [client] = open.pair(listener);
  const buf = new Uint8Array(8);
  // Between a call and the question for its error the engine may collect garbage,
  // compile, or stop for another thread. So there is plenty of all that.
  const kept: unknown[] = [];
  using _ = new Litterer();
  for (let i = 0; i < 10_000; i++) {
    kept[i % 1_000] = new Uint8Array(i % 10_000);
    kept[i % 997] = { i, text: `${i}`, list: [i, [i]] };
    assertEquals(sockets.recv(client, buf, 8), WOULD_BLOCK);
    assertEquals(sockets.recv(listener, buf, 8), NOT_CONNECTED);
    assertEquals(sockets.recv(NO_SOCKET, buf, 8), NOT_A_SOCKET);
    assertEquals(sockets.accept(listener), WOULD_BLOCK);
  }
});

/** A thread that makes garbage until the end of `using`. */
class Litterer implements Disposable {
  readonly #ended = new Int32Array(new SharedArrayBuffer(4));
  readonly #worker: Worker;

  constructor() {
    const code = `onmessage = ({ data }) => {
      while (Atomics.load(data, 0) === 0) new Uint8Array(100_000);
    };`;
    const url = `data:text/javascript,${encodeURIComponent(code)}`;
    this.#worker = new Worker(url, { type: "module" });
    this.#worker.postMessage(this.#ended);
  }

  [Symbol.dispose](): void {
    // A loop that is running cannot be terminated.
    Atomics.store(this.#ended, 0, 1);
    this.#worker.terminate();
  }
}
