/** What `accept4` says that concerns one connection alone, and what ends a listener. */
import { assertHits, bothWays, double, E, errorIn } from "./support.ts";
import { assert, assertEquals } from "@std/assert";
import { net, spawn, time } from "../../mod.ts";
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
      const start = time.now();
      yield* time.sleep(30);
      assert(!accepting.isFinished);
      // 64 each 5 ms.
      const most = 64 * ((time.now() - start) / 5 + 2);
      assert(fault.hits < most, `${fault.hits} calls, and not ${most}`);
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
    double.fails("accept4", E.MFILE, { times: Infinity });
    const accepting = spawn(() => listener.accept());
    yield* time.sleep(20);
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
    const start = time.now();
    yield* time.sleep(100);
    // After 0, 5, 15, 35 and 75 ms, and so on.
    const most = Math.log2((time.now() - start) / 5 + 1) + 2;
    assert(fault.hits < most, `${fault.hits} tries, and not ${most}`);
    accepting.abort();
    assertEquals((yield* errorIn(accepting)).name, "JoinError");
  },
);
