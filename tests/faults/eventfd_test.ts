/** Signals between threads fail: `write` and `read` of an eventfd. */
import { assertHits, double, E, errorOf, faultTest, shown } from "./support.ts";
import { assertEquals } from "@std/assert";
import { block_on, net, reactor, spawn, time } from "../../mod.ts";
import { Epoll, EPOLLET, EPOLLIN } from "../../src/sys/linux/epoll.ts";
import * as eventfd from "../../src/sys/linux/eventfd.ts";

/** A reactor and what counts the wakes that come by its handle. */
function listening() {
  const events = new reactor.Reactor();
  const wakes = { count: 0 };
  const listen = () => {
    const waker = {
      wake: () => {
        wakes.count++;
        listen();
      },
    };
    events.setWaker(reactor.Token.WAKE, reactor.Interest.READABLE, waker);
  };
  listen();
  return { events, wakes };
}

faultTest(
  "a signal to a counter that is full makes room, and is an event",
  () => {
    const fd = eventfd.create();
    const epoll = new Epoll();
    epoll.add(fd, EPOLLIN | EPOLLET, 1, 0);
    eventfd.signal(fd);
    assertEquals(epoll.wait(0), 1);
    const fault = double.fails("write", E.AGAIN, { times: 3 });
    eventfd.signal(fd);
    assertHits(3, fault);
    assertEquals([double.count("read"), epoll.wait(0)], [3, 1]);
    epoll.close();
    eventfd.close(fd);
  },
);

faultTest(
  "a signal to a full counter that somebody else has emptied is sent",
  () => {
    const fd = eventfd.create();
    const faults = ["write", "read"].map((name) =>
      double.fails(name, E.AGAIN, { times: 2 })
    );
    eventfd.signal(fd);
    assertHits(2, ...faults);
    assertEquals(eventfd.drain(fd), true);
    eventfd.close(fd);
  },
);

for (
  const [name, errno, told] of [
    ["write", E.BADF, "BadResource EBADF from write"],
    ["write", E.INVAL, "Error EINVAL from write"],
  ] as const
) {
  faultTest(`whoever signals is told ${told}`, () => {
    const fd = eventfd.create();
    double.fails(name, errno);
    assertEquals(shown(errorOf(() => eventfd.signal(fd))), told);
    assertEquals(eventfd.drain(fd), false);
    eventfd.close(fd);
  });
}

faultTest("whoever takes signals is told what read says", () => {
  const fd = eventfd.create();
  eventfd.signal(fd);
  double.fails("read", E.IO);
  assertEquals(
    shown(errorOf(() => eventfd.drain(fd))),
    "Error EIO from read",
  );
  assertEquals(eventfd.drain(fd), true);
  eventfd.close(fd);
});

/** The eventfd of the only reactor that there is. */
function onlyEventfd(): number {
  const { ledger } = double;
  return ledger.held().descriptors
    .find((fd) => ledger.kindOf(fd) === "eventfd")!;
}

faultTest(
  "a handle whose signal fails says so, and the reactor finds the wake later",
  async () => {
    const { events, wakes } = listening();
    const handle = events.handle();
    const waiting = events.waitAsync();
    double.fails("write", E.BADF);
    const told = shown(errorOf(() => handle.wake()));
    assertEquals(told, "BadResource EBADF from write");
    // Whatever ends the wait: here the descriptor itself.
    eventfd.signal(onlyEventfd());
    await waiting;
    assertEquals(wakes.count, 1);
    events.close();
  },
);

faultTest(
  "closing a reactor makes no signal unless a wait is under way",
  async () => {
    const idle = new reactor.Reactor();
    idle.wait(0);
    idle.close();
    assertEquals(double.count("write"), 0);
    const waiting = new reactor.Reactor();
    const wait = waiting.waitAsync();
    waiting.close();
    assertEquals(await wait, 0);
    assertEquals(double.count("write"), 1);
  },
);

faultTest(
  "a reactor closes both descriptors although its last signal fails",
  async () => {
    const events = new reactor.Reactor();
    const handle = events.handle();
    const wait = events.waitAsync();
    double.fails("write", E.BADF);
    assertEquals(
      shown(errorOf(() => events.close())),
      "BadResource EBADF from write",
    );
    // What the signal should have ended: here by the descriptor itself.
    eventfd.signal(onlyEventfd());
    assertEquals([await wait, handle.wake()], [0, false]);
  },
);

faultTest("a block_on whose reactor fails to open keeps nothing of it", () => {
  for (
    const [name, errno] of [["eventfd", E.MFILE], [
      "epoll_ctl",
      E.NOSPC,
    ]] as const
  ) {
    double.fails(name, errno);
    const error = errorOf(() =>
      block_on(function* () {
        using listener = net.TcpListener.bind({ port: 0 });
        using client = yield* net.TcpStream.connect(listener.addr);
        yield* time.timeout(1_000, client.read(new Uint8Array(1)));
      })
    );
    assertEquals(error.errno, errno);
    assertEquals(double.ledger.held().descriptors, []);
    block_on(() => spawn(() => time.sleep(1)));
  }
});
