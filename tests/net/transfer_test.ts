import { assertEquals, assertInstanceOf } from "@std/assert";
import { join, net, spawn, yieldNow } from "../../mod.ts";
import { sockets } from "../../src/sys/platform.ts";
import {
  assertPattern,
  bothWays,
  caught,
  connectPair,
  encode,
  expectPattern,
  fdOf,
  pattern,
  readText,
  sendPattern,
} from "./support.ts";

const MIB = 1024 * 1024;

for (const hostname of ["127.0.0.1", "::1", "localhost"]) {
  bothWays(
    `1,024 rounds of echo through ${hostname} bring back each byte`,
    function* () {
      using listener = net.TcpListener.bind({ hostname, port: 0 });
      const server = spawn(function* () {
        using stream = yield* listener.accept();
        const buffer = new Uint8Array(300);
        let echoed = 0;
        for (;;) {
          const n = yield* stream.read(buffer);
          if (n === null) return echoed;
          yield* stream.writeAll(buffer.subarray(0, n));
          echoed += n;
        }
      });
      using stream = yield* net.TcpStream.connect({
        hostname,
        port: listener.addr.port,
      });
      let sent = 0;
      for (let round = 0; round < 1_024; round++) {
        const length = 1 + round % 257;
        yield* stream.writeAll(pattern(sent, length));
        const back = new Uint8Array(length);
        yield* stream.readExact(back);
        assertPattern(sent, back);
        sent += length;
      }
      stream.shutdown();
      assertEquals(yield* server, sent);
      assertEquals(yield* stream.read(new Uint8Array(1)), null);
    },
  );
}

bothWays(
  "64 MiB go both ways at once and arrive whole and in order",
  function* () {
    using pair = yield* connectPair();
    const { client, server } = pair;
    yield* join(
      spawn(sendPattern, client, 64 * MIB),
      spawn(sendPattern, server, 64 * MIB),
      spawn(expectPattern, client, 64 * MIB),
      spawn(expectPattern, server, 64 * MIB),
    );
  },
);

bothWays(
  "16 MiB reach a slow reader with small buffers whole and in order",
  function* () {
    using pair = yield* connectPair();
    const { client, server } = pair;
    sockets.setSendBufferSize(fdOf(client), 32 * 1024);
    const sending = spawn(sendPattern, client, 16 * MIB, 50_021);
    const buffer = new Uint8Array(10_007);
    for (let got = 0; got < 16 * MIB;) {
      const n = (yield* server.read(buffer))!;
      assertPattern(got, buffer.subarray(0, n));
      got += n;
      yield* yieldNow();
    }
    yield* sending;
  },
);

bothWays(
  "write takes a part of what does not fit and says how much",
  function* () {
    using pair = yield* connectPair();
    const { client, server } = pair;
    const data = new Uint8Array(32 * MIB);
    const n = yield* client.write(data);
    if (n <= 0 || n >= data.length) throw new Error(`write took ${n} bytes`);
    client.close();
    let got = 0;
    const buffer = new Uint8Array(64 * 1024);
    for (;;) {
      const more = yield* server.read(buffer);
      if (more === null) break;
      got += more;
    }
    assertEquals(got, n);
  },
);

bothWays("readExact gathers bytes that arrive one by one", function* () {
  using pair = yield* connectPair();
  const { client, server } = pair;
  const gathering = spawn(function* () {
    const buffer = new Uint8Array(10);
    yield* server.readExact(buffer);
    return buffer;
  });
  for (let i = 0; i < 10; i++) {
    yield* client.writeAll(Uint8Array.of(i));
    yield* yieldNow();
  }
  assertEquals(yield* gathering, Uint8Array.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9));
});

bothWays(
  "readExact says how far it got when the stream ends before",
  function* () {
    using pair = yield* connectPair();
    const { client, server } = pair;
    yield* client.writeAll(encode("abc"));
    client.close();
    const buffer = new Uint8Array(5);
    const error = yield* caught(server.readExact(buffer));
    assertInstanceOf(error, Deno.errors.UnexpectedEof);
    assertEquals(
      error.message,
      `Cannot read 5 bytes from the stream to 127.0.0.1:${server.remoteAddr.port}: ` +
        "the stream ended after 3",
    );
    assertEquals(buffer, Uint8Array.of(97, 98, 99, 0, 0));
  },
);

bothWays(
  "nothing is read into an empty buffer and nothing written of empty data, at once",
  function* () {
    using pair = yield* connectPair();
    const { client, server } = pair;
    const empty = new Uint8Array(0);
    // Before anything else, and again when it is known that nothing is there.
    for (const round of ["new", "drained"]) {
      assertEquals(yield* server.read(empty), 0, round);
      assertEquals(yield* server.peek(empty), 0, round);
      yield* server.readExact(empty);
      assertEquals(yield* client.write(empty), 0, round);
      yield* client.writeAll(empty);
      yield* client.writeAll(encode(round));
      assertEquals(yield* readText(server), round);
    }
  },
);
