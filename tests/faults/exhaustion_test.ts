/** Descriptors and memory run out: `EMFILE`, `ENFILE`, `ENOMEM`. */
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
import { type Coroutine, net, reactor, spawn, time } from "../../mod.ts";
import { isRegistering, openings } from "./openings.ts";

const RAN_OUT = [
  ["EMFILE", E.MFILE],
  ["ENFILE", E.NFILE],
  ["ENOMEM", E.NOMEM],
] as const;

/** A connection that is made, used and closed again. */
function* roundTrip(): Coroutine<void> {
  using listener = net.TcpListener.bind({ port: 0 });
  const server = spawn(function* () {
    yield* echo(yield* listener.accept());
  });
  using client = yield* net.TcpStream.connect(listener.addr);
  yield* client.writeAll(new Uint8Array(100));
  yield* client.readExact(new Uint8Array(100));
  client.shutdown();
  yield* server;
}

for (const [code, errno] of RAN_OUT) {
  bothWays(
    `bind says ${code} of socket, and the next bind succeeds`,
    function* () {
      double.fails("socket", errno);
      const error = errorOf(() => net.TcpListener.bind({ port: 0 }));
      assertEquals(shown(error), `Error ${code} from socket`);
      assert(error.message.startsWith("Cannot listen on 127.0.0.1:0: "));
      yield* roundTrip();
    },
  );

  bothWays(
    `connect says ${code} of socket, and the next one succeeds`,
    function* () {
      using listener = net.TcpListener.bind({ port: 0 });
      const fault = double.fails("socket", errno);
      const error = yield* errorIn(net.TcpStream.connect(listener.addr));
      assertEquals(shown(error), `Error ${code} from socket`);
      assertHits(1, fault);
      yield* roundTrip();
    },
  );

  bothWays(
    `accept waits while accept4 says ${code}, and takes the connection then`,
    function* () {
      const fault = double.fails("accept4", errno, { times: 3 });
      yield* roundTrip();
      assertHits(3, fault);
    },
  );

  for (const opening of openings) {
    bothWays(
      `a read that has to wait says ${code} of ${opening.name}, and the next one waits`,
      function* () {
        using listener = net.TcpListener.bind({ port: 0 });
        using client = yield* net.TcpStream.connect(listener.addr);
        const fault = double.fails(opening.name, errno, opening.options);
        const reading = client.read(new Uint8Array(1));
        assertEquals(
          shown(yield* errorIn(reading)),
          `Error ${code} from ${opening.name}`,
        );
        assertHits(1, fault);
        using server = yield* listener.accept();
        spawn(function* () {
          yield* time.sleep(1);
          yield* server.writeAll(new Uint8Array(1));
        });
        assertEquals(yield* client.read(new Uint8Array(1)), 1);
      },
    );

    bothWays(
      `accept waits while ${opening.name} says ${code} for the reactor`,
      function* () {
        const fault = double.fails(opening.name, errno, {
          ...opening.options,
          times: 3,
        });
        using listener = net.TcpListener.bind({ port: 0 });
        const accepting = spawn(() => listener.accept());
        using _client = yield* net.TcpStream.connect(listener.addr);
        using _server = yield* accepting;
        assertHits(3, fault);
      },
    );

    faultTest(
      `a Reactor says ${code} of ${opening.name}, and leaves nothing open`,
      () => {
        double.fails(opening.name, errno, opening.options);
        const error = errorOf(() => new reactor.Reactor());
        assertEquals(shown(error), `Error ${code} from ${opening.name}`);
        assertEquals(double.ledger.held().descriptors, []);
      },
    );
  }

  bothWays(
    `a read says ${code} if its socket cannot be registered, and the next one waits`,
    function* () {
      using listener = net.TcpListener.bind({ port: 0 });
      const accepting = spawn(() => listener.accept());
      using client = yield* net.TcpStream.connect(listener.addr);
      using server = yield* accepting;
      const fault = double.fails("epoll_ctl", errno, {
        where: isRegistering,
      });
      assertEquals(
        shown(yield* errorIn(client.read(new Uint8Array(1)))),
        `Error ${code} from epoll_ctl`,
      );
      assertHits(1, fault);
      spawn(function* () {
        yield* time.sleep(1);
        yield* server.writeAll(new Uint8Array(1));
      });
      assertEquals(yield* client.read(new Uint8Array(1)), 1);
    },
  );
}
