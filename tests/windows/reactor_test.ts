/**
 * The public reactor where events have to be asked for: what its tests in
 * tests/reactor/ show with edges alone.
 */

import { assertEquals, assertThrows } from "@std/assert";
import { noopWaker, reactor as api } from "../../mod.ts";
import { tokenKey } from "../../src/reactor/token.ts";
import { edoTest } from "../helpers/leaks.ts";
import { CountingWaker, drain, sendByte, Sockets } from "../reactor/support.ts";
import { onWindows } from "./support.ts";

const { Interest, Reactor } = api;

/** How long it is watched that nothing comes, in milliseconds. */
const NOTHING_MS = 20;

edoTest("on Windows the reactor is AFD's", () => {
  using reactor = new Reactor();
  assertEquals(reactor.backend, "afd");
}, onWindows);

edoTest(
  "wakers are called once where events are asked for, and no more",
  () => {
    using bare = new Sockets();
    using reactor = new Reactor();
    const [a, b] = bare.pair();
    const token = reactor.register(a);
    assertEquals(reactor.wait(0), 0, "nobody asked");
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
    assertEquals(reactor.wait(NOTHING_MS), 0, "nobody waits any more");
    assertEquals([reader.count, writer.count], [1, 1]);
  },
  onWindows,
);

edoTest(
  "what came before anybody asked for it is reported when they do",
  () => {
    using bare = new Sockets();
    using reactor = new Reactor();
    const [a, b] = bare.pair();
    const token = reactor.register(a);
    sendByte(b);
    assertEquals(reactor.wait(NOTHING_MS), 0);
    const reader = new CountingWaker();
    reactor.setWaker(token, Interest.READABLE, reader);
    assertEquals(reactor.wait(), 1);
    assertEquals(reader.count, 1);
    drain(a);
    reactor.setWaker(token, Interest.READABLE, reader);
    assertEquals(reactor.wait(NOTHING_MS), 0, "it was taken");
    sendByte(b);
    assertEquals(reactor.wait(), 1);
    assertEquals(reader.count, 2);
  },
  onWindows,
);

edoTest("an event for a waker that was taken back is kept", () => {
  using bare = new Sockets();
  using reactor = new Reactor();
  const [a, b] = bare.pair();
  const token = reactor.register(a);
  reactor.setWaker(token, Interest.READABLE, noopWaker);
  reactor.unsetWaker(token, Interest.READABLE, noopWaker);
  sendByte(b);
  assertEquals(reactor.wait(), 1);
  const reader = new CountingWaker();
  reactor.setWaker(token, Interest.READABLE, reader);
  assertEquals(reader.count, 1);
}, onWindows);

edoTest("what Windows cannot wait for is refused, and leaves no entry", () => {
  using bare = new Sockets();
  using reactor = new Reactor();
  const [a] = bare.pair();
  for (let i = 0; i < 1_000; i++) {
    assertThrows(() => reactor.register(0x7ffc), Error, "ENOTSOCK");
  }
  assertEquals(reactor.size, 0);
  const token = reactor.register(a);
  assertEquals(tokenKey(token), 1);
  assertThrows(
    () => reactor.register(a),
    Deno.errors.AlreadyExists,
    `Cannot register socket ${a}: file exists`,
  );
  assertEquals(reactor.size, 1);
  reactor.setWaker(token, Interest.WRITABLE, noopWaker);
  assertEquals(reactor.wait(), 1);
}, onWindows);
