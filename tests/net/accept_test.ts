import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { join, net, spawn, time } from "../../mod.ts";
import { edoTest } from "../helpers/leaks.ts";
import { Subprocess } from "../helpers/subprocess.ts";
import {
  bothWays,
  caught,
  connectPair,
  RawPeer,
  readText,
  settle,
  until,
} from "./support.ts";

function* acceptText(listener: net.TcpListener) {
  using stream = yield* listener.accept();
  return yield* readText(stream);
}

bothWays(
  "one connection ends one of 50 waits in accept, and each of the others gets a later one",
  function* () {
    using listener = net.TcpListener.bind({ port: 0 });
    const waiting = Array.from(
      { length: 50 },
      () => spawn(acceptText, listener),
    );
    yield* settle();
    const finished = () => waiting.filter((task) => task.isFinished).length;
    for (let i = 0; i < 50; i++) {
      using client = RawPeer.connect(listener.addr);
      client.send(`${i}`);
      yield* until(() => finished() === i + 1);
    }
    const texts = yield* join(...waiting);
    assertEquals(
      texts.map(Number).sort((a, b) => a - b),
      Array.from({ length: 50 }, (_, i) => i),
    );
  },
);

bothWays(
  "connections that came in one edge are all accepted, and a later one is reported again",
  function* () {
    using listener = net.TcpListener.bind({ port: 0 });
    const accepted: number[] = [];
    const server = spawn(function* () {
      for (;;) {
        using stream = yield* listener.accept();
        accepted.push(stream.remoteAddr.port);
      }
    });
    yield* settle(); // it waits, and its listener is registered
    for (const burst of [5, 1, 3]) {
      const before = accepted.length;
      const clients = Array.from(
        { length: burst },
        () => RawPeer.connect(listener.addr),
      );
      yield* until(() => accepted.length === before + burst);
      for (const client of clients) client[Symbol.dispose]();
      yield* settle();
    }
    server.abort();
  },
);

bothWays(
  "a wait in accept that is cancelled leaves the connection to the next",
  function* () {
    using listener = net.TcpListener.bind({ port: 0 });
    const error = yield* caught(time.timeout(5, listener.accept()));
    assertInstanceOf(error, time.TimeoutError);
    using client = RawPeer.connect(listener.addr);
    client.send("later");
    assertEquals(yield* acceptText(listener), "later");
  },
);

bothWays("closing a listener ends each wait in accept at once", function* () {
  const listener = net.TcpListener.bind({ port: 0 });
  const { port } = listener.addr;
  const waiting = [1, 2, 3].map(() => spawn(caught, listener.accept()));
  yield* settle();
  listener.close();
  for (const error of yield* join(...waiting)) {
    assertInstanceOf(error, Deno.errors.BadResource);
    assertEquals(
      error.message,
      `Cannot accept on the listener on 127.0.0.1:${port}: it is closed`,
    );
  }
  const after = yield* caught(listener.accept());
  assertInstanceOf(after, Deno.errors.BadResource);
});

bothWays(
  "an address that is listened on gives AddrInUse, and its listener goes on",
  function* () {
    using listener = net.TcpListener.bind({ port: 0 });
    const { port } = listener.addr;
    let error: unknown;
    try {
      net.TcpListener.bind({ port }).close();
    } catch (thrown) {
      error = thrown;
    }
    assertInstanceOf(error, Deno.errors.AddrInUse);
    assertEquals(
      error.message,
      `Cannot listen on 127.0.0.1:${port}: address already in use ` +
        "(EADDRINUSE from bind)",
    );
    assertEquals((error as { code?: string }).code, "EADDRINUSE");
    using pair = yield* connectPair(listener);
    assertEquals(pair.server.localAddr.port, port);
  },
);

bothWays(
  "a port can be bound again at once after its listener served and closed with an accept pending",
  function* () {
    const first = net.TcpListener.bind({ port: 0 });
    const { port } = first.addr;
    // The server's side closes first, and so keeps the port in TIME_WAIT.
    using pair = yield* connectPair(first);
    pair.server.close();
    const waiting = spawn(caught, first.accept());
    yield* settle();
    first.close();
    yield* waiting;
    for (let again = 0; again < 3; again++) {
      using listener = net.TcpListener.bind({ port });
      using pair = yield* connectPair(listener);
      pair.server.close();
    }
  },
);

bothWays(
  "reusePort lets two listeners share a port, and the system gives connections to both",
  function* () {
    using first = net.TcpListener.bind({ port: 0, reusePort: true });
    const { port } = first.addr;
    using second = net.TcpListener.bind({ port, reusePort: true });
    const counts = [0, 0];
    const servers = [first, second].map((listener, i) =>
      spawn(function* () {
        for (;;) {
          using _ = yield* listener.accept();
          counts[i]!++;
        }
      })
    );
    const clients = Array.from(
      { length: 64 },
      () => RawPeer.connect(first.addr),
    );
    yield* until(() => counts[0]! + counts[1]! === 64);
    for (const client of clients) client[Symbol.dispose]();
    for (const server of servers) server.abort();
    // That one of them gets none of 64 has a chance of 2^-63.
    assertEquals(counts.every((count) => count > 0), true);
  },
);

edoTest(
  "a listener without reusePort does not share its port with one that asks for it",
  () => {
    using listener = net.TcpListener.bind({ port: 0 });
    const { port } = listener.addr;
    let error: unknown;
    try {
      net.TcpListener.bind({ port, reusePort: true }).close();
    } catch (thrown) {
      error = thrown;
    }
    assertInstanceOf(error, Deno.errors.AddrInUse);
  },
);

edoTest(
  "async iteration yields connections until the listener is closed, and then is done",
  async () => {
    const listener = net.TcpListener.bind({ port: 0 });
    const seen: number[] = [];
    const clients = [1, 2, 3].map(() => RawPeer.connect(listener.addr));
    const iterator = listener[Symbol.asyncIterator]();
    for (let i = 0; i < 3; i++) {
      const { value } = await iterator.next();
      using stream = value as net.TcpStream;
      seen.push(stream.remoteAddr.port);
    }
    assertEquals(new Set(seen).size, 3);
    const pending = iterator.next();
    listener.close();
    assertEquals(await pending, { done: true, value: undefined });
    assertEquals(await iterator.next(), { done: true, value: undefined });
    for await (const _ of listener) {
      throw new Error("a closed listener yielded");
    }
    for (const client of clients) client[Symbol.dispose]();
  },
);

edoTest("leaving an async iteration leaves the listener open", async () => {
  using listener = net.TcpListener.bind({ port: 0 });
  for (let round = 0; round < 2; round++) {
    using _client = RawPeer.connect(listener.addr);
    for await (const stream of listener) {
      stream.close();
      break;
    }
  }
  using _client = RawPeer.connect(listener.addr);
  using stream = await listener.accept();
  assertEquals(stream.isClosed, false);
});

edoTest(
  "an accept that is awaited fails when the listener is closed meanwhile",
  async () => {
    const listener = net.TcpListener.bind({ port: 0 });
    const accepting = assertRejects(
      async () => await listener.accept(),
      Deno.errors.BadResource,
    );
    listener.close();
    await accepting;
  },
);

edoTest(
  "connections beyond the process's descriptors wait until there are some, and nobody hangs",
  async () => {
    // The limit holds for Deno's own descriptors too, of which it has about 20.
    await using child = new Subprocess("sh", [
      "-c",
      'ulimit -n 64; exec "$0" run -A "$1"',
      Deno.execPath(),
      new URL("./fixtures/out_of_descriptors.ts", import.meta.url).pathname,
    ]);
    const { code } = await child.status();
    assertEquals(await child.stderr.rest(), []);
    assertEquals(await child.stdout.rest(), [
      "a connection that waited was accepted",
      "each of three waits got its connection",
      "a wait that came later got its connection",
      "a cancelled wait left its connection to the next",
      "closing ended the wait and left no timer",
    ]);
    assertEquals(code, 0);
  },
);
