import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { noopWaker, reactor as api } from "../../mod.ts";
import { newParkingPlace, Parking } from "../../src/reactor/parking.ts";
import { signalBackend } from "../../src/reactor/select_backend.ts";
import { edoTest } from "../helpers/leaks.ts";
import { waitFor } from "../helpers/deadline.ts";
import { CountingWaker, withEachBackend } from "./support.ts";

const { Interest, Reactor, ReactorHandle, Token } = api;

/** Long enough that only a wake can explain why a wait ends before. */
const LONG_MS = 10_000;

function assertEndsAtOnce(wait: () => void): void {
  const start = performance.now();
  wait();
  assert(performance.now() - start < LONG_MS / 2, "the wait ran to its end");
}

function assertLasts(ms: number, wait: () => void): void {
  const start = performance.now();
  wait();
  // The clock shows whole microseconds.
  assert(performance.now() - start >= ms - 0.002, "the wait ended early");
}

withEachBackend(
  "a wake before a wait ends it at once, ten times, and is no event",
  () => {
    using reactor = new Reactor();
    const handle = reactor.handle();
    for (let i = 0; i < 10; i++) {
      assertEquals(handle.wake(), true);
      assertEndsAtOnce(() => assertEquals(reactor.wait(), 0));
    }
  },
);

withEachBackend(
  "three wakes are merged into one, and two with a wait in between are two",
  () => {
    using reactor = new Reactor();
    const handle = reactor.handle();
    const waker = new CountingWaker();
    const wait = (ms: number) => {
      reactor.setWaker(Token.WAKE, Interest.READABLE, waker);
      reactor.wait(ms);
    };
    for (let i = 0; i < 3; i++) handle.wake();
    assertEndsAtOnce(() => wait(LONG_MS));
    assertEquals(waker.count, 1);
    assertLasts(20, () => wait(20));
    assertEquals(waker.count, 1);
    for (const count of [2, 3]) {
      handle.wake();
      assertEndsAtOnce(() => wait(LONG_MS));
      assertEquals(waker.count, count);
    }
  },
);

withEachBackend("a wake is found by a look without waiting too, once", () => {
  using reactor = new Reactor();
  const waker = new CountingWaker();
  reactor.handle().wake();
  reactor.setWaker(Token.WAKE, Interest.READABLE, waker);
  reactor.wait(0);
  assertEquals(waker.count, 1);
  reactor.setWaker(Token.WAKE, Interest.READABLE, waker);
  reactor.wait(0);
  assertEquals(waker.count, 1);
});

withEachBackend(
  "a wake takes no signal while the thread is awake, and one when it is parked",
  () => {
    using reactor = new Reactor();
    const message = reactor.handle().export();
    const parking = new Parking(message);
    let signals = 0;
    const signal = () => {
      signals++;
      signalBackend(message);
    };
    for (let i = 0; i < 10_000; i++) parking.notify(signal);
    assertEquals(signals, 0);
    assertEndsAtOnce(() => reactor.wait(LONG_MS));
    // As it does when it goes to sleep.
    assertEquals(parking.park(), true);
    for (let i = 0; i < 10_000; i++) parking.notify(signal);
    assertEquals(signals, 1);
  },
);

withEachBackend(
  "all who wait for the wake-up are woken, and those who took back their waker are not",
  () => {
    using reactor = new Reactor();
    const wakers = Array.from({ length: 10 }, () => new CountingWaker());
    for (const waker of wakers) {
      reactor.setWaker(Token.WAKE, Interest.READABLE, waker);
    }
    reactor.unsetWaker(Token.WAKE, Interest.READABLE, wakers[3]!);
    reactor.handle().wake();
    reactor.wait(0);
    assertEquals(wakers.map(({ count }) => count), [
      1,
      1,
      1,
      0,
      1,
      1,
      1,
      1,
      1,
      1,
    ]);
  },
);

withEachBackend("a handle of a closed reactor says that it woke nobody", () => {
  const reactor = new Reactor();
  const handle = reactor.handle();
  const other = ReactorHandle.import(handle.export());
  assertEquals(other.wake(), true);
  reactor.close();
  reactor.close();
  assertEquals(handle.wake(), false);
  assertEquals(other.wake(), false);
});

withEachBackend(
  "a wait without a limit off the thread ends with a wake",
  async () => {
    using reactor = new Reactor();
    const handle = reactor.handle();
    const waker = new CountingWaker();
    for (let round = 1; round <= 100; round++) {
      reactor.setWaker(Token.WAKE, Interest.READABLE, waker);
      const waiting = reactor.waitAsync();
      handle.wake();
      assertEquals(await waitFor(waiting, LONG_MS, "the end of the wait"), 0);
      assertEquals(waker.count, round);
    }
  },
);

withEachBackend(
  "a look that takes the wake of a wait off the thread leaves it to be woken again",
  async () => {
    using reactor = new Reactor();
    const handle = reactor.handle();
    const waker = new CountingWaker();
    for (let round = 1; round <= 100; round++) {
      reactor.setWaker(Token.WAKE, Interest.READABLE, waker);
      const waiting = reactor.waitAsync();
      // The wait takes microseconds to come back, so that the look is nearly always
      // first; which of them takes the wake must not matter.
      handle.wake();
      reactor.wait(0);
      handle.wake();
      await waitFor(waiting, LONG_MS, `the end of wait ${round}`);
      assert(waker.count >= round);
    }
  },
);

withEachBackend(
  "a notification that came before a wait off the thread ends it at once",
  async () => {
    using reactor = new Reactor();
    reactor.handle().wake();
    assertEquals(await reactor.waitAsync(), 0);
  },
);

withEachBackend(
  "while a wait off the thread is under way, only looks are possible",
  async () => {
    using reactor = new Reactor();
    const waiting = reactor.waitAsync();
    assertThrows(() => reactor.wait(1), Error, "a waitAsync of this reactor");
    await assertRejects(() => reactor.waitAsync(), Error, "is under way");
    reactor.handle().wake();
    await waiting;
    reactor.wait(1);
  },
);

withEachBackend(
  "closing a reactor ends the wait off the thread, and its handle stays without effect",
  async () => {
    const reactor = new Reactor();
    const handle = reactor.handle();
    const waiting = reactor.waitAsync();
    reactor.close();
    assertEquals(await waitFor(waiting, LONG_MS, "the end of the wait"), 0);
    assertEquals(handle.wake(), false);
  },
);

withEachBackend(
  "a reactor counts its wakes from the one that made it, not from an other's",
  () => {
    using first = new Reactor();
    using second = new Reactor();
    const waker = new CountingWaker();
    second.setWaker(Token.WAKE, Interest.READABLE, waker);
    second.handle();
    first.handle().wake();
    second.wait(0);
    assertEquals(waker.count, 0);
  },
);

edoTest("what is no message of a handle cannot be imported", () => {
  for (const message of [null, undefined, {}, { memory: new ArrayBuffer(8) }]) {
    assertThrows(
      () => ReactorHandle.import(message as never),
      TypeError,
      "Cannot import a ReactorHandle: message is not what export() returned",
    );
  }
  const handle = ReactorHandle.import({
    backend: "abacus",
    target: 0,
    ...newParkingPlace(),
  });
  assertEquals(handle.wake(), true, "nobody sleeps, so nobody is signalled");
});

edoTest("a limit that is none is an error", () => {
  using reactor = new Reactor();
  for (const ms of [-1, NaN, -Infinity]) {
    assertThrows(
      () => reactor.wait(ms),
      RangeError,
      `Cannot wait: ms is ${ms}`,
    );
  }
  reactor.unsetWaker(Token.WAKE, Interest.READABLE, noopWaker);
});
