import { assert, assertEquals, assertThrows } from "@std/assert";
import { parseIp } from "../src/sys/addr.ts";
import type { OsError } from "../src/sys/error.ts";
import { Epoll, EPOLLIN, EPOLLOUT } from "../src/sys/linux/epoll.ts";
import * as eventfd from "../src/sys/linux/eventfd.ts";
import { sockets } from "../src/sys/platform.ts";
import { WOULD_BLOCK } from "../src/sys/sockets.ts";
import { edoTest } from "./helpers/leaks.ts";

const onLinux = { ignore: Deno.build.os !== "linux" };
const LOOPBACKS = ["127.0.0.1", "::1"];
const DEADLINE_MS = 5_000;

const EBADF = 9;
const EMFILE = 24;
const ENOTSOCK = 88;
const EINVAL = 22;
const EPIPE = 32;
const ECONNRESET = 104;
const ECONNREFUSED = 111;

/** Sockets that are closed at the end of `using`. */
class Opened implements Disposable {
  readonly #fds = new Set<number>();

  keep(fd: number): number {
    assert(fd >= 0, `not a descriptor: ${fd}`);
    this.#fds.add(fd);
    return fd;
  }

  listen(hostname = "127.0.0.1", port = 0, backlog = 16): number {
    const options = { backlog, reusePort: false };
    return this.keep(sockets.listen(parseIp(hostname, port), options));
  }

  /** Starts to connect to a listener. */
  connectTo(listener: number): number {
    const { hostname, port } = sockets.localAddr(listener);
    return this.keep(sockets.connect(parseIp(hostname, port)));
  }

  /** A connection: the side that connected, the side that accepted. */
  pair(hostname = "127.0.0.1"): [number, number] {
    const listener = this.listen(hostname);
    const client = this.connectTo(listener);
    until(client, EPOLLOUT);
    assertEquals(sockets.connectResult(client), 0);
    const server = this.keep(sockets.accept(listener));
    this.close(listener);
    return [client, server];
  }

  close(fd: number): void {
    assert(this.#fds.delete(fd));
    sockets.close(fd);
  }

  [Symbol.dispose](): void {
    for (const fd of this.#fds) sockets.close(fd);
  }
}

/** Blocks until a socket is ready. */
function until(fd: number, events: number): void {
  const epoll = new Epoll();
  try {
    assertEquals(epoll.add(fd, events, 0, 0), 0);
    assertEquals(epoll.wait(DEADLINE_MS), 1, "the deadline has passed");
  } finally {
    epoll.close();
  }
}

/** What `/proc` says that a descriptor was opened with. */
function openFlags(fd: number): number {
  const info = Deno.readTextFileSync(`/proc/self/fdinfo/${fd}`);
  return parseInt(/^flags:\s*([0-7]+)$/m.exec(info)![1]!, 8);
}

/** The error that a function throws. */
function errorOf(fn: () => unknown): OsError {
  try {
    fn();
  } catch (error) {
    return error as OsError;
  }
  throw new Error("it did not fail");
}

for (const hostname of LOOPBACKS) {
  edoTest(
    `a connection over ${hostname} is made, used and ended by the calls`,
    () => {
      using open = new Opened();
      const listener = open.listen(hostname);
      const addr = sockets.localAddr(listener);
      assertEquals({ ...addr, port: 0 }, {
        transport: "tcp",
        hostname,
        port: 0,
      });
      assertEquals(sockets.accept(listener), WOULD_BLOCK);

      const client = open.connectTo(listener);
      until(client, EPOLLOUT);
      assertEquals(sockets.connectResult(client), 0);
      until(listener, EPOLLIN);
      const server = open.keep(sockets.accept(listener));
      assertEquals(sockets.acceptedAddr(), sockets.localAddr(client));
      assertEquals(sockets.remoteAddr(server), sockets.localAddr(client));
      assertEquals(sockets.remoteAddr(client), addr);
      assertEquals(sockets.localAddr(server), addr);

      const buf = new Uint8Array(8);
      assertEquals(sockets.recv(server, buf, 8), WOULD_BLOCK);
      assertEquals(sockets.peek(server, buf, 8), WOULD_BLOCK);
      assertEquals(sockets.send(client, Uint8Array.of(1, 2, 3, 4), 3), 3);
      until(server, EPOLLIN);
      assertEquals(sockets.peek(server, buf, 2), 2);
      assertEquals(sockets.peek(server, buf, 8), 3);
      assertEquals(sockets.recv(server, buf.subarray(4), 2), 2);
      assertEquals(sockets.recv(server, buf.subarray(6), 2), 1);
      assertEquals([...buf], [1, 2, 3, 0, 1, 2, 3, 0]);

      sockets.shutdown(client, "write");
      until(server, EPOLLIN);
      assertEquals(sockets.recv(server, buf, 8), 0);
      assertEquals(sockets.peek(server, buf, 8), 0);
      // The other direction goes on.
      assertEquals(sockets.send(server, Uint8Array.of(9), 1), 1);
      until(client, EPOLLIN);
      assertEquals(sockets.recv(client, buf, 8), 1);
      assertEquals(buf[0], 9);
    },
    onLinux,
  );

  edoTest(`socket options over ${hostname} read back as they were set`, () => {
    using open = new Opened();
    for (const fd of open.pair(hostname)) {
      for (const on of [true, false, true]) {
        sockets.setNoDelay(fd, on);
        sockets.setKeepAlive(fd, !on);
        assertEquals(sockets.getNoDelay(fd), on);
        assertEquals(sockets.getKeepAlive(fd), !on);
      }
      assertEquals(sockets.getLinger(fd), null);
      for (const seconds of [0, 1, 5, null]) {
        sockets.setLinger(fd, seconds);
        assertEquals(sockets.getLinger(fd), seconds);
      }
      sockets.setRecvBufferSize(fd, 20_000);
      sockets.setSendBufferSize(fd, 30_000);
      assertEquals(sockets.getRecvBufferSize(fd), 40_000);
      assertEquals(sockets.getSendBufferSize(fd), 60_000);
    }
  }, onLinux);
}

edoTest(
  "listening, connecting and accepted sockets do not block, and close on exec",
  () => {
    using open = new Opened();
    const listener = open.listen();
    const client = open.connectTo(listener);
    until(listener, EPOLLIN);
    const server = open.keep(sockets.accept(listener));
    for (const fd of [listener, client, server]) {
      assertEquals(openFlags(fd) & 0o4000, 0o4000, "O_NONBLOCK");
      assertEquals(openFlags(fd) & 0o2000000, 0o2000000, "O_CLOEXEC");
    }
  },
  onLinux,
);

edoTest("each accept reports the peer of its own connection", () => {
  using open = new Opened();
  const listener = open.listen("::", 0, 128);
  const { port } = sockets.localAddr(listener);
  for (let i = 0; i < 100; i++) {
    const hostname = LOOPBACKS[i % 2]!;
    const client = open.keep(sockets.connect(parseIp(hostname, port)));
    until(listener, EPOLLIN);
    const server = open.keep(sockets.accept(listener));
    const peer = sockets.acceptedAddr();
    assertEquals(sockets.accept(listener), WOULD_BLOCK);
    assertEquals(sockets.acceptedAddr(), peer);
    assertEquals(sockets.remoteAddr(server), peer);
    assertEquals(peer.port, sockets.localAddr(client).port);
  }
}, onLinux);

edoTest(
  "a listener on :: takes what Deno.listen takes there, under the same names",
  async () => {
    using open = new Opened();
    const ours = open.listen("::");
    using denos = Deno.listen({ hostname: "::", port: 0 });
    for (const hostname of LOOPBACKS) {
      const { port } = denos.addr as Deno.NetAddr;
      let expected: string;
      try {
        using _ = await Deno.connect({ hostname, port });
        using accepted = await denos.accept();
        expected = (accepted.remoteAddr as Deno.NetAddr).hostname;
      } catch (error) {
        expected = (error as Error).name;
      }
      const address = parseIp(hostname, sockets.localAddr(ours).port);
      const client = open.keep(sockets.connect(address));
      until(client, EPOLLOUT);
      if (sockets.connectResult(client) !== 0) {
        assertEquals("ConnectionRefused", expected);
        continue;
      }
      open.keep(sockets.accept(ours));
      assertEquals(sockets.acceptedAddr().hostname, expected);
    }
  },
  onLinux,
);

edoTest(
  "a failed listen tells the address and the call, and keeps no socket",
  () => {
    using open = new Opened();
    const { port } = sockets.localAddr(open.listen("::1"));
    const inUse = errorOf(() => open.listen("::1", port));
    assert(inUse instanceof Deno.errors.AddrInUse);
    assertEquals(inUse.syscall, "bind");
    assertEquals(
      inUse.message,
      `Cannot listen on [::1]:${port}: address already in use ` +
        "(EADDRINUSE from bind)",
    );
    // An address for documentation (RFC 5737): nobody has it.
    const foreign = errorOf(() => open.listen("203.0.113.1"));
    assert(foreign instanceof Deno.errors.AddrNotAvailable);
  },
  onLinux,
);

edoTest("only listeners that all ask to share a port may share it", () => {
  using open = new Opened();
  const options = { backlog: 1, reusePort: true };
  const first = open.keep(sockets.listen(parseIp("127.0.0.1", 0), options));
  const { port } = sockets.localAddr(first);
  open.keep(sockets.listen(parseIp("127.0.0.1", port), options));
  assertThrows(() => open.listen("127.0.0.1", port), Deno.errors.AddrInUse);
  const plain = sockets.localAddr(open.listen());
  assertThrows(
    () => sockets.listen(parseIp("127.0.0.1", plain.port), options),
    Deno.errors.AddrInUse,
  );
}, onLinux);

edoTest(
  "a port whose old connections still linger can be listened on again",
  () => {
    using open = new Opened();
    const listener = open.listen();
    const { port } = sockets.localAddr(listener);
    const client = open.connectTo(listener);
    until(listener, EPOLLIN);
    // Who closes first keeps the port in TIME_WAIT.
    sockets.close(sockets.accept(listener));
    until(client, EPOLLIN);
    assertEquals(sockets.recv(client, new Uint8Array(1), 1), 0);
    open.close(client);
    open.close(listener);
    assertEquals(sockets.localAddr(open.listen("127.0.0.1", port)).port, port);
  },
  onLinux,
);

edoTest("a refused connect is told once, by its own error", () => {
  using open = new Opened();
  const listener = open.listen();
  const { port } = sockets.localAddr(listener);
  open.close(listener);
  const client = open.keep(sockets.connect(parseIp("127.0.0.1", port)));
  until(client, EPOLLOUT);
  assertEquals(sockets.connectResult(client), -ECONNREFUSED);
  assertEquals(sockets.connectResult(client), WOULD_BLOCK);
}, onLinux);

edoTest("a connect that cannot start throws, and keeps no socket", () => {
  const error = errorOf(() => sockets.connect(parseIp("255.255.255.255", 7)));
  assert(error instanceof Deno.errors.NetworkUnreachable);
  assertEquals(error.syscall, "connect");
  assert(error.message.startsWith("Cannot connect to 255.255.255.255:7: "));
}, onLinux);

edoTest("a connect that nobody answers yet would block", () => {
  using open = new Opened();
  // When the queue of a listener is full, Linux ignores what asks for more.
  const listener = open.listen("127.0.0.1", 0, 1);
  const results = new Set<number>();
  for (let i = 0; i < 8; i++) {
    results.add(sockets.connectResult(open.connectTo(listener)));
  }
  assertEquals(results, new Set([0, WOULD_BLOCK]));
}, onLinux);

edoTest(
  "a peer's reset is reported by recv, and then writing is an error",
  () => {
    using open = new Opened();
    const [client, server] = open.pair();
    sockets.setLinger(client, 0);
    open.close(client);
    until(server, EPOLLIN);
    const byte = new Uint8Array(1);
    assertEquals(sockets.recv(server, byte, 1), -ECONNRESET);
    assertEquals(sockets.recv(server, byte, 1), 0);
    // It would raise SIGPIPE, which ends the process, were it not held back.
    for (let i = 0; i < 10; i++) {
      assertEquals(sockets.send(server, byte, 1), -EPIPE);
    }
    assertThrows(() => sockets.remoteAddr(server), Deno.errors.NotConnected);
    for (const how of ["write", "read", "both"] as const) {
      sockets.shutdown(server, how);
    }
  },
  onLinux,
);

edoTest("shutting down again, and in every way, is no error", () => {
  using open = new Opened();
  const [client, server] = open.pair();
  const byte = new Uint8Array(1);
  for (const how of ["read", "write", "write", "both", "both"] as const) {
    sockets.shutdown(client, how);
    sockets.shutdown(client, how);
  }
  assertEquals(sockets.recv(client, byte, 1), 0);
  assertEquals(sockets.send(client, byte, 1), -EPIPE);
  until(server, EPOLLIN);
  assertEquals(sockets.recv(server, byte, 1), 0);
  sockets.shutdown(server, "both");
  sockets.shutdown(client, "both");
}, onLinux);

edoTest(
  "sending goes on until it would block, and all that was taken arrives",
  () => {
    using open = new Opened();
    const [client, server] = open.pair();
    const chunk = new Uint8Array(100_000);
    let sent = 0;
    let result = 0;
    while ((result = sockets.send(client, chunk, chunk.length)) >= 0) {
      assert(result > 0);
      sent += result;
    }
    assertEquals(result, WOULD_BLOCK);
    sockets.shutdown(client, "write");
    let received = 0;
    for (;;) {
      result = sockets.recv(server, chunk, chunk.length);
      if (result === 0) break;
      if (result === WOULD_BLOCK) until(server, EPOLLIN);
      else received += result;
      assert(result > 0 || result === WOULD_BLOCK, `${result}`);
    }
    assertEquals(received, sent);
  },
  onLinux,
);

edoTest("bytes go to and from shared memory too", () => {
  using open = new Opened();
  const [client, server] = open.pair();
  const shared = new Uint8Array(new SharedArrayBuffer(16));
  shared.set([1, 2, 3]);
  assertEquals(sockets.send(client, shared, 3), 3);
  until(server, EPOLLIN);
  assertEquals(sockets.recv(server, shared.subarray(8), 8), 3);
  assertEquals([...shared.slice(8, 11)], [1, 2, 3]);
}, onLinux);

edoTest("what is no socket is told from what is no descriptor", () => {
  const byte = new Uint8Array(1);
  const fd = eventfd.create();
  try {
    for (const [bad, code] of [[-1, EBADF], [fd, ENOTSOCK]] as const) {
      assertEquals(sockets.recv(bad, byte, 1), -code);
      assertEquals(sockets.peek(bad, byte, 1), -code);
      assertEquals(sockets.send(bad, byte, 1), -code);
      assertEquals(sockets.accept(bad), -code);
      assertEquals(sockets.connectResult(bad), -code);
      const calls = [
        () => sockets.localAddr(bad),
        () => sockets.remoteAddr(bad),
        () => sockets.getNoDelay(bad),
        () => sockets.setNoDelay(bad, true),
        () => sockets.getLinger(bad),
        () => sockets.setLinger(bad, 0),
        () => sockets.shutdown(bad, "both"),
      ];
      for (const call of calls) assertEquals(errorOf(call).errno, code);
    }
    sockets.close(-1);
    using open = new Opened();
    assertEquals(sockets.accept(open.pair()[0]), -EINVAL);
  } finally {
    eventfd.close(fd);
  }
}, onLinux);

edoTest(
  "without a descriptor left accept says so, and the connection waits",
  () => {
    using open = new Opened();
    const listener = open.listen();
    const client = open.connectTo(listener);
    until(client, EPOLLOUT);
    const fds: number[] = [];
    let refused: OsError | null = null;
    let result = 0;
    // In one go: the rest of this process needs descriptors as well.
    try {
      for (;;) fds.push(eventfd.create());
    } catch (error) {
      refused = error as OsError;
      result = sockets.accept(listener);
    } finally {
      fds.forEach(eventfd.close);
    }
    assertEquals(refused!.code, "EMFILE");
    assertEquals(result, -EMFILE);
    open.keep(sockets.accept(listener));
  },
  onLinux,
);

edoTest(
  "an error number is the call's own, however much is allocated around it",
  () => {
    using open = new Opened();
    const [client] = open.pair();
    const fd = eventfd.create();
    const byte = new Uint8Array(1);
    const expected = [
      [client, WOULD_BLOCK],
      [-1, -EBADF],
      [fd, -ENOTSOCK],
    ] as const;
    let garbage: unknown[] = [];
    try {
      for (let round = 0; round < 200_000; round++) {
        const [bad, code] = expected[round % 3]!;
        garbage.push({ round, buffer: new Uint8Array(100), text: `${round}` });
        if (garbage.length === 1_000) garbage = [];
        const result = sockets.recv(bad, byte, 1);
        if (result !== code) assertEquals(result, code, `round ${round}`);
      }
    } finally {
      eventfd.close(fd);
    }
  },
  onLinux,
);

edoTest("an interface is found by its name, and only by all of it", () => {
  const index = Number(Deno.readTextFileSync("/sys/class/net/lo/ifindex"));
  assertEquals(sockets.interfaceIndex("lo"), index);
  for (const name of ["", "lo0", "lo\0", "lo\0x", "no such one"]) {
    assertEquals(sockets.interfaceIndex(name), 0, JSON.stringify(name));
  }
}, onLinux);

edoTest(
  "a link-local address is reached through the interface that it names",
  () => {
    const local = Deno.networkInterfaces().find(({ address }) =>
      address.startsWith("fe80:")
    );
    if (local === undefined) {
      console.warn(
        "WARNING: no interface has a link-local address to test with",
      );
      return;
    }
    using open = new Opened();
    const text = `${local.address}%${local.name}`;
    const options = { backlog: 1, reusePort: false };
    const address = parseIp(text, 0, sockets.interfaceIndex);
    const listener = open.keep(sockets.listen(address, options));
    const { hostname, port } = sockets.localAddr(listener);
    assertEquals(hostname, local.address);
    const client = open.keep(sockets.connect({ ...address, port }));
    until(client, EPOLLOUT);
    assertEquals(sockets.connectResult(client), 0);
    // Without a scope the system does not know which way to go.
    assertEquals(
      errorOf(() => sockets.connect({ ...address, port, scopeId: 0 })).errno,
      EINVAL,
    );
  },
  onLinux,
);
