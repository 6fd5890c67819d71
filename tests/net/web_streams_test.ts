import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { block_on, fromPromise, net, run } from "../../mod.ts";
import { edoTest } from "../helpers/leaks.ts";
import {
  assertPattern,
  caught,
  connectPair,
  decode,
  encode,
  Pair,
  pattern,
  readText,
  readToEnd,
  settle,
} from "./support.ts";

/** A pair that belongs to the test: opened by `await`, outside of any scope. */
async function openPair(): Promise<Pair> {
  using listener = net.TcpListener.bind({ port: 0 });
  const client = await net.TcpStream.connect(listener.addr);
  return new Pair(client, await listener.accept());
}

/** The bytes of a pattern, in chunks of different sizes. */
function patternStream(total: number): ReadableStream<Uint8Array<ArrayBuffer>> {
  let sent = 0;
  return new ReadableStream({
    pull(controller) {
      if (sent === total) return controller.close();
      const length = Math.min(1 + (sent * 7) % 60_000, total - sent);
      controller.enqueue(pattern(sent, length).slice());
      sent += length;
    },
  });
}

async function assertPatternStream(
  stream: ReadableStream<Uint8Array>,
  total: number,
): Promise<void> {
  let got = 0;
  for await (const chunk of stream) {
    assertPattern(got, chunk);
    got += chunk.length;
  }
  assertEquals(got, total);
}

edoTest(
  "bytes piped into the writable come out of the peer's readable, whole and in order, both ways",
  async () => {
    using pair = await openPair();
    const total = 4 << 20;
    await Promise.all([
      patternStream(total).pipeTo(pair.client.writable),
      patternStream(total).pipeTo(pair.server.writable),
      assertPatternStream(pair.client.readable, total),
      assertPatternStream(pair.server.readable, total),
    ]);
  },
);

edoTest(
  "a stream pipes through itself: an echo server in one line",
  async () => {
    using pair = await openPair();
    const echoing = pair.server.readable.pipeTo(pair.server.writable);
    const writer = pair.client.writable.getWriter();
    await writer.write(encode("there and "));
    await writer.write(encode("back"));
    await writer.close();
    let text = "";
    for await (const chunk of pair.client.readable) text += decode(chunk);
    assertEquals(text, "there and back");
    await echoing;
  },
);

edoTest("readable and writable are the same objects each time", async () => {
  using pair = await openPair();
  assertEquals(pair.client.readable === pair.client.readable, true);
  assertEquals(pair.client.writable === pair.client.writable, true);
});

edoTest(
  "a reader that brings its own buffer gets the bytes in it, and the end",
  async () => {
    using pair = await openPair();
    await pair.client.writeAll(encode("own buffer"));
    pair.client.shutdown();
    const reader = pair.server.readable.getReader({ mode: "byob" });
    const first = await reader.read(new Uint8Array(3));
    assertEquals(decode(first.value!), "own");
    const second = await reader.read(new Uint8Array(64));
    assertEquals(decode(second.value!), " buffer");
    const last = await reader.read(new Uint8Array(64));
    assertEquals([last.done, last.value?.length], [true, 0]);
  },
);

edoTest("nothing is read before somebody asks for it", async () => {
  using pair = await openPair();
  await pair.client.writeAll(encode("kept"));
  const { readable } = pair.server;
  // A reader that came first would be in the way of this read.
  assertEquals(await run(readText(pair.server)), "kept");
  await readable.cancel();
});

edoTest(
  "cancelling the readable while a read waits ends that direction, and the other one goes on",
  async () => {
    using pair = await openPair();
    const reader = pair.server.readable.getReader();
    const reading = reader.read();
    await reader.cancel();
    assertEquals((await reading).done, true);
    await pair.server.writeAll(encode("still"));
    assertEquals(await run(readText(pair.client)), "still");
  },
);

edoTest("leaving the iteration of a readable ends that direction", async () => {
  using pair = await openPair();
  await pair.client.writeAll(encode("first"));
  for await (const chunk of pair.server.readable) {
    assertEquals(decode(chunk), "first");
    break;
  }
  await pair.server.writeAll(encode("still"));
  assertEquals(await run(readText(pair.client)), "still");
});

edoTest(
  "closing the writable gives the peer the end, and reading goes on",
  async () => {
    using pair = await openPair();
    await pair.client.writable.close();
    assertEquals(await run(readText(pair.server)), null);
    await pair.server.writeAll(encode("answer"));
    assertEquals(await run(readText(pair.client)), "answer");
  },
);

edoTest("aborting the writable closes the stream", async () => {
  using pair = await openPair();
  await pair.client.writable.abort(new Error("enough"));
  assertEquals(pair.client.isClosed, true);
  assertEquals(await run(readText(pair.server)), null);
});

edoTest(
  "aborting the writable ends a write that waits, and closes the stream",
  async () => {
    using pair = await openPair();
    const writer = pair.client.writable.getWriter();
    const reason = new Error("enough");
    const writing = assertRejects(
      () => writer.write(new Uint8Array(64 << 20)),
      Error,
      "enough",
    );
    await run(settle()); // it has begun, and the peer does not read
    const closing = writer.closed.catch((error) => error);
    await writer.abort(reason);
    await writing;
    assertEquals(await closing, reason);
    assertEquals(pair.client.isClosed, true);
  },
);

edoTest(
  "a reset of the peer fails the readable and the writable with the error",
  async () => {
    using pair = await openPair();
    const reading = assertRejects(
      () => pair.client.readable.getReader().read(),
      Deno.errors.ConnectionReset,
    );
    // Unread bytes make a close a reset.
    await pair.client.writeAll(encode("unread"));
    pair.server.close();
    await reading;
    await assertRejects(
      () => pair.client.writable.getWriter().write(encode("x")),
      Deno.errors.BrokenPipe,
    );
  },
);

edoTest("closing the stream fails a readable that waits", async () => {
  using pair = await openPair();
  const reading = assertRejects(
    () => pair.client.readable.getReader().read(),
    Deno.errors.BadResource,
  );
  pair.client.close();
  await reading;
  // Nothing is left to be cancelled, which is no error.
  await pair.server.readable.cancel();
});

edoTest("cancelling the readable of a closed stream is no error", async () => {
  using pair = await openPair();
  const { readable } = pair.client;
  pair.client.close();
  await readable.cancel();
});

edoTest(
  "inside run, Web Streams work beside the stream's own methods",
  async () => {
    await run(function* () {
      using pair = yield* connectPair();
      const reader = pair.server.readable.getReader();
      const reading = reader.read();
      yield* pair.client.writeAll(encode("both"));
      const { value } = yield* fromPromise(reading);
      assertEquals(decode(value!), "both");
      const writer = pair.server.writable.getWriter();
      yield* fromPromise(writer.write(encode("ways")));
      yield* fromPromise(writer.close());
      assertEquals(yield* readToEnd(pair.client), "ways");
    });
  },
);

edoTest(
  "inside block_on, waiting for a Web Stream fails at once and names run",
  () => {
    block_on(function* () {
      using pair = yield* connectPair();
      const reading = pair.server.readable.getReader().read();
      reading.catch(() => {}); // it fails when the stream is closed
      const error = yield* caught(fromPromise(reading));
      assertInstanceOf(error, Error);
      assertEquals(error.message.includes("await run(...)"), true);
    });
  },
);
