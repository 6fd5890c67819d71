import { assertEquals, assertInstanceOf } from "@std/assert";
import {
  block_on,
  Context,
  net,
  Pending,
  pollFn,
  reactor as api,
  spawn,
  type Waker,
} from "../../mod.ts";
import { sockets } from "../../src/sys/platform.ts";
import type { Sockets } from "../../src/sys/sockets.ts";
import { edoTest } from "../helpers/leaks.ts";
import { CountingWaker } from "../reactor/support.ts";
import {
  bothWays,
  caught,
  connectPair,
  encode,
  RawPeer,
  readText,
  settle,
} from "./support.ts";

/** Replaces system calls until it is disposed of. */
class Replaced implements Disposable {
  readonly #originals: Partial<Sockets> = {};

  constructor(calls: Partial<Sockets>) {
    for (const name of Object.keys(calls) as (keyof Sockets)[]) {
      this.#originals[name] = sockets[name] as never;
    }
    Object.assign(sockets, calls);
  }

  [Symbol.dispose](): void {
    Object.assign(sockets, this.#originals);
  }
}

/** A reactor, and contexts to poll with by hand. */
class ByHand implements Disposable {
  readonly reactor = new api.Reactor();
  readonly deferred: Waker[] = [];

  context(waker: Waker, budget: number = 100): Context {
    const cx = new Context(waker, {
      timers: null,
      reactor: this.reactor,
      defer: (waker) => void this.deferred.push(waker),
    });
    cx.budget = budget;
    return cx;
  }

  [Symbol.dispose](): void {
    this.reactor.close();
  }
}

/** A stream whose peer is at hand. */
async function openStream() {
  using listener = net.TcpListener.bind({ port: 0 });
  const peer = RawPeer.connect(listener.addr);
  return { peer, stream: await listener.accept() };
}

edoTest(
  "of an operation that was polled with two wakers, the last one is called, once",
  async () => {
    const { peer, stream } = await openStream();
    using _peer = peer;
    using _stream = stream;
    using hand = new ByHand();
    const wakers = [new CountingWaker(), new CountingWaker()];
    const reading = stream.read(new Uint8Array(8));
    for (const waker of [...wakers, wakers[1]!]) {
      assertEquals(reading.poll(hand.context(waker)), Pending);
    }
    hand.reactor.wait(0);
    peer.send("x");
    hand.reactor.wait();
    assertEquals(wakers.map(({ count }) => count), [0, 1]);
    assertEquals(reading.poll(hand.context(wakers[1]!)), 1);
  },
);

bothWays(
  "an accept that waits is polled once before its connection is there, and once after",
  function* () {
    using listener = net.TcpListener.bind({ port: 0 });
    for (let round = 1; round <= 5; round++) {
      let polls = 0;
      const accepting = spawn(function* () {
        const accept = listener.accept();
        return yield* pollFn((cx) => {
          polls++;
          return accept.poll(cx);
        });
      });
      yield* settle();
      assertEquals(polls, 1);
      using _peer = RawPeer.connect(listener.addr);
      using _stream = yield* accepting;
      yield* settle();
      assertEquals(polls, 2);
    }
  },
);

edoTest("a cancelled operation leaves no waker behind", async () => {
  const { peer, stream } = await openStream();
  using _peer = peer;
  using _stream = stream;
  using hand = new ByHand();
  const waker = new CountingWaker();
  for (let round = 0; round < 3; round++) {
    const reading = stream.read(new Uint8Array(8));
    assertEquals(reading.poll(hand.context(waker)), Pending);
    assertEquals(hand.reactor.canWake, true);
    reading.cancel();
    reading.cancel();
    assertEquals(hand.reactor.canWake, false);
  }
  peer.send("x");
  hand.reactor.wait();
  assertEquals(waker.count, 0);
});

edoTest(
  "each result takes one off the budget, a wait takes nothing, and without a budget there is no system call",
  async () => {
    const { peer, stream } = await openStream();
    using _peer = peer;
    using _stream = stream;
    using hand = new ByHand();
    const waker = new CountingWaker();
    const buffer = new Uint8Array(1);
    const cx = hand.context(waker, 2);
    const waiting = stream.read(buffer);
    assertEquals(waiting.poll(cx), Pending);
    assertEquals(cx.budget, 2);
    waiting.cancel();
    peer.send("abc");
    hand.reactor.wait();
    for (const left of [1, 0]) {
      assertEquals(stream.read(buffer).poll(cx), 1);
      assertEquals(cx.budget, left);
    }
    const third = stream.read(buffer);
    {
      using _ = new Replaced({
        recv: () => {
          throw new Error("a system call was made");
        },
      });
      assertEquals(third.poll(cx), Pending);
    }
    assertEquals(hand.deferred, [waker]);
    cx.budget = 1;
    assertEquals(third.poll(cx), 1);
  },
);

edoTest(
  "a stream that is always ready lets other tasks have their turn",
  () => {
    block_on(function* () {
      using pair = yield* connectPair();
      yield* pair.client.writeAll(new Uint8Array(10_000));
      let turns = 0;
      spawn(function* () {
        for (;;) {
          turns++;
          yield* settle();
        }
      });
      yield* settle();
      const before = turns;
      const buffer = new Uint8Array(1);
      for (let i = 0; i < 10_000; i++) yield* pair.server.read(buffer);
      // 10,000 reads are 78 budgets of 128, each of which has to let others by.
      assertEquals(turns - before > 5, true, `${turns - before} turns`);
    });
  },
);

bothWays(
  "a message that fits costs one read: a short one is not followed by one in vain",
  function* () {
    using pair = yield* connectPair();
    let reads = 0;
    const { recv } = sockets;
    using _ = new Replaced({
      recv: (...args) => {
        reads++;
        return recv(...args);
      },
    });
    const reader = spawn(function* () {
      for (let i = 0; i < 20; i++) yield* readText(pair.server);
    });
    yield* settle();
    assertEquals(reads, 1, "the first one finds out that nothing is there");
    for (let i = 0; i < 20; i++) {
      yield* pair.client.writeAll(encode("message"));
      yield* settle();
    }
    yield* reader;
    assertEquals(reads, 21);
  },
);

bothWays(
  "a connection that was gone before it was accepted is passed over",
  function* () {
    using listener = net.TcpListener.bind({ port: 0 });
    using _peer = RawPeer.connect(listener.addr);
    // What accept(2) says to treat like "try again": ECONNABORTED, EPROTO, ENETDOWN.
    const failures = [-103, -71, -100];
    const { accept } = sockets;
    using _ = new Replaced({ accept: (fd) => failures.pop() ?? accept(fd) });
    using stream = yield* listener.accept();
    assertEquals(stream.isClosed, false);
    assertEquals(failures, []);
  },
);

bothWays(
  "an error that concerns the listener itself ends the accept",
  function* () {
    using listener = net.TcpListener.bind({ port: 0 });
    const error = yield* (function* () {
      using _ = new Replaced({ accept: () => -22 });
      return yield* caught(listener.accept());
    })();
    assertInstanceOf(error, Error);
    assertEquals(
      error.message,
      `Cannot accept on the listener on 127.0.0.1:${listener.addr.port}: ` +
        "invalid argument (EINVAL from accept)",
    );
  },
);
