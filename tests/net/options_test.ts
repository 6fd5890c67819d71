import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertThrows,
} from "@std/assert";
import { block_on, net } from "../../mod.ts";
import { sockets } from "../../src/sys/platform.ts";
import { edoTest } from "../helpers/leaks.ts";
import {
  bothWays,
  caught,
  connectPair,
  fdOf,
  RawPeer,
  readText,
} from "./support.ts";

/** `O_NONBLOCK` and `O_CLOEXEC`, as `/proc/PID/fdinfo` shows them. */
const FLAGS = 0o4000 | 0o2000000;

function assertNonBlockingAndPrivate(fd: number): void {
  const info = Deno.readTextFileSync(`/proc/self/fdinfo/${fd}`);
  const flags = parseInt(/^flags:\s*(\d+)$/m.exec(info)![1]!, 8);
  assertEquals(flags & FLAGS, FLAGS);
}

/** The descriptor of a listener: of the sockets bound to its port, that without a peer. */
function fdOfListener(listener: net.TcpListener): number {
  for (const { name } of Deno.readDirSync("/proc/self/fd")) {
    const fd = Number(name);
    try {
      if (sockets.localAddr(fd).port === listener.addr.port) return fd;
    } catch {
      // No socket.
    }
  }
  throw new Error("Cannot find the descriptor of a listener");
}

bothWays(
  "each socket is non-blocking and not inherited by child processes",
  function* () {
    using listener = net.TcpListener.bind({ port: 0 });
    assertNonBlockingAndPrivate(fdOfListener(listener));
    using pair = yield* connectPair(listener);
    assertNonBlockingAndPrivate(fdOf(pair.client));
    assertNonBlockingAndPrivate(fdOf(pair.server));
  },
);

for (const hostname of ["127.0.0.1", "::1"]) {
  bothWays(`the options of a stream take effect, on ${hostname}`, function* () {
    using listener = net.TcpListener.bind({ hostname, port: 0 });
    using pair = yield* connectPair(listener);
    for (const stream of [pair.client, pair.server]) {
      const fd = fdOf(stream);
      stream.setNoDelay();
      assertEquals(sockets.getNoDelay(fd), true);
      stream.setNoDelay(false);
      assertEquals(sockets.getNoDelay(fd), false);
      stream.setKeepAlive();
      assertEquals(sockets.getKeepAlive(fd), true);
      stream.setKeepAlive(false);
      assertEquals(sockets.getKeepAlive(fd), false);
    }
  });

  bothWays(`both ends agree on their addresses, on ${hostname}`, function* () {
    using listener = net.TcpListener.bind({ hostname, port: 0 });
    const { addr } = listener;
    assertEquals(addr.transport, "tcp");
    assertEquals(addr.hostname, hostname);
    assert(addr.port > 0);
    using pair = yield* connectPair(listener);
    const { client, server } = pair;
    assertEquals(client.remoteAddr, addr);
    assertEquals(server.localAddr, addr);
    assertEquals(server.remoteAddr, client.localAddr);
    assertEquals(client.localAddr.hostname, hostname);
    // After the peer's end, after a reset, and after one's own.
    const { localAddr } = client;
    server.close();
    assertEquals(yield* readText(client), null);
    assertEquals(client.localAddr, localAddr);
    assertEquals(client.remoteAddr, addr);
    client.close();
    assertEquals(client.remoteAddr, addr);
    assertThrows(() => client.localAddr, Deno.errors.BadResource);
  });
}

bothWays(
  "a listener on :: takes IPv4 connections too, as Deno's does",
  function* () {
    using listener = net.TcpListener.bind({ hostname: "::", port: 0 });
    using peer = RawPeer.connect({ ...listener.addr, hostname: "127.0.0.1" });
    using stream = yield* listener.accept();
    assertEquals(stream.remoteAddr.hostname, "::ffff:127.0.0.1");
    assertEquals(stream.remoteAddr.port, sockets.localAddr(peer.fd).port);
  },
);

bothWays(
  "an address may name its interface, and stand in brackets",
  function* () {
    using listener = net.TcpListener.bind({ hostname: "[::1]", port: 0 });
    const { port } = listener.addr;
    for (const hostname of ["[::1]", "::1%lo", "0:0:0:0:0:0:0:1"]) {
      using client = yield* net.TcpStream.connect({ hostname, port });
      using _server = yield* listener.accept();
      assertEquals(client.remoteAddr.hostname, "::1");
    }
  },
);

bothWays(
  "changing an address that was returned changes nothing else",
  function* () {
    using listener = net.TcpListener.bind({ port: 0 });
    const { port } = listener.addr;
    listener.addr.port = 1;
    assertEquals(listener.addr.port, port);
    using pair = yield* connectPair(listener);
    pair.client.remoteAddr.port = 1;
    assertEquals(pair.client.remoteAddr.port, port);
  },
);

const ADDRESS_ERRORS: [
  unknown,
  typeof TypeError | typeof RangeError,
  string,
][] = [
  [undefined, TypeError, "the address is undefined, not { hostname, port }"],
  [null, TypeError, "the address is null, not { hostname, port }"],
  [
    "127.0.0.1:80",
    TypeError,
    "the address is 127.0.0.1:80, not { hostname, port }",
  ],
  [{}, TypeError, "port is undefined, not a number"],
  [{ port: "80" }, TypeError, "port is 80, not a number"],
  [{ port: 80n }, TypeError, "port is 80, not a number"],
  [{ port: -1 }, RangeError, "port is -1, not a whole number from 0 to 65535"],
  [
    { port: 65_536 },
    RangeError,
    "port is 65536, not a whole number from 0 to 65535",
  ],
  [
    { port: 1.5 },
    RangeError,
    "port is 1.5, not a whole number from 0 to 65535",
  ],
  [
    { port: NaN },
    RangeError,
    "port is NaN, not a whole number from 0 to 65535",
  ],
  [
    { port: Infinity },
    RangeError,
    "port is Infinity, not a whole number from 0 to 65535",
  ],
  [{ port: 80, hostname: "" }, TypeError, 'hostname is "", not a name'],
  [{ port: 80, hostname: 5 }, TypeError, "hostname is 5, not a name"],
  [{ port: 80, hostname: null }, TypeError, "hostname is null, not a name"],
];

edoTest(
  "a malformed address is an error at once that names the argument and its value",
  () => {
    for (const [address, type, reason] of ADDRESS_ERRORS) {
      assertThrows(
        () => net.TcpListener.bind(address as net.TcpListenOptions),
        type,
        `Cannot listen: ${reason}`,
      );
      assertThrows(
        () => net.TcpStream.connect(address as net.TcpAddress),
        type,
        `Cannot connect: ${reason}`,
      );
    }
  },
);

edoTest(
  "a malformed option of a listener is an error that names the option and its value",
  () => {
    for (const backlog of [0, -1, 1.5, NaN, Infinity, 2 ** 31]) {
      assertThrows(
        () => net.TcpListener.bind({ port: 0, backlog }),
        RangeError,
        `Cannot listen on 127.0.0.1:0: backlog is ${backlog}, not a whole ` +
          "number from 1 to 2147483647",
      );
    }
    for (const reusePort of [1, "yes", null]) {
      assertThrows(
        () => net.TcpListener.bind({ port: 0, reusePort } as never),
        TypeError,
        `Cannot listen on 127.0.0.1:0: reusePort is ${reusePort}, ` +
          "not true or false",
      );
    }
    net.TcpListener.bind({ port: 0, backlog: 2 ** 31 - 1 }).close();
  },
);

edoTest(
  "what is no Uint8Array is an error at once that names the argument",
  () => {
    block_on(function* () {
      using pair = yield* connectPair();
      const { client } = pair;
      const cases: [unknown, string][] = [
        ["text", "string"],
        [null, "null"],
        [undefined, "undefined"],
        [[1, 2], "object"],
        [new ArrayBuffer(4), "object"],
        [new Uint16Array(4), "object"],
      ];
      for (const [value, is] of cases) {
        const bytes = value as Uint8Array;
        for (
          const [use, verb, name] of [
            [() => client.read(bytes), "read", "buffer"],
            [() => client.readExact(bytes), "readExact", "buffer"],
            [() => client.peek(bytes), "peek", "buffer"],
            [() => client.write(bytes), "write", "data"],
            [() => client.writeAll(bytes), "writeAll", "data"],
          ] as const
        ) {
          assertThrows(
            use,
            TypeError,
            `Cannot ${verb}: ${name} is ${is}, not a Uint8Array`,
          );
        }
      }
      assertThrows(
        () => client.shutdown("reads" as "read"),
        TypeError,
        'Cannot shut down: how is "reads"',
      );
    });
  },
);

bothWays(
  "an address of another machine is not available to listen on",
  function* () {
    const error = yield* caught((function* () {
      net.TcpListener.bind({ hostname: "192.0.2.1", port: 0 });
    })());
    assertInstanceOf(error, Deno.errors.AddrNotAvailable);
    assertEquals(
      error.message,
      "Cannot listen on 192.0.2.1:0: cannot assign requested address " +
        "(EADDRNOTAVAIL from bind)",
    );
  },
);
