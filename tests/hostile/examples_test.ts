/**
 * What hostile peers have shown of the examples.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { serveClient } from "../../examples/delay_server.ts";
import {
  block_on,
  type Coroutine,
  type net,
  pollFn,
  spawn,
  time,
} from "../../mod.ts";
import { BadRequest, HttpReader } from "../../examples/lib/http_reader.ts";
import { LineReader, LineTooLong } from "../../examples/lib/line_reader.ts";
import { bothWays, caught, rawPair, settle } from "../net/support.ts";
import { fc } from "../properties/fast_check.ts";
import { propertyTest } from "../properties/support.ts";
import { leavingAsBefore } from "./holdings.ts";

const LARGE = new Uint8Array(64 << 20);

bothWays(
  "the refusal of a request to somebody who reads nothing is given up, and the connection with it",
  () =>
    leavingAsBefore(function* () {
      const { peer, stream } = yield* rawPair();
      using _peer = peer;
      // Replies that nobody reads leave no room for another one.
      const replies = spawn(function* () {
        yield* stream.writeAll(LARGE);
      });
      yield* settle();
      replies.abort();
      yield* caught(replies);
      peer.send("this is not HTTP\r\n");
      yield* time.timeout(10_000, serveClient(stream, 0));
      assertEquals(stream.isClosed, true);
    }),
  { ignore: Deno.build.os !== "linux" },
);

/** A stream whose bytes come in pieces of these lengths. */
function streamOf(
  bytes: Uint8Array,
  lengths: readonly number[],
): net.TcpStream {
  let at = 0;
  let piece = 0;
  const stream = {
    read: (buffer: Uint8Array) =>
      pollFn(() => {
        if (at === bytes.length) return null;
        if (buffer.length === 0) return 0;
        const length = lengths[piece++ % lengths.length] ?? 1;
        const n = Math.min(length, buffer.length, bytes.length - at);
        buffer.set(bytes.subarray(at, at + n));
        at += n;
        return n;
      }),
    *writeAll(): Coroutine<void> {},
  };
  return stream as unknown as net.TcpStream;
}

/** All that a reader makes of a stream, up to the end or to what it refuses. */
function outcome(next: () => Coroutine<unknown>): unknown[] {
  return block_on(function* () {
    const found: unknown[] = [];
    try {
      for (let one; (one = yield* next()) !== null;) found.push(one);
      found.push("end");
    } catch (error) {
      const isRefusal = error instanceof BadRequest ||
        error instanceof LineTooLong;
      if (!isRefusal) throw error;
      found.push(error.message);
    }
    return found;
  });
}

const fragment = fc.oneof(
  fc.constantFrom(
    ...["GET / HTTP/1.1\r\n", "POST /x HTTP/1.0\r\n", "Host: a\r\n", "\r\n"],
    ...["Content-Length: 3\r\n", "Content-Length: 9999\r\n", "abc", "\n", "\r"],
    ...[
      "Transfer-Encoding: chunked\r\n",
      "3\r\nabc\r\n",
      "0\r\n\r\n",
      "A: b\n",
    ],
    ...["Expect: 100-continue\r\n", "Connection: close\r\n", " ", ":", "\0"],
  ),
  fc.string({ unit: "binary-ascii" }),
  fc.nat(9_000).map((n) => "y".repeat(n)),
);
const message = fc.array(fragment, { maxLength: 20 })
  .map((fragments) =>
    Uint8Array.from(fragments.join(""), (c) => c.charCodeAt(0))
  );
const pieces = fc.array(fc.integer({ min: 1, max: 2_000 }), {
  minLength: 1,
  maxLength: 8,
});

propertyTest(
  "an HTTP reader makes the same of any bytes, in whatever pieces they come: requests, and one refusal or the end",
  fc.tuple(message, pieces),
  300,
  ([bytes, lengths]) => {
    const read = (lengths: readonly number[]) => {
      const reader = new HttpReader(streamOf(bytes, lengths));
      return outcome(() => reader.next());
    };
    assertEquals(read(lengths), read([bytes.length]));
  },
);

propertyTest(
  "a line reader makes the same of any bytes, in whatever pieces they come, without control characters",
  fc.tuple(message, pieces),
  300,
  ([bytes, lengths]) => {
    const read = (lengths: readonly number[]) => {
      const reader = new LineReader(streamOf(bytes, lengths), 1_024);
      return outcome(() => reader.next());
    };
    const lines = read(lengths);
    assertEquals(lines, read([bytes.length]));
    for (const line of lines) {
      assertEquals(/\p{Cc}/u.test(line as string), false);
    }
  },
);
