import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertThrows,
} from "@std/assert";
import { block_on, net, run, spawn, time } from "../../mod.ts";
import { sockets } from "../../src/sys/platform.ts";
import { edoTest } from "../helpers/leaks.ts";
import {
  bothWays,
  caught,
  connectPair,
  encode,
  fdOf,
  type Pair,
  rawPair,
  readText,
  readToEnd,
  settle,
} from "./support.ts";

/** Errors that tell of a connection that the peer has ended. */
function assertGone(error: unknown): void {
  const classes = [Deno.errors.ConnectionReset, Deno.errors.BrokenPipe];
  assert(classes.some((type) => error instanceof type), String(error));
}

bothWays(
  "closing a stream ends the read that waits, and the peer reads the end",
  function* () {
    using pair = yield* connectPair();
    const { client, server } = pair;
    const reading = spawn(caught, server.read(new Uint8Array(8)));
    yield* settle();
    const { port } = server.remoteAddr;
    server.close();
    const error = yield* reading;
    assertInstanceOf(error, Deno.errors.BadResource);
    assertEquals(
      error.message,
      `Cannot read from the stream to 127.0.0.1:${port}: it is closed`,
    );
    assertEquals(yield* time.timeout(2_000, readText(client)), null);
  },
);

bothWays("closing a stream ends the write that waits", function* () {
  using pair = yield* connectPair();
  const writing = spawn(caught, pair.client.writeAll(new Uint8Array(64 << 20)));
  yield* settle();
  pair.client.close();
  assertInstanceOf(yield* writing, Deno.errors.BadResource);
});

bothWays(
  "using a stream gives the peer the end, whether or not the stream ever waited",
  function* () {
    for (const waits of [false, true]) {
      using pair = yield* connectPair();
      const { client, server } = pair;
      if (waits) yield* caught(time.timeout(1, client.read(new Uint8Array(1))));
      {
        using _ = client;
      }
      assertEquals(yield* readText(server), null);
    }
  },
);

bothWays(
  "what was written before a close arrives, and then the end",
  function* () {
    using pair = yield* connectPair();
    const { client, server } = pair;
    const reading = spawn(readToEnd, server);
    yield* settle();
    yield* client.writeAll(encode("four"));
    client.close();
    assertEquals(yield* reading, "four");
  },
);

bothWays(
  "after a half-close this side still reads and cannot write, and the peer reads the end and can write",
  function* () {
    using pair = yield* connectPair();
    const { client, server } = pair;
    client.shutdown();
    assertEquals(yield* readText(server), null);
    assertEquals(yield* readText(server), null, "and the end is still there");
    yield* server.writeAll(encode("answer"));
    assertEquals(yield* readText(client), "answer");
    const error = yield* caught(client.write(encode("x")));
    assertInstanceOf(error, Deno.errors.BrokenPipe);
    assertEquals(
      error.message,
      `Cannot write to the stream to 127.0.0.1:${client.remoteAddr.port}: ` +
        "broken pipe (EPIPE from send)",
    );
    server.close();
    assertEquals(yield* readText(client), null);
  },
);

bothWays(
  "shutting down both directions ends reads that wait and fails writes",
  function* () {
    using pair = yield* connectPair();
    const { client, server } = pair;
    const reading = spawn(readText, client);
    yield* settle();
    client.shutdown("both");
    assertEquals(yield* reading, null);
    assertInstanceOf(
      yield* caught(client.writeAll(encode("x"))),
      Deno.errors.BrokenPipe,
    );
    assertEquals(yield* readText(server), null);
  },
);

bothWays(
  "shutting down the read side ends the read that waits, and writing goes on",
  function* () {
    using pair = yield* connectPair();
    const { client, server } = pair;
    const reading = spawn(readText, client);
    yield* settle();
    client.shutdown("read");
    assertEquals(yield* reading, null);
    yield* client.writeAll(encode("still"));
    assertEquals(yield* readText(server), "still");
  },
);

bothWays(
  "shutting down again and again is fine, also when the connection is over",
  function* () {
    using pair = yield* connectPair();
    for (let i = 0; i < 3; i++) pair.client.shutdown();
    for (let i = 0; i < 3; i++) pair.client.shutdown("both");
    assertEquals(yield* readText(pair.server), null);
    pair.server.close();
    assertEquals(yield* readText(pair.client), null);
    pair.client.shutdown();
  },
);

bothWays(
  "shutting down a connection that the peer has reset is fine",
  function* () {
    const { peer, stream } = yield* rawPair();
    using _ = stream;
    peer.reset();
    stream.shutdown();
    assertGone(yield* caught(stream.writeAll(encode("x"))));
    stream.shutdown("both");
  },
);

bothWays("a reset wakes the reader and the writer that wait", function* () {
  const { peer, stream } = yield* rawPair();
  using _ = stream;
  const writing = spawn(caught, stream.writeAll(new Uint8Array(64 << 20)));
  const reading = spawn(readText, stream);
  yield* settle();
  peer.reset();
  assertGone(yield* writing);
  // Whichever of the two came first was told of the reset, the other one of what
  // follows from it: for a reader, the end.
  const outcome = yield* caught((function* () {
    throw yield* reading;
  })());
  const cause = outcome instanceof Error ? outcome.cause : outcome;
  if (cause !== null) assertInstanceOf(cause, Deno.errors.ConnectionReset);
  assertEquals(yield* readText(stream), null, "and the end stays");
});

bothWays(
  "a reader alone is told of a reset, with call, address and name of the error",
  function* () {
    const { peer, stream } = yield* rawPair();
    using _ = stream;
    const reading = spawn(caught, stream.read(new Uint8Array(1)));
    yield* settle();
    peer.reset();
    const error = yield* reading;
    assertInstanceOf(error, Deno.errors.ConnectionReset);
    assertEquals(
      error.message,
      `Cannot read from the stream to 127.0.0.1:${stream.remoteAddr.port}: ` +
        "connection reset by peer (ECONNRESET from recv)",
    );
    assertEquals((error as { code?: string }).code, "ECONNRESET");
  },
);

bothWays(
  "writing on and on to a peer that has gone fails with an error",
  function* () {
    using pair = yield* connectPair();
    pair.server.close();
    const error = yield* caught((function* () {
      for (;;) yield* pair.client.writeAll(new Uint8Array(1024));
    })());
    assertGone(error);
    // Each of these would be a SIGPIPE if nobody had asked for an error instead.
    for (let i = 0; i < 3; i++) {
      assertGone(yield* caught(pair.client.write(encode("x"))));
    }
  },
);

bothWays(
  "closing again does nothing, neither by hand nor by using",
  function* () {
    using pair = yield* connectPair();
    using client = pair.client;
    assertEquals(client.isClosed, false);
    client.close();
    assertEquals(client.isClosed, true);
    client.close();
    using listener = net.TcpListener.bind({ port: 0 });
    listener.close();
    listener.close();
  },
);

bothWays(
  "closing again does not close a descriptor that got the same number since",
  function* () {
    using listener = net.TcpListener.bind({ port: 0 });
    using pair = yield* connectPair(listener);
    const fd = fdOf(pair.client);
    pair.client.close();
    using others = new DisposableStack();
    let heir: Pair;
    // The system gives out the lowest number that is free.
    do heir = others.use(yield* connectPair(listener)); while (
      fdOf(heir.client) !== fd && fdOf(heir.server) !== fd
    );
    pair.client.close();
    pair.client[Symbol.dispose]();
    yield* heir.client.writeAll(encode("alive"));
    assertEquals(yield* readText(heir.server), "alive");
  },
);

bothWays("each method of a closed stream says that it is closed", function* () {
  using pair = yield* connectPair();
  const { client } = pair;
  client.close();
  const bytes = new Uint8Array(1);
  const operations = {
    "read from": client.read(bytes),
    "peek at": client.peek(bytes),
    "write to": client.write(bytes),
  };
  for (const [verb, operation] of Object.entries(operations)) {
    const error = yield* caught(operation as never);
    assertInstanceOf(error, Deno.errors.BadResource);
    assertEquals(
      error.message,
      `Cannot ${verb} the stream to 127.0.0.1:${client.remoteAddr.port}: ` +
        "it is closed",
    );
  }
  for (
    const use of [
      () => client.shutdown(),
      () => client.localAddr,
      () => client.setNoDelay(),
      () => client.setKeepAlive(),
    ]
  ) assertThrows(use, Deno.errors.BadResource, "it is closed");
});

edoTest(
  "sockets opened inside block_on are closed at its end, those spawned tasks hold included",
  () => {
    const kept = block_on(function* () {
      const pair = yield* connectPair();
      const listener = net.TcpListener.bind({ port: 0 });
      spawn(function* () {
        yield* listener.accept();
      });
      yield* settle();
      return { ...pair, listener };
    });
    assertEquals(kept.client.isClosed, true);
    assertEquals(kept.server.isClosed, true);
    assertThrows(
      () => block_on(kept.listener.accept()),
      Deno.errors.BadResource,
    );
  },
);

edoTest(
  "sockets opened inside run are closed when its promise settles",
  async () => {
    const kept = await run(function* () {
      const listener = net.TcpListener.bind({ port: 0 });
      return { ...yield* connectPair(listener), listener };
    });
    assertEquals(kept.client.isClosed, true);
    assertEquals(kept.server.isClosed, true);
  },
);

edoTest(
  "sockets opened outside serve two calls of block_on in turn, and one of run, and stay open",
  async () => {
    using listener = net.TcpListener.bind({ port: 0 });
    using client = await net.TcpStream.connect(listener.addr);
    using server = await listener.accept();
    function* echo(text: string) {
      // The read waits first, so that the reactor of this call has the stream.
      const reading = spawn(readText, server);
      yield* settle();
      yield* client.writeAll(encode(text));
      assertEquals(yield* reading, text);
      const accepting = spawn(() => listener.accept());
      yield* settle();
      using _other = yield* net.TcpStream.connect(listener.addr);
      using _accepted = yield* accepting;
    }
    block_on(echo, "first");
    block_on(echo, "second");
    await run(echo, "third");
    block_on(echo, "fourth");
    assertEquals(client.isClosed || server.isClosed, false);
  },
);

edoTest(
  "a read that waits on Deno's loop goes on after a block_on that read from the same stream",
  async () => {
    using listener = net.TcpListener.bind({ port: 0 });
    using client = await net.TcpStream.connect(listener.addr);
    using server = await listener.accept();
    const accepting = listener.accept();
    const other = accepting.then((stream) => stream);
    block_on(function* () {
      // It takes the listener into its own reactor.
      yield* caught(time.timeout(1, listener.accept()));
      yield* client.writeAll(encode("inside"));
      assertEquals(yield* readText(server), "inside");
    });
    using late = await net.TcpStream.connect(listener.addr);
    using accepted = await other;
    assertEquals(accepted.remoteAddr.port, late.localAddr.port);
  },
);

edoTest(
  "a stream whose descriptor foreign code has closed still goes without harm",
  () => {
    block_on(function* () {
      using pair = yield* connectPair();
      yield* caught(time.timeout(1, pair.client.read(new Uint8Array(1))));
      sockets.close(fdOf(pair.client));
      pair.client.close();
      using other = yield* connectPair();
      yield* other.client.writeAll(encode("fine"));
      assertEquals(yield* readText(other.server), "fine");
    });
  },
);
