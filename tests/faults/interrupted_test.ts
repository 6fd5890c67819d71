/** Calls that a signal handler interrupts, `EINTR`: once, and many times in a row. */
import {
  assertHits,
  bothWays,
  double,
  E,
  errorOf,
  faultTest,
  shown,
} from "./support.ts";
import { assertEquals } from "@std/assert";
import { block_on, net, reactor, run, spawn, time } from "../../mod.ts";
import { Epoll, EPOLLIN } from "../../src/sys/linux/epoll.ts";
import * as eventfd from "../../src/sys/linux/eventfd.ts";

/** How many times in a row, which is more than anything tries. */
const TIMES = 200;

/** Both ends of a connection. */
function* pair() {
  using listener = net.TcpListener.bind({ port: 0 });
  const client = yield* net.TcpStream.connect(listener.addr);
  return { client, server: yield* listener.accept() };
}

bothWays("an interrupted accept is made again", function* () {
  const fault = double.fails("accept4", E.INTR, { times: TIMES });
  const { client, server } = yield* pair();
  assertHits(TIMES, fault);
  assertEquals(client.localAddr, server.remoteAddr);
  client.close();
  server.close();
});

bothWays("interrupted reads, writes and looks are made again", function* () {
  const ends = yield* pair();
  using client = ends.client;
  using server = ends.server;
  const faults = ["recv", "send"].map((name) =>
    double.fails(name, E.INTR, { times: TIMES })
  );
  yield* client.writeAll(Uint8Array.of(1, 2, 3));
  const buffer = new Uint8Array(3);
  assertEquals(yield* server.read(buffer), 3);
  assertEquals([...buffer], [1, 2, 3]);
  assertHits(TIMES, ...faults);
  yield* client.writeAll(Uint8Array.of(4));
  const peeks = double.fails("recv", E.INTR, { times: TIMES });
  assertEquals(yield* server.peek(buffer), 1);
  assertEquals(buffer[0], 4);
  assertHits(TIMES, peeks);
});

bothWays(
  "an interrupted connect goes on and is not made again",
  function* () {
    using listener = net.TcpListener.bind({ port: 0 });
    const fault = double.fails("connect", E.INTR, { made: true });
    using client = yield* net.TcpStream.connect(listener.addr);
    using server = yield* listener.accept();
    assertHits(1, fault);
    assertEquals(double.count("connect"), 1);
    assertEquals(client.localAddr, server.remoteAddr);
  },
);

bothWays(
  "an interrupted connect that nobody answers is told so",
  function* () {
    const gone = net.TcpListener.bind({ port: 0 });
    gone.close();
    double.fails("connect", E.INTR, { made: true });
    let error: unknown;
    try {
      (yield* net.TcpStream.connect(gone.addr)).close();
    } catch (thrown) {
      error = thrown;
    }
    assertEquals(
      shown(error as never),
      "ConnectionRefused ECONNREFUSED from connect",
    );
  },
);

bothWays("an interrupted close is not made again", function* () {
  const { client, server } = yield* pair();
  const fault = double.fails("close", E.INTR, { times: 2 });
  const before = double.count("close");
  client.close();
  server.close();
  assertHits(2, fault);
  assertEquals(double.count("close"), before + 2);
});

bothWays(
  "no sleep is early, however often its wait is interrupted",
  function* () {
    for (const name of ["epoll_wait", "epoll_pwait2"]) {
      double.fails(name, E.INTR, { times: TIMES });
    }
    // Without a reactor a thread sleeps by other means.
    const { client, server } = yield* pair();
    const reading = spawn(() => client.read(new Uint8Array(1)));
    for (const ms of [1, 2.5, 20, 120.5]) {
      const start = time.now();
      yield* time.sleep(ms);
      const took = time.now() - start;
      if (took < ms) throw new Error(`${took} ms instead of ${ms}`);
    }
    reading.abort();
    client.close();
    server.close();
  },
);

faultTest(
  "an interrupted wait for sockets goes on until there is an event",
  () => {
    for (const ms of [Infinity, 0, 10_000, 99.5]) {
      using events = new reactor.Reactor();
      const fault = double.fails(
        ms === 99.5 ? "epoll_pwait2" : "epoll_wait",
        E.INTR,
        { times: TIMES },
      );
      const handle = events.handle();
      let woken = 0;
      events.setWaker(reactor.Token.WAKE, reactor.Interest.READABLE, {
        wake: () => void woken++,
      });
      handle.wake();
      // With a limit a wait may end early, and whoever called it looks at the clock.
      while (woken === 0) events.wait(ms);
      fault[Symbol.dispose]();
    }
  },
);

faultTest(
  "a wait with a limit ends early when it is interrupted, one without goes on",
  () => {
    const epoll = new Epoll();
    const fd = eventfd.create();
    epoll.add(fd, EPOLLIN, 7, 0);
    eventfd.signal(fd);
    for (
      const [ms, count, calls] of [[50, 0, 1], [Infinity, 1, 6], [0, 1, 6]]
    ) {
      using _ = double.fails("epoll_wait", E.INTR, { times: 5 });
      const before = double.count("epoll_wait");
      assertEquals(epoll.wait(ms!), count);
      assertEquals(double.count("epoll_wait") - before, calls);
    }
    epoll.close();
    eventfd.close(fd);
  },
);

faultTest(
  "a wait on another thread that is interrupted looks once more",
  async () => {
    const epoll = new Epoll();
    const fd = eventfd.create();
    epoll.add(fd, EPOLLIN, 7, 0);
    double.fails("epoll_wait_async", E.INTR);
    assertEquals(await epoll.waitAsync(), 0);
    eventfd.signal(fd);
    double.fails("epoll_wait_async", E.INTR);
    assertEquals(await epoll.waitAsync(), 1);
    assertEquals(epoll.key(0), 7);
    epoll.close();
    eventfd.close(fd);
  },
);

faultTest(
  "inside run, waits that are interrupted again and again end with the event",
  async () => {
    const fault = double.fails("epoll_wait_async", E.INTR, { times: TIMES });
    await run(function* () {
      const { client, server } = yield* pair();
      const writing = spawn(function* () {
        while (fault.hits < TIMES) yield* time.sleep(1);
        yield* server.writeAll(new Uint8Array(1));
      });
      assertEquals(yield* client.read(new Uint8Array(2)), 1);
      yield* writing;
      client.close();
      server.close();
    });
    assertHits(TIMES, fault);
  },
);

faultTest("interrupted signals are sent and taken again", () => {
  const fd = eventfd.create();
  const faults = ["write", "read"].map((name) =>
    double.fails(name, E.INTR, { times: TIMES })
  );
  eventfd.signal(fd);
  assertEquals([eventfd.drain(fd), eventfd.drain(fd)], [true, false]);
  assertHits(TIMES, ...faults);
  eventfd.close(fd);
});

faultTest(
  "what cannot be interrupted, says its page, is told if it is all the same",
  () => {
    double.fails("socket", E.INTR);
    const error = errorOf(() =>
      block_on(() => net.TcpListener.bind({ port: 0 }).close())
    );
    assertEquals(shown(error), "Interrupted EINTR from socket");
  },
);
