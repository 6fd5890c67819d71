import { assert, assertEquals } from "@std/assert";
import { reactor as api } from "../../mod.ts";
import { tokenKey } from "../../src/reactor/token.ts";
import { sockets } from "../../src/sys/platform.ts";
import { HAS_TCP } from "../../tools/deno.ts";
import { edoTest } from "../helpers/leaks.ts";
import { CountingWaker, drain, sendByte, Sockets } from "./support.ts";

const { Interest, Reactor } = api;
const { READABLE } = Interest;
const WITH_TCP = { ignore: !HAS_TCP };

edoTest(
  "an event of a socket that was closed in the same batch does not reach the one that got its number and its place",
  () => {
    using bare = new Sockets();
    using reactor = new Reactor();
    const [a, peerOfA] = bare.pair();
    const [b, peerOfB] = bare.pair();
    const tokenOfA = reactor.register(a);
    const tokenOfB = reactor.register(b);
    reactor.wait(0);
    const ofB = new CountingWaker();
    const ofHeir = new CountingWaker();
    let heir = -1;
    const ofA = new CountingWaker(() => {
      reactor.deregister(tokenOfB);
      bare.close(b);
      heir = bare.connect();
      const token = reactor.register(heir);
      assertEquals(tokenKey(token), tokenKey(tokenOfB), "the same place");
      reactor.setWaker(token, READABLE, ofHeir);
    });
    reactor.setWaker(tokenOfA, READABLE, ofA);
    reactor.setWaker(tokenOfB, READABLE, ofB);
    sendByte(peerOfA);
    sendByte(peerOfB);
    assertEquals(reactor.wait(), 1, "the second event was stale");
    assertEquals(heir, b, "the same number");
    assertEquals(ofA.count, 1);
    assertEquals(ofB.count, 1, "woken by its deregistration, not by its event");
    assertEquals(ofHeir.count, 0);
    // Its own events do reach it.
    sendByte(bare.accept());
    reactor.wait();
    assertEquals(ofHeir.count, 1);
  },
  WITH_TCP,
);

edoTest(
  "a socket that is duplicated elsewhere reports nothing after it was deregistered and closed",
  () => {
    using bare = new Sockets();
    using reactor = new Reactor();
    const libc = Deno.dlopen("libc.so.6", {
      dup: { parameters: ["i32"], result: "i32" },
    });
    const [a, b] = bare.pair();
    const token = reactor.register(a);
    reactor.wait(0);
    // As a child process would hold it that inherited it.
    const duplicate = libc.symbols.dup(a);
    libc.close();
    reactor.deregister(token);
    bare.close(a);
    sendByte(b);
    const start = performance.now();
    assertEquals(reactor.wait(20), 0);
    assert(performance.now() - start >= 20 - 0.002, "an event ended the wait");
    const heir = bare.connect();
    assertEquals(heir, a);
    reactor.register(heir);
    sockets.close(duplicate);
  },
  WITH_TCP,
);

edoTest(
  "a waker may deregister and close its own socket, others of the batch, and register new ones",
  () => {
    using bare = new Sockets();
    using reactor = new Reactor();
    const pairs = Array.from({ length: 8 }, () => bare.pair());
    const tokens = pairs.map(([a]) => reactor.register(a));
    reactor.wait(0);
    const fresh = new CountingWaker();
    const wakers = tokens.map((token, i) => {
      const waker = new CountingWaker(() => {
        if (i !== 0) return;
        // Itself, the next one, one further on; then two new ones in their places.
        for (const gone of [0, 1, 5]) {
          reactor.deregister(tokens[gone]!);
          bare.close(pairs[gone]![0]);
        }
        for (let n = 0; n < 2; n++) {
          reactor.setWaker(reactor.register(bare.connect()), READABLE, fresh);
        }
      });
      reactor.setWaker(token, READABLE, waker);
      return waker;
    });
    for (const [, b] of pairs) sendByte(b);
    assertEquals(reactor.wait(), 6);
    assertEquals(wakers.map(({ count }) => count), new Array(8).fill(1));
    assertEquals(reactor.size, 7);
    for (let n = 0; n < 2; n++) sendByte(bare.accept());
    reactor.wait();
    assertEquals(fresh.count, 2);
  },
  WITH_TCP,
);

edoTest("a waker may close the reactor in the middle of a batch", () => {
  using bare = new Sockets();
  const reactor = new Reactor();
  const pairs = [bare.pair(), bare.pair(), bare.pair()];
  const tokens = pairs.map(([a]) => reactor.register(a));
  reactor.wait(0);
  const wakers = tokens.map((token, i) => {
    const waker = new CountingWaker(() => {
      if (i === 0) reactor.close();
    });
    reactor.setWaker(token, READABLE, waker);
    return waker;
  });
  for (const [, b] of pairs) sendByte(b);
  assertEquals(reactor.wait(), 1);
  assertEquals(wakers.map(({ count }) => count), [1, 1, 1]);
}, WITH_TCP);

edoTest(
  "a waker that asks to be called again from inside its call is called for the next event only",
  () => {
    using bare = new Sockets();
    using reactor = new Reactor();
    const [a, b] = bare.pair();
    const token = reactor.register(a);
    reactor.wait(0);
    const waker: CountingWaker = new CountingWaker(() => {
      drain(a);
      if (waker.count < 3) reactor.setWaker(token, READABLE, waker);
    });
    reactor.setWaker(token, READABLE, waker);
    for (const count of [1, 2, 3, 3]) {
      sendByte(b);
      // Nobody waits for the last one: where events are asked for, there is none.
      reactor.wait(count === 3 ? 20 : Infinity);
      assertEquals(waker.count, count);
    }
  },
  WITH_TCP,
);

edoTest(
  "5,000 sockets that are ready at once, more than one wait brings, are all served within a few",
  () => {
    using bare = new Sockets();
    using reactor = new Reactor();
    const waker = new CountingWaker();
    const wakers = new Set<CountingWaker>();
    for (let i = 0; i < 2_500; i++) {
      for (const fd of bare.pair()) {
        const token = reactor.register(fd);
        const own = new CountingWaker(() => waker.wake());
        reactor.setWaker(token, Interest.WRITABLE, own);
        wakers.add(own);
      }
    }
    const batches: number[] = [];
    while (waker.count < 5_000) batches.push(reactor.wait(1_000));
    assertEquals([...wakers].every(({ count }) => count === 1), true);
    assertEquals(batches.length <= 6, true, `it took the waits ${batches}`);
  },
  WITH_TCP,
);

edoTest(
  "of 1,000 registered sockets, exactly the one that got a byte is reported",
  () => {
    using bare = new Sockets();
    using reactor = new Reactor();
    const woken: number[] = [];
    const peers: number[] = [];
    const wakers: (() => void)[] = [];
    for (let i = 0; i < 1_000; i++) {
      const [a, b] = bare.pair();
      const token = reactor.register(a);
      const waker = new CountingWaker(() => void woken.push(i));
      wakers.push(() => reactor.setWaker(token, READABLE, waker));
      peers.push(b);
    }
    while (reactor.wait(0) > 0);
    for (const setWaker of wakers) setWaker();
    for (let round = 0, at = 0; round < 1_000; round++) {
      at = (at + 387) % 1_000;
      sendByte(peers[at]!);
      assertEquals(reactor.wait(), 1);
      assertEquals(woken, [at]);
      woken.length = 0;
    }
  },
  WITH_TCP,
);

edoTest(
  "a socket registered while a wait off the thread is under way is reported by that wait",
  async () => {
    using bare = new Sockets();
    using reactor = new Reactor();
    const [a, b] = bare.pair();
    const waiting = reactor.waitAsync();
    const token = reactor.register(a);
    const waker = new CountingWaker();
    reactor.setWaker(token, Interest.WRITABLE, waker);
    assertEquals(await waiting, 1, "there is room");
    assertEquals(waker.count, 1);
    reactor.setWaker(token, READABLE, waker);
    const next = reactor.waitAsync();
    sendByte(b);
    assertEquals(await next, 1);
    assertEquals(waker.count, 2);
  },
  WITH_TCP,
);

edoTest(
  "an event reaches its waker once, whether a look or the wait off the thread takes it",
  async () => {
    using bare = new Sockets();
    using reactor = new Reactor();
    const [a, b] = bare.pair();
    const token = reactor.register(a);
    reactor.wait(0);
    const handle = reactor.handle();
    for (let round = 1; round <= 100; round++) {
      const waker = new CountingWaker();
      reactor.setWaker(token, READABLE, waker);
      const waiting = reactor.waitAsync();
      sendByte(b);
      reactor.wait(0);
      handle.wake();
      await waiting;
      // Where the byte is still on its way, the signal has come before it.
      if (waker.count === 0) reactor.wait(10_000);
      assertEquals(waker.count, 1);
      drain(a);
    }
  },
  WITH_TCP,
);
