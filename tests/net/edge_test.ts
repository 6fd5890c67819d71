import { assertEquals, assertInstanceOf } from "@std/assert";
import { join, net, spawn, time } from "../../mod.ts";
import {
  bothWays,
  caught,
  connectPair,
  decode,
  encode,
  RawPeer,
  readText,
  readToEnd,
  settle,
  until,
} from "./support.ts";

bothWays(
  "what a read left over is delivered without another event, and new data wakes the one that then waits",
  function* () {
    using pair = yield* connectPair();
    const { client, server } = pair;
    for (let round = 0; round < 3; round++) {
      const first = spawn(readText, server, 3);
      yield* settle(); // it waits for the edge
      yield* client.writeAll(encode("0123456789"));
      assertEquals(yield* first, "012");
      assertEquals(yield* readText(server, 3), "345");
      assertEquals(yield* readText(server, 4), "6789");
    }
  },
);

bothWays(
  "data and end that come in one edge both reach the reader, for each of 50 clients",
  function* () {
    using listener = net.TcpListener.bind({ port: 0 });
    for (let i = 0; i < 50; i++) {
      using peer = RawPeer.connect(listener.addr);
      using stream = yield* listener.accept();
      const reading = spawn(readToEnd, stream);
      yield* settle(); // it waits, so that both are news to it
      peer.send("all there is");
      peer[Symbol.dispose]();
      assertEquals(yield* time.timeout(2_000, reading), "all there is");
    }
  },
);

bothWays(
  "50 clients that send and close before anybody accepts them are each heard to the end",
  function* () {
    using listener = net.TcpListener.bind({ port: 0 });
    for (let i = 0; i < 50; i++) {
      using peer = RawPeer.connect(listener.addr);
      peer.send(`client ${i}`);
    }
    for (let i = 0; i < 50; i++) {
      using stream = yield* listener.accept();
      assertEquals(yield* readToEnd(stream), `client ${i}`);
    }
  },
);

bothWays(
  "an end that comes between a short read and the next read is seen",
  function* () {
    using pair = yield* connectPair();
    const { client, server } = pair;
    const reading = spawn(readText, server);
    yield* settle();
    yield* client.writeAll(encode("short"));
    assertEquals(yield* reading, "short");
    client.close();
    assertEquals(yield* time.timeout(2_000, readText(server)), null);
  },
);

bothWays(
  "a read that fills its buffer exactly is followed by the rest, the end or a wait",
  function* () {
    using pair = yield* connectPair();
    const { client, server } = pair;
    yield* client.writeAll(encode("12345678"));
    assertEquals(yield* readText(server, 4), "1234");
    assertEquals(yield* readText(server, 4), "5678");
    const waiting = spawn(readText, server, 4);
    yield* settle();
    assertEquals(waiting.isFinished, false);
    yield* client.writeAll(encode("more"));
    assertEquals(yield* waiting, "more");
    client.shutdown();
    assertEquals(yield* readText(server, 4), null);
  },
);

bothWays("peek shows the same bytes twice and leaves them", function* () {
  using pair = yield* connectPair();
  const { client, server } = pair;
  const buffer = new Uint8Array(8);
  yield* client.writeAll(encode("peeked"));
  for (let round = 0; round < 2; round++) {
    assertEquals(yield* server.peek(buffer), 6);
    assertEquals(decode(buffer.subarray(0, 6)), "peeked");
  }
  assertEquals(yield* readText(server), "peeked");
});

bothWays(
  "a peek that has to wait is woken by data, and by the end",
  function* () {
    using pair = yield* connectPair();
    const { client, server } = pair;
    const buffer = new Uint8Array(8);
    for (const text of ["one", "two"]) {
      const peeking = spawn(() => server.peek(buffer));
      yield* settle();
      assertEquals(peeking.isFinished, false);
      yield* client.writeAll(encode(text));
      assertEquals(yield* peeking, 3);
      assertEquals(yield* readText(server), text);
    }
    const peeking = spawn(() => server.peek(buffer));
    yield* settle();
    client.close();
    assertEquals(yield* peeking, null);
    assertEquals(yield* server.peek(buffer), null);
  },
);

bothWays(
  "a second read or peek while one waits gets Busy, and the first goes on",
  function* () {
    using pair = yield* connectPair();
    const { client, server } = pair;
    const first = spawn(readText, server);
    yield* settle();
    const buffer = new Uint8Array(8);
    const operations = {
      "read from": server.read(buffer),
      "peek at": server.peek(buffer),
    };
    for (const [verb, operation] of Object.entries(operations)) {
      const error = yield* caught(operation);
      assertInstanceOf(error, Deno.errors.Busy);
      assertEquals(
        error.message,
        `Cannot ${verb} the stream to 127.0.0.1:${server.remoteAddr.port}: ` +
          "another operation waits in the same direction",
      );
    }
    yield* client.writeAll(encode("hello"));
    assertEquals(yield* first, "hello");
    yield* client.writeAll(encode("again"));
    assertEquals(yield* readText(server), "again");
  },
);

bothWays(
  "a second write while one waits gets Busy, and one may follow when it was cancelled",
  function* () {
    using pair = yield* connectPair();
    const { client, server } = pair;
    const first = spawn(() => client.writeAll(new Uint8Array(64 << 20)));
    yield* settle();
    const error = yield* caught(client.write(encode("x")));
    assertInstanceOf(error, Deno.errors.Busy);
    first.abort();
    yield* settle();
    const second = spawn(() => client.write(encode("x")));
    const buffer = new Uint8Array(1 << 20);
    while (!second.isFinished) yield* server.read(buffer);
    assertEquals(yield* second, 1);
  },
);

bothWays(
  "a read that is cancelled takes nothing, and the next one gets the data",
  function* () {
    using pair = yield* connectPair();
    const { client, server } = pair;
    for (let round = 0; round < 3; round++) {
      const error = yield* caught(time.timeout(2, readText(server)));
      assertInstanceOf(error, time.TimeoutError);
      yield* client.writeAll(encode(`round ${round}`));
      assertEquals(yield* readText(server), `round ${round}`);
    }
  },
);

bothWays(
  "the future of an operation that has finished says so when it is used again",
  function* () {
    using pair = yield* connectPair();
    yield* pair.client.writeAll(encode("once"));
    const reading = pair.server.read(new Uint8Array(8));
    assertEquals(yield* reading, 4);
    const error = yield* caught(reading);
    assertInstanceOf(error, Error);
    assertEquals(
      error.message,
      `Cannot read from the stream to 127.0.0.1:${pair.server.remoteAddr.port}: ` +
        "this future has finished; call the method again",
    );
  },
);

bothWays(
  "one task reads while another writes the same stream under backpressure, and both finish",
  function* () {
    const bytes = 8 << 20;
    using pair = yield* connectPair();
    const { client, server } = pair;
    const writing = spawn(() => client.writeAll(new Uint8Array(bytes)));
    const reading = spawn(readToEnd, client);
    yield* settle();
    // What the reader gets must not cost the writer its place, nor go to it.
    let got = 0;
    const buffer = new Uint8Array(1 << 20);
    while (got < bytes) {
      yield* server.writeAll(encode("."));
      got += (yield* server.read(buffer))!;
    }
    yield* writing;
    const dots = yield* (function* () {
      server.shutdown();
      return yield* reading;
    })();
    assertEquals(/^\.+$/.test(dots), true);
  },
);

bothWays(
  "a write waits while the peer does not read, and as many bytes arrive as were taken",
  function* () {
    using pair = yield* connectPair();
    const { client, server } = pair;
    let taken = 0;
    const writing = spawn(function* () {
      const chunk = new Uint8Array(64 * 1024);
      while (taken < 32 << 20) taken += yield* client.write(chunk);
      client.shutdown();
    });
    yield* settle();
    const before = taken;
    yield* settle();
    assertEquals(taken, before, "it goes on though nobody reads");
    let got = 0;
    const buffer = new Uint8Array(256 * 1024);
    for (;;) {
      const n = yield* server.read(buffer);
      if (n === null) break;
      got += n;
    }
    yield* writing;
    assertEquals(got, taken);
  },
);

for (const count of [100, 1_000]) {
  bothWays(
    `of ${count} connections, each that gets data is the one whose reader ends`,
    function* () {
      using listener = net.TcpListener.bind({ port: 0, backlog: 1_024 });
      using pairs = new DisposableStack();
      const peers: RawPeer[] = [];
      const heard: string[] = [];
      function* hear(stream: net.TcpStream, name: number) {
        for (;;) {
          const text = yield* readText(stream);
          if (text === null) return;
          heard.push(`${name} ${text}`);
        }
      }
      const tasks = [];
      for (let i = 0; i < count; i++) {
        peers.push(pairs.use(RawPeer.connect(listener.addr)));
        tasks.push(spawn(hear, pairs.use(yield* listener.accept()), i));
      }
      yield* settle();
      // A fixed order that looks like none: a step that shares no factor with 1,000.
      for (let round = 0, at = 0; round < count; round++) {
        at = (at + 387) % count;
        peers[at]!.send(`round ${round}`);
        yield* until(() => heard.length > round);
        assertEquals(heard.slice(round), [`${at} round ${round}`]);
      }
      for (const peer of peers) peer[Symbol.dispose]();
      yield* join(...tasks);
    },
  );
}
