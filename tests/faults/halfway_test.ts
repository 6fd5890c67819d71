/** Functions that fail halfway close what they have opened, once, and say why. */
import {
  assertHits,
  bothWays,
  double,
  E,
  echo,
  errorIn,
  errorOf,
  faultTest,
  shown,
} from "./support.ts";
import { assert, assertEquals } from "@std/assert";
import { block_on, net, spawn } from "../../mod.ts";
import { errorName } from "../../src/sys/errno.ts";

/** What `bind` calls, what each can say, and the class of the error. */
const BINDING: [string, number, string][] = [
  ["setsockopt", E.NOMEM, "Error"],
  ["bind", E.ADDRINUSE, "AddrInUse"],
  ["bind", E.ACCES, "PermissionDenied"],
  ["bind", E.ADDRNOTAVAIL, "AddrNotAvailable"],
  ["listen", E.ADDRINUSE, "AddrInUse"],
  ["listen", E.OPNOTSUPP, "NotSupported"],
  ["getsockname", E.NOBUFS, "Error"],
];

for (const [name, errno, kind] of BINDING) {
  const code = errorName(errno);
  faultTest(`a bind that ${name} says ${code} to has closed its socket`, () => {
    double.fails(name, errno);
    const error = errorOf(() => net.TcpListener.bind({ port: 0 }));
    assertEquals(shown(error), `${kind} ${code} from ${name}`);
    assertEquals([double.count("socket"), double.count("close")], [1, 1]);
    net.TcpListener.bind({ port: 0 }).close();
  });
}

faultTest("a bind whose reusePort is refused has closed its socket", () => {
  double.fails("setsockopt", E.INVAL, { nth: 2 });
  const error = errorOf(() =>
    net.TcpListener.bind({ port: 0, reusePort: true })
  );
  assertEquals(shown(error), "Error EINVAL from setsockopt");
  assertEquals([double.count("socket"), double.count("close")], [1, 1]);
});

/** What `connect` calls, what each can say, and what the caller is told. */
const CONNECTING: [string, number, string][] = [
  ["connect", E.CONNREFUSED, "ConnectionRefused ECONNREFUSED from connect"],
  ["connect", E.NETUNREACH, "NetworkUnreachable ENETUNREACH from connect"],
  ["connect", E.ADDRNOTAVAIL, "AddrNotAvailable EADDRNOTAVAIL from connect"],
  ["connect", E.PERM, "PermissionDenied EPERM from connect"],
  ["connect", E.AGAIN, "WouldBlock EAGAIN from connect"],
  ["getsockopt", E.NOBUFS, "Error ENOBUFS from connect"],
  ["getpeername", E.NOBUFS, "Error ENOBUFS from connect"],
];

for (const [name, errno, told] of CONNECTING) {
  bothWays(
    `a connect that ${name} says ${errorName(errno)} to has closed its socket`,
    function* () {
      using listener = net.TcpListener.bind({ port: 0 });
      const [sockets, closes] = [double.count("socket"), double.count("close")];
      const fault = double.fails(name, errno);
      const error = yield* errorIn(net.TcpStream.connect(listener.addr));
      assertHits(1, fault);
      assertEquals(shown(error), told);
      assert(
        error.message.startsWith(
          `Cannot connect to 127.0.0.1:${listener.addr.port}: `,
        ),
        error.message,
      );
      assertEquals(double.count("socket") - sockets, 1);
      assertEquals(double.count("close") - closes, 1);
    },
  );
}

bothWays(
  "a name with two addresses is tried at the second when the first fails halfway",
  function* () {
    using listener = net.TcpListener.bind({ hostname: "::1", port: 0 });
    const { port } = listener.addr;
    double.fails("getsockopt", E.NOBUFS);
    using client = yield* net.TcpStream.connect({
      hostname: "localhost",
      port,
    });
    assertEquals(client.remoteAddr.hostname, "::1");
  },
);

/** Methods of a stream that ask the system, and go on working if it refuses. */
const METHODS: [
  name: string,
  call: string,
  use: (stream: net.TcpStream) => unknown,
][] = [
  ["localAddr", "getsockname", (stream) => stream.localAddr],
  ["setNoDelay", "setsockopt", (stream) => stream.setNoDelay()],
  ["setKeepAlive", "setsockopt", (stream) => stream.setKeepAlive()],
  ["shutdown", "shutdown", (stream) => stream.shutdown()],
];

for (const [name, call, use] of METHODS) {
  bothWays(
    `${name} throws what ${call} says, and the stream is as before`,
    function* () {
      using listener = net.TcpListener.bind({ port: 0 });
      const server = spawn(function* () {
        yield* echo(yield* listener.accept());
      });
      using client = yield* net.TcpStream.connect(listener.addr);
      double.fails(call, E.NOBUFS);
      const error = errorOf(() => use(client));
      assertEquals(shown(error), `Error ENOBUFS from ${call}`);
      use(client);
      if (name !== "shutdown") {
        yield* client.writeAll(Uint8Array.of(1));
        assertEquals(yield* client.read(new Uint8Array(2)), 1);
      }
      client.close();
      yield* server;
    },
  );
}

/** What a transfer is told, and whether the stream is of use afterwards. */
const TRANSFERS: [string, number, string][] = [
  ["recv", E.CONNRESET, "ConnectionReset ECONNRESET from recv"],
  ["recv", E.TIMEDOUT, "TimedOut ETIMEDOUT from recv"],
  ["recv", E.NOMEM, "Error ENOMEM from recv"],
  ["send", E.CONNRESET, "ConnectionReset ECONNRESET from send"],
  ["send", E.PIPE, "BrokenPipe EPIPE from send"],
  ["send", E.NOBUFS, "Error ENOBUFS from send"],
];

for (const [name, errno, told] of TRANSFERS) {
  bothWays(
    `a transfer is told ${errorName(errno)} of ${name}, and may be tried again`,
    function* () {
      using listener = net.TcpListener.bind({ port: 0 });
      using client = yield* net.TcpStream.connect(listener.addr);
      using server = yield* listener.accept();
      const transfer = () =>
        name === "recv"
          ? server.read(new Uint8Array(4))
          : client.writeAll(Uint8Array.of(1));
      if (name === "recv") yield* client.writeAll(Uint8Array.of(1));
      double.fails(name, errno);
      assertEquals(shown(yield* errorIn(transfer())), told);
      yield* transfer();
    },
  );
}

faultTest(
  "a listener that was bound inside is closed although block_on fails",
  () => {
    double.fails("listen", E.ADDRINUSE, { nth: 2 });
    const error = errorOf(() =>
      block_on(() => {
        net.TcpListener.bind({ port: 0 });
        net.TcpListener.bind({ port: 0 });
      })
    );
    assertEquals(shown(error), "AddrInUse EADDRINUSE from listen");
    assertEquals(double.count("close"), 2);
  },
);
