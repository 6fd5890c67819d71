import { assert, assertEquals, assertThrows } from "@std/assert";
import { noopWaker, reactor as api } from "../../mod.ts";
import {
  GENERATIONS,
  makeToken,
  tokenGeneration,
  tokenKey,
} from "../../src/reactor/token.ts";
import { overrideBackend } from "../../src/reactor/select_backend.ts";
import { sockets } from "../../src/sys/platform.ts";
import { HAS_TCP } from "../../tools/deno.ts";
import { edoTest } from "../helpers/leaks.ts";
import { CountingWaker, drain, sendByte, Sockets } from "./support.ts";

const { Interest, Reactor, Token } = api;
const WITH_TCP = { ignore: !HAS_TCP };

edoTest(
  "the wakers of a direction are called once, when it becomes ready",
  () => {
    using bare = new Sockets();
    using reactor = new Reactor();
    const [a, b] = bare.pair();
    const token = reactor.register(a);
    const reader = new CountingWaker();
    const writer = new CountingWaker();
    reactor.setWaker(token, Interest.READABLE, reader);
    reactor.setWaker(token, Interest.WRITABLE, writer);
    assertEquals(reactor.wait(), 1);
    assertEquals([reader.count, writer.count], [0, 1], "there is room");
    sendByte(b);
    assertEquals(reactor.wait(), 1);
    assertEquals([reader.count, writer.count], [1, 1]);
    sendByte(b);
    assertEquals(reactor.wait(), 1);
    assertEquals([reader.count, writer.count], [1, 1], "nobody waits any more");
  },
  WITH_TCP,
);

edoTest(
  "an event that nobody waited for is kept for the next one to wait",
  () => {
    using bare = new Sockets();
    using reactor = new Reactor();
    const [a, b] = bare.pair();
    const token = reactor.register(a);
    sendByte(b);
    reactor.wait();
    const reader = new CountingWaker();
    reactor.setWaker(token, Interest.READABLE, reader);
    assertEquals(reader.count, 1);
    drain(a);
    reactor.setWaker(token, Interest.READABLE, reader);
    assertEquals(reader.count, 1, "it was used up");
    sendByte(b);
    reactor.wait();
    assertEquals(reader.count, 2);
  },
  WITH_TCP,
);

edoTest(
  "the end of a stream wakes its reader, and a reset its reader and its writer, now and ever after",
  () => {
    for (const resets of [false, true]) {
      using bare = new Sockets();
      using reactor = new Reactor();
      const [a, b] = bare.pair();
      const token = reactor.register(a);
      const reader = new CountingWaker();
      const writer = new CountingWaker();
      reactor.setWaker(token, Interest.WRITABLE, writer);
      reactor.wait();
      assertEquals(writer.count, 1, "there was room");
      reactor.setWaker(token, Interest.READABLE, reader);
      reactor.setWaker(token, Interest.WRITABLE, writer);
      if (resets) sockets.setLinger(b, 0);
      bare.close(b);
      reactor.wait();
      assertEquals([reader.count, writer.count], [1, 2]);
      for (let i = 0; i < 3; i++) {
        reactor.setWaker(token, Interest.READABLE, reader);
        reactor.setWaker(token, Interest.WRITABLE, writer);
      }
      assertEquals(reader.count, 4, "the end is final");
      assertEquals(writer.count, resets ? 5 : 2);
    }
  },
  WITH_TCP,
);

edoTest("ten who wait for one socket are all woken by one byte", () => {
  using bare = new Sockets();
  using reactor = new Reactor();
  const [a, b] = bare.pair();
  const token = reactor.register(a);
  reactor.wait(0);
  const wakers = Array.from({ length: 10 }, () => new CountingWaker());
  for (const waker of wakers) {
    reactor.setWaker(token, Interest.READABLE, waker);
    reactor.setWaker(token, Interest.READABLE, waker); // again: once all the same
  }
  reactor.unsetWaker(token, Interest.READABLE, wakers[5]!);
  sendByte(b);
  reactor.wait();
  assertEquals(wakers.map(({ count }) => count), [
    1,
    1,
    1,
    1,
    1,
    0,
    1,
    1,
    1,
    1,
  ]);
}, WITH_TCP);

edoTest(
  "a socket that is registered already is refused, and its first registration goes on",
  () => {
    using bare = new Sockets();
    using reactor = new Reactor();
    const [a, b] = bare.pair();
    const token = reactor.register(a);
    assertThrows(
      () => reactor.register(a),
      Deno.errors.AlreadyExists,
      `Cannot register socket ${a}: file exists (EEXIST from epoll_ctl)`,
    );
    assertEquals(reactor.size, 1);
    reactor.wait();
    const reader = new CountingWaker();
    reactor.setWaker(token, Interest.READABLE, reader);
    sendByte(b);
    reactor.wait();
    assertEquals(reader.count, 1);
  },
  WITH_TCP,
);

edoTest(
  "what cannot be waited for is refused and leaves no entry, a thousand times",
  () => {
    using bare = new Sockets();
    using reactor = new Reactor();
    const [a] = bare.pair();
    // A file of its own: a regular one, which epoll has no use for.
    using _file = Deno.openSync(new URL(import.meta.url));
    const regular = [...Deno.readDirSync("/proc/self/fd")]
      .map(({ name }) => name)
      .find((name) => targetOf(name)?.endsWith("registration_test.ts"));
    for (let i = 0; i < 1_000; i++) {
      assertThrows(
        () => reactor.register(1_000_000),
        Deno.errors.BadResource,
        "EBADF from epoll_ctl",
      );
      assertThrows(
        () => reactor.register(Number(regular)),
        Deno.errors.PermissionDenied,
        "EPERM from epoll_ctl",
      );
    }
    assertEquals(reactor.size, 0);
    const token = reactor.register(a);
    // The place and its generation were used by each of the 2,000.
    assertEquals(tokenKey(token), 1);
    assertEquals(reactor.wait(), 1);
  },
  WITH_TCP,
);

function targetOf(fd: string): string | null {
  try {
    return Deno.readLinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return null;
  }
}

edoTest("what is no descriptor at all is a RangeError", () => {
  using reactor = new Reactor();
  for (const fd of [-1, 1.5, NaN, Infinity]) {
    assertThrows(
      () => reactor.register(fd),
      RangeError,
      `Cannot register a socket: fd is ${fd}`,
    );
  }
});

edoTest("a token that names no registration is not found", () => {
  using bare = new Sockets();
  using reactor = new Reactor();
  const [a] = bare.pair();
  const token = reactor.register(a);
  reactor.deregister(token);
  const { READABLE } = Interest;
  for (const stale of [token, makeToken(77, 1)]) {
    assertThrows(
      () => reactor.deregister(stale),
      Deno.errors.NotFound,
      `Cannot deregister: the token ${stale} names no registration`,
    );
    assertThrows(
      () => reactor.setWaker(stale, READABLE, noopWaker),
      Deno.errors.NotFound,
      `Cannot set a waker: the token ${stale} names no registration`,
    );
    reactor.unsetWaker(stale, READABLE, noopWaker);
  }
  assertThrows(() => reactor.deregister(Token.WAKE), Deno.errors.NotFound);
}, WITH_TCP);

edoTest(
  "a token stays stale when its socket, or another one, takes its place",
  () => {
    using bare = new Sockets();
    using reactor = new Reactor();
    const [a] = bare.pair();
    const first = reactor.register(a);
    reactor.deregister(first);
    const second = reactor.register(a);
    assertEquals(tokenKey(second), tokenKey(first));
    assert(second !== first);
    assertThrows(() => reactor.deregister(first), Deno.errors.NotFound);
    assertEquals(reactor.size, 1);
    reactor.deregister(second);
    assertEquals(reactor.size, 0);
  },
  WITH_TCP,
);

edoTest(
  "a token holds the largest place and the largest generation exactly",
  () => {
    const key = 2 ** 24 - 1;
    const generation = GENERATIONS - 1;
    const token = makeToken(key, generation);
    assert(Number.isSafeInteger(token));
    assertEquals(tokenKey(token), key);
    assertEquals(tokenGeneration(token), generation);
    assert(makeToken(1, 0) !== Token.WAKE);
  },
);

edoTest("those who wait are woken when their registration ends", () => {
  using bare = new Sockets();
  const reactor = new Reactor();
  const [a, b] = bare.pair();
  const tokens = [reactor.register(a), reactor.register(b)];
  reactor.wait(0);
  const wakers = tokens.map((token) => {
    const waker = new CountingWaker();
    reactor.setWaker(token, Interest.READABLE, waker);
    return waker;
  });
  reactor.deregister(tokens[0]!);
  assertEquals(wakers.map(({ count }) => count), [1, 0]);
  reactor.close();
  assertEquals(wakers.map(({ count }) => count), [1, 1]);
  assertThrows(() => reactor.register(a), Error, "the reactor is closed");
  // The sockets are as they were.
  sendByte(a);
  drain(b);
}, WITH_TCP);

edoTest(
  "after deregistering no event comes, the socket works, and can be registered again",
  () => {
    using bare = new Sockets();
    using reactor = new Reactor();
    const token = reactor.register(bare.listener);
    bare.connect();
    reactor.deregister(token);
    assertEquals(reactor.wait(0), 0);
    bare.connect();
    assertEquals(reactor.wait(0), 0);
    bare.accept();
    const again = reactor.register(bare.listener);
    const waker = new CountingWaker();
    reactor.setWaker(again, Interest.READABLE, waker);
    // One connection is still there: its state at registration counts as an event.
    assertEquals(reactor.wait(), 1);
    assertEquals(waker.count, 1);
  },
  WITH_TCP,
);

edoTest(
  "registering anew replaces all: the old waker is not called again",
  () => {
    using bare = new Sockets();
    using reactor = new Reactor();
    const [a, b] = bare.pair();
    const before = new CountingWaker();
    const after = new CountingWaker();
    const first = reactor.register(a);
    reactor.wait(0);
    reactor.setWaker(first, Interest.READABLE, before);
    reactor.deregister(first);
    assertEquals(before.count, 1);
    const second = reactor.register(a);
    reactor.wait(0);
    reactor.setWaker(second, Interest.READABLE, after);
    sendByte(b);
    reactor.wait();
    assertEquals([before.count, after.count], [1, 1]);
  },
  WITH_TCP,
);

edoTest(
  "a socket that foreign code has closed is deregistered all the same, a thousand times",
  () => {
    using bare = new Sockets();
    using reactor = new Reactor();
    for (let i = 0; i < 1_000; i++) {
      const [a, b] = bare.pair();
      const token = reactor.register(a);
      sockets.close(a);
      reactor.deregister(token);
      assertEquals(reactor.size, 0);
      assertEquals(tokenKey(token), 1, "the table has grown");
      // The next connection gets the number, which must be free to register.
      const [c, d] = bare.pair();
      const next = reactor.register(c);
      reactor.deregister(next);
      for (const fd of [b, c, d]) bare.close(fd);
    }
  },
  WITH_TCP,
);

edoTest("a backend without sockets refuses them and names the system", () => {
  overrideBackend("notifier");
  try {
    using reactor = new Reactor();
    assertEquals(reactor.backend, "notifier");
    assertThrows(
      () => reactor.register(0),
      Deno.errors.NotSupported,
      `Edo has no reactor for sockets on ${Deno.build.os}`,
    );
  } finally {
    overrideBackend(null);
  }
});
