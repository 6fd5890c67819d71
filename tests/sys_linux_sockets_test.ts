import { assert, assertEquals, assertThrows } from "@std/assert";
import { parseIp } from "../src/sys/addr.ts";
import { EPOLLIN, EPOLLOUT } from "../src/sys/linux/epoll.ts";
import { sockets } from "../src/sys/platform.ts";
import { WOULD_BLOCK } from "../src/sys/sockets.ts";
import { edoTest } from "./helpers/leaks.ts";
import {
  errorOf,
  LOOPBACKS,
  onLinux,
  Opened,
  openFlags,
  until,
} from "./sys_linux_support.ts";

const EINVAL = 22;

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
