import { assert, assertEquals, assertThrows } from "@std/assert";
import { parseIp } from "../src/sys/addr.ts";
import { EPOLLIN, EPOLLOUT } from "../src/sys/linux/epoll.ts";
import * as eventfd from "../src/sys/linux/eventfd.ts";
import { sockets } from "../src/sys/platform.ts";
import { WOULD_BLOCK } from "../src/sys/sockets.ts";
import { edoTest } from "./helpers/leaks.ts";
import { Subprocess } from "./helpers/subprocess.ts";
import { errorOf, onLinux, Opened, until } from "./sys_linux_support.ts";

const EBADF = 9;
const EINVAL = 22;
const EPIPE = 32;
const ENOTSOCK = 88;
const ECONNRESET = 104;
const ECONNREFUSED = 111;

edoTest(
  "a failed listen tells the address and the call, and keeps no socket",
  () => {
    using open = new Opened();
    const { port } = sockets.localAddr(open.listen());
    const inUse = errorOf(() => open.listen("127.0.0.1", port));
    assert(inUse instanceof Deno.errors.AddrInUse);
    assertEquals(inUse.syscall, "bind");
    assertEquals(
      inUse.message,
      `Cannot listen on 127.0.0.1:${port}: address already in use ` +
        "(EADDRINUSE from bind)",
    );
    // An address for documentation (RFC 5737): nobody has it.
    const foreign = errorOf(() => open.listen("203.0.113.1"));
    assert(foreign instanceof Deno.errors.AddrNotAvailable);
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

/** Uses up all descriptors while a connection waits, and accepts. */
const EXHAUSTING = `
  import { parseIp } from "./src/sys/addr.ts";
  import * as eventfd from "./src/sys/linux/eventfd.ts";
  import { sockets } from "./src/sys/platform.ts";
  const options = { backlog: 16, reusePort: false };
  const listener = sockets.listen(parseIp("127.0.0.1", 0), options);
  const { port } = sockets.localAddr(listener);
  sockets.connect(parseIp("127.0.0.1", port));
  const fds = [];
  let results = [];
  try {
    for (;;) fds.push(eventfd.create());
  } catch (error) {
    results = [error.code, sockets.accept(listener)];
  }
  fds.forEach(eventfd.close);
  console.log(...results, sockets.accept(listener) > 0);`;

edoTest(
  "without a descriptor left accept says so, and the connection waits",
  async () => {
    // In a process of its own, where the limit is low and nobody else suffers.
    const limited = 'ulimit -n 256; exec "$0" eval --ext=ts "$1"';
    const args = ["-c", limited, Deno.execPath(), EXHAUSTING];
    await using process = new Subprocess("sh", args);
    assertEquals(await process.stdout.next(), "EMFILE -24 true");
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
