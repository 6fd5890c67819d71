import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { type Coroutine, join, net, spawn } from "../../mod.ts";
import { sockets } from "../../src/sys/platform.ts";
import {
  bothWays,
  caught,
  encode,
  rawPair,
  RawPeer,
  readText,
  readToEnd,
  settle,
} from "../net/support.ts";
import { leavingAsBefore } from "./holdings.ts";

const ROUNDS = 25;
const LARGE = new Uint8Array(64 << 20);

/** Has a peer send its FIN, and go on reading. */
function endHalf(peer: RawPeer): void {
  sockets.shutdown(peer.fd, "write");
}

/** What those get who read from or write to a connection that was reset. */
function assertGone(error: unknown): void {
  const isGone = error instanceof Deno.errors.ConnectionReset ||
    error instanceof Deno.errors.BrokenPipe;
  assert(isGone, `not the error for a reset: ${error}`);
}

/** States of a connection at the moment of a reset, and what has to come of each. */
const STATES: Record<
  string,
  (stream: net.TcpStream, peer: RawPeer) => Coroutine<void>
> = {
  *"before its first read"(stream, peer) {
    peer.reset();
    assertInstanceOf(
      yield* caught(readText(stream)),
      Deno.errors.ConnectionReset,
    );
  },
  *"before its first write"(stream, peer) {
    peer.reset();
    assertGone(yield* caught(stream.writeAll(LARGE)));
  },
  *"with data that was not read"(stream, peer) {
    peer.send("the last words");
    peer.reset();
    // Systems differ in whether they are still delivered.
    const error = yield* caught((function* () {
      assertEquals(yield* readText(stream), "the last words");
      yield* readText(stream);
    })());
    assertInstanceOf(error, Deno.errors.ConnectionReset);
  },
  *"while a read waits"(stream, peer) {
    const reading = spawn(caught, readText(stream));
    yield* settle();
    peer.reset();
    assertInstanceOf(yield* reading, Deno.errors.ConnectionReset);
  },
  *"while a peek waits"(stream, peer) {
    const peeking = spawn(caught, stream.peek(new Uint8Array(8)));
    yield* settle();
    peer.reset();
    assertInstanceOf(yield* peeking, Deno.errors.ConnectionReset);
  },
  *"in the middle of a write"(stream, peer) {
    const writing = spawn(caught, stream.writeAll(LARGE));
    yield* settle();
    assertEquals(writing.isFinished, false);
    peer.reset();
    assertGone(yield* writing);
  },
  *"while a read and a write wait"(stream, peer) {
    const reading = spawn(ended, readText(stream));
    const writing = spawn(ended, stream.writeAll(LARGE));
    yield* settle();
    peer.reset();
    const [read, written] = yield* join(reading, writing);
    // One of them fetches the error; the other finds the connection gone.
    assert(read === null || read instanceof Deno.errors.ConnectionReset);
    assertGone(written);
  },
  *"after this side has ended its half, while a read waits"(stream, peer) {
    stream.shutdown();
    const reading = spawn(caught, readText(stream));
    yield* settle();
    peer.reset();
    assertInstanceOf(yield* reading, Deno.errors.ConnectionReset);
  },
  *"after the peer has ended its half, in the middle of a write"(stream, peer) {
    endHalf(peer);
    assertEquals(yield* readText(stream), null);
    const writing = spawn(caught, stream.writeAll(LARGE));
    yield* settle();
    peer.reset();
    assertGone(yield* writing);
  },
  *"after both halves were ended"(stream, peer) {
    stream.shutdown();
    endHalf(peer);
    assertEquals(yield* readToEnd(stream), "");
    peer.reset();
    assertEquals(yield* ended(readText(stream)), null);
  },
};

/** The value of a future, or what it throws. */
function* ended(future: Parameters<typeof caught>[0]): Coroutine<unknown> {
  try {
    return yield* future;
  } catch (error) {
    return error;
  }
}

for (const [state, check] of Object.entries(STATES)) {
  bothWays(
    `a connection that its peer resets ${state} tells whoever waits, and leaves nothing`,
    () =>
      leavingAsBefore(function* () {
        for (let round = 0; round < ROUNDS; round++) {
          const { peer, stream } = yield* rawPair();
          using _peer = peer;
          using _stream = stream;
          yield* check(stream, peer);
          // What may still be asked of it is answered.
          const after = yield* ended(readText(stream));
          assert(after === null || after instanceof Error, `${after}`);
          stream.shutdown();
          stream.setNoDelay();
          void [stream.remoteAddr, stream.localAddr];
        }
      }),
    { ignore: Deno.build.os !== "linux" },
  );
}

bothWays(
  "connections that are reset before anybody accepts them cost no accept, and the next one is served",
  () =>
    leavingAsBefore(function* () {
      using listener = net.TcpListener.bind({ port: 0 });
      for (let round = 0; round < ROUNDS; round++) {
        for (let i = 0; i < 10; i++) RawPeer.connect(listener.addr).reset();
        using honest = RawPeer.connect(listener.addr);
        honest.send("hello");
        for (;;) {
          using stream = yield* listener.accept();
          const text = yield* ended(readText(stream));
          if (text === "hello") break;
          assertInstanceOf(text, Deno.errors.ConnectionReset);
        }
      }
    }),
  { ignore: Deno.build.os !== "linux" },
);

bothWays(
  "a peer that never reads holds a write up and nothing else: it is given up by a timeout, an abort or a close",
  () =>
    leavingAsBefore(function* () {
      for (const way of ["abort", "close", "cancel"]) {
        const { peer, stream } = yield* rawPair();
        using _peer = peer;
        using _stream = stream;
        const writing = spawn(function* () {
          yield* stream.writeAll(LARGE);
        });
        yield* settle();
        assertEquals(writing.isFinished, false);
        // The other direction goes on.
        peer.send("hello");
        assertEquals(yield* readText(stream), "hello");
        if (way === "close") {
          stream.close();
          const { cause } = (yield* caught(writing)) as Error;
          assertInstanceOf(cause, Deno.errors.BadResource);
        } else {
          writing.abort();
          yield* caught(writing);
          // Its place is free: the next one waits as well, and is no error.
          const next = spawn(ended, stream.write(encode("x")));
          yield* settle();
          assertEquals(next.isFinished, false);
          next.abort();
        }
      }
    }),
  { ignore: Deno.build.os !== "linux" },
);
