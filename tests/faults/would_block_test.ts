/**
 * `EAGAIN` although a socket was said to be ready, again and again: nobody may try
 * in a loop, and nobody may wait for what has come already.
 */
import {
  assertHits,
  bothWays,
  double,
  E,
  faultTest,
  untilHits,
} from "./support.ts";
import { assert, assertEquals } from "@std/assert";
import { block_on, type Coroutine, join, net, spawn, time } from "../../mod.ts";

/** How many times in a row. */
const TIMES = 100;

/** Both ends of a connection. */
function* pair() {
  using listener = net.TcpListener.bind({ port: 0 });
  const client = yield* net.TcpStream.connect(listener.addr);
  return { client, server: yield* listener.accept() };
}

bothWays(
  "a read goes on when data is there, however often it is told that there is none",
  function* () {
    const { client, server } = yield* pair();
    yield* client.writeAll(new Uint8Array(10));
    for (const operation of ["read", "peek", "readExact"] as const) {
      const fault = double.fails("recv", E.AGAIN, { times: TIMES });
      const before = double.count("recv");
      yield* server[operation](new Uint8Array(5));
      assertHits(TIMES, fault);
      assertEquals(double.count("recv") - before, TIMES + 1);
    }
    client.close();
    server.close();
  },
);

bothWays(
  "a write goes on when there is room, however often it is told that there is none",
  function* () {
    const { client, server } = yield* pair();
    for (const operation of ["write", "writeAll"] as const) {
      const fault = double.fails("send", E.AGAIN, { times: TIMES });
      const before = double.count("send");
      yield* client[operation](new Uint8Array(5));
      assertHits(TIMES, fault);
      assertEquals(double.count("send") - before, TIMES + 1);
    }
    yield* server.readExact(new Uint8Array(10));
    client.close();
    server.close();
  },
);

bothWays(
  "an accept goes on when a connection is there, however often it is told that none is",
  function* () {
    const fault = double.fails("accept4", E.AGAIN, { times: TIMES });
    const { client, server } = yield* pair();
    assertHits(TIMES, fault);
    assertEquals(double.count("accept4"), TIMES + 1);
    client.close();
    server.close();
  },
);

bothWays(
  "a connect goes on when it is through, however often it is told that it is not",
  function* () {
    const fault = double.fails("getpeername", E.NOTCONN, { times: TIMES });
    const { client, server } = yield* pair();
    assertHits(TIMES, fault);
    assertEquals(double.count("getpeername"), TIMES + 1);
    client.close();
    server.close();
  },
);

bothWays(
  "an EAGAIN without end costs one call for each event, and timers go on",
  function* () {
    const { client, server } = yield* pair();
    yield* client.writeAll(new Uint8Array(1));
    const fault = double.fails("recv", E.AGAIN, { times: Infinity });
    const reading = spawn(() => server.read(new Uint8Array(1)));
    const before = double.count("epoll_wait") + double.count("epoll_pwait2") +
      double.count("epoll_wait_async");
    yield* untilHits(fault, 5);
    const waits = double.count("epoll_wait") + double.count("epoll_pwait2") +
      double.count("epoll_wait_async") - before;
    assert(fault.hits <= waits + 1, `${fault.hits} reads, ${waits} waits`);
    fault[Symbol.dispose]();
    // The last of them has made an event, as all before.
    assertEquals(yield* reading, 1);
    client.close();
    server.close();
  },
);

bothWays("a read that waits sleeps: no call is made meanwhile", function* () {
  const { client, server } = yield* pair();
  const reading = spawn(() => server.read(new Uint8Array(1)));
  const before = double.count("recv");
  // For as long as a timer takes that keeps it waiting for nothing else.
  yield* time.sleep(20);
  // One that finds out that there is nothing, or none if that is known.
  assert(double.count("recv") - before <= 1);
  yield* client.writeAll(new Uint8Array(1));
  assertEquals(yield* reading, 1);
  client.close();
  server.close();
});

faultTest(
  "two tasks of a connection that are told EAGAIN in turn both come to an end",
  () => {
    function* exchange(stream: net.TcpStream): Coroutine<void> {
      const bytes = new Uint8Array(20_000);
      yield* join(stream.writeAll(bytes), stream.readExact(bytes.slice()));
    }
    block_on(function* () {
      const { client, server } = yield* pair();
      // Every other call of either.
      let calls = 0;
      const where = () => ++calls % 2 === 0;
      const faults = ["recv", "send"].map((name) =>
        double.fails(name, E.AGAIN, { times: TIMES, where })
      );
      double.atMost("send", 100, { times: TIMES });
      yield* join(exchange(client), exchange(server));
      assert(faults.some(({ hits }) => hits > 0));
      client.close();
      server.close();
    });
  },
);
