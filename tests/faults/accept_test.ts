/** What `accept4` says that concerns one connection alone, and what ends a listener. */
import {
  assertHits,
  bothWays,
  double,
  E,
  errorIn,
  untilHits,
} from "./support.ts";
import { assert, assertEquals, assertGreaterOrEqual } from "@std/assert";
import { net, spawn } from "../../mod.ts";
import { errorName } from "../../src/sys/errno.ts";

/** The next connection may be fine: accept(2). */
const NEXT = [E.CONNABORTED, E.PROTO, E.PERM, E.NETDOWN, E.NETUNREACH];

for (const errno of NEXT) {
  const code = errorName(errno);
  bothWays(
    `a connection for which accept4 says ${code} is passed over`,
    function* () {
      using listener = net.TcpListener.bind({ port: 0 });
      const fault = double.fails("accept4", errno, { times: 3, made: true });
      const accepting = spawn(() => listener.accept());
      const clients: net.TcpStream[] = [];
      for (let i = 0; i < 4; i++) {
        clients.push(yield* net.TcpStream.connect(listener.addr));
      }
      using server = yield* accepting;
      assertHits(3, fault);
      assertEquals(server.remoteAddr, clients[3]!.localAddr);
      for (const client of clients) client.close();
    },
  );

  bothWays(
    `an accept4 that says ${code} without end does not block the thread`,
    function* () {
      using listener = net.TcpListener.bind({ port: 0 });
      using fault = double.fails("accept4", errno, { times: Infinity });
      const accepting = spawn(() => listener.accept());
      // 64 in a row, and then a pause of 5 ms.
      const ms = yield* untilHits(fault, 6 * 64);
      assertGreaterOrEqual(ms, 5 * 5);
      assert(!accepting.isFinished);
      fault[Symbol.dispose]();
      using _client = yield* net.TcpStream.connect(listener.addr);
      using _server = yield* accepting;
    },
  );
}

bothWays(
  "accept is told of an error of the listener's own, and may be called again",
  function* () {
    using listener = net.TcpListener.bind({ port: 0 });
    for (const errno of [E.INVAL, E.OPNOTSUPP, E.BADF, E.FAULT]) {
      using _ = double.fails("accept4", errno);
      const error = yield* errorIn(listener.accept());
      const { port } = listener.addr;
      assert(
        error.message.startsWith(
          `Cannot accept on the listener on 127.0.0.1:${port}: `,
        ),
      );
      assertEquals([error.errno, error.syscall], [errno, "accept"]);
    }
    const accepting = spawn(() => listener.accept());
    using _client = yield* net.TcpStream.connect(listener.addr);
    using _server = yield* accepting;
  },
);

bothWays(
  "closing a listener that waits for descriptors ends its waits and timers",
  function* () {
    const listener = net.TcpListener.bind({ port: 0 });
    const fault = double.fails("accept4", E.MFILE, { times: Infinity });
    const accepting = spawn(() => listener.accept());
    yield* untilHits(fault, 2);
    listener.close();
    const error = yield* errorIn(accepting);
    assertEquals((error.cause as Error).name, "BadResource");
  },
);

bothWays(
  "while there are no descriptors, accept tries again less and less often",
  function* () {
    using listener = net.TcpListener.bind({ port: 0 });
    const fault = double.fails("accept4", E.MFILE, { times: Infinity });
    const accepting = spawn(() => listener.accept());
    // After 0, 5, 15, 35 and 75 ms, and so on.
    const ms = yield* untilHits(fault, 5);
    assertGreaterOrEqual(ms, 75);
    accepting.abort();
    assertEquals((yield* errorIn(accepting)).name, "JoinError");
  },
);
