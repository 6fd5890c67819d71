/**
 * `close` says that it has failed. The number is free all the same, and may be
 * somebody else's by the next call (close(2)): so there is no second one.
 */
import { bothWays, double, E, faultTest } from "./support.ts";
import { assertEquals } from "@std/assert";
import { block_on, net, reactor, run, spawn, time } from "../../mod.ts";
import { errorName } from "../../src/sys/errno.ts";

/** What `close` can say. */
const SAYINGS = [E.IO, E.INTR, E.NOSPC];

for (const errno of SAYINGS) {
  const code = errorName(errno);
  bothWays(
    `whatever is closed stays closed although close says ${code}`,
    function* () {
      using fault = double.fails("close", errno, { times: Infinity });
      const listener = net.TcpListener.bind({ port: 0 });
      const client = yield* net.TcpStream.connect(listener.addr);
      const server = yield* listener.accept();
      const events = new reactor.Reactor();
      const opened = double.ledger.held().descriptors.length;
      for (let round = 0; round < 2; round++) {
        client.close();
        server.close();
        listener.close();
        events.close();
        // The three sockets, an epoll and an eventfd.
        assertEquals(fault.hits, 5);
        assertEquals(double.ledger.held().descriptors.length, opened - 5);
      }
    },
  );

  faultTest(
    `the end of a block_on closes each thing once although close says ${code}`,
    () => {
      double.fails("close", errno, { times: Infinity });
      block_on(function* () {
        const listener = net.TcpListener.bind({ port: 0 });
        const accepting = spawn(() => listener.accept());
        yield* net.TcpStream.connect(listener.addr);
        yield* accepting;
        spawn(() => listener.accept());
        yield* time.sleep(1);
      });
      assertEquals(double.ledger.held().descriptors, []);
      assertEquals(double.count("close"), 5);
    },
  );
}

faultTest(
  "a bind that fails is told its own error, and not that of close",
  () => {
    double.fails("bind", E.ADDRINUSE);
    double.fails("close", E.IO);
    let code = "";
    try {
      net.TcpListener.bind({ port: 0 });
    } catch (error) {
      code = (error as { code: string }).code;
    }
    assertEquals(code, "EADDRINUSE");
  },
);

faultTest(
  "a connect that fails is told its own error, and not that of close",
  async () => {
    double.fails("connect", E.CONNREFUSED);
    double.fails("close", E.IO);
    const error = await run(() => net.TcpStream.connect({ port: 9 }))
      .then(() => null, (thrown) => thrown);
    assertEquals(error.code, "ECONNREFUSED");
  },
);
