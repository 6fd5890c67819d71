/** `epoll_ctl` and the waits of epoll fail. */
import {
  assertHits,
  bothWays,
  double,
  E,
  errorIn,
  errorOf,
  faultTest,
  onLinux,
  shown,
} from "./support.ts";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { block_on, net, reactor, spawn, time } from "../../mod.ts";
import { errorName } from "../../src/sys/errno.ts";
import { EPOLL_CTL_DEL } from "../../src/sys/linux/constants.ts";
import { edoTest } from "../helpers/leaks.ts";
import { importFlags, startDeno } from "../helpers/subprocess.ts";
import { isRegistering } from "./openings.ts";

/** Both ends of a connection. */
function* pair() {
  using listener = net.TcpListener.bind({ port: 0 });
  const client = yield* net.TcpStream.connect(listener.addr);
  return { client, server: yield* listener.accept() };
}

/** What `epoll_ctl` says when it adds, and the class of the error. */
const ADDING: [number, string][] = [
  [E.NOSPC, "Error"],
  [E.NOMEM, "Error"],
  [E.EXIST, "AlreadyExists"],
  [E.BADF, "BadResource"],
  [E.PERM, "PermissionDenied"],
  [E.INVAL, "Error"],
];

for (const [errno, name] of ADDING) {
  const code = errorName(errno);
  bothWays(
    `what has to wait is told ${code} when it is registered, and may try again`,
    function* () {
      const { client, server } = yield* pair();
      const fault = double.fails("epoll_ctl", errno, { where: isRegistering });
      const error = yield* errorIn(client.read(new Uint8Array(1)));
      assertEquals(shown(error), `${name} ${code} from epoll_ctl`);
      assertHits(1, fault);
      const reading = spawn(() => client.read(new Uint8Array(1)));
      yield* time.sleep(1);
      yield* server.writeAll(new Uint8Array(1));
      assertEquals(yield* reading, 1);
      client.close();
      server.close();
    },
  );
}

bothWays(
  "a connect that cannot be registered fails and is closed",
  function* () {
    using listener = net.TcpListener.bind({ port: 0 });
    // Loopback answers at once, so it has to be told that it has not.
    double.fails("getpeername", E.NOTCONN);
    double.fails("epoll_ctl", E.NOSPC, { where: isRegistering });
    const before = double.ledger.held().descriptors.length;
    const error = yield* errorIn(net.TcpStream.connect(listener.addr));
    assertEquals(shown(error), "Error ENOSPC from epoll_ctl");
    const reactorItself = 2;
    assert(double.ledger.held().descriptors.length <= before + reactorItself);
  },
);

const isRemoving = (_epoll: number, operation: number) =>
  operation === EPOLL_CTL_DEL;

for (const errno of [E.NOENT, E.BADF, E.NOMEM]) {
  bothWays(
    `a socket is closed although epoll_ctl says ${
      errorName(errno)
    } when it leaves`,
    function* () {
      const { client, server } = yield* pair();
      const reading = spawn(() => client.read(new Uint8Array(1)));
      yield* time.sleep(1);
      const fault = double.fails("epoll_ctl", errno, { where: isRemoving });
      client.close();
      assertHits(1, fault);
      const error = yield* errorIn(reading);
      assertEquals((error.cause as Error).name, "BadResource");
      assertEquals(yield* server.read(new Uint8Array(1)), null);
      server.close();
    },
  );
}

faultTest("a registration that could not be taken back reaches nobody", () => {
  using events = new reactor.Reactor();
  block_on(function* () {
    const { client, server } = yield* pair();
    const fd = Math.max(...double.ledger.held().descriptors);
    const old = events.register(fd);
    let woken = 0;
    events.setWaker(old, reactor.Interest.READABLE, {
      wake: () => void woken++,
    });
    double.fails("epoll_ctl", E.NOENT, { where: isRemoving });
    events.deregister(old);
    assertEquals([woken, events.size], [1, 0]);
    // The system still watches it, and says so at the next event.
    for (const end of [client, server]) yield* end.writeAll(new Uint8Array(1));
    assertEquals([events.wait(0), woken], [0, 1]);
    const error = errorOf(() => events.register(fd));
    assertEquals(shown(error), "AlreadyExists EEXIST from epoll_ctl");
    client.close();
    server.close();
  });
});

for (const errno of [E.BADF, E.INVAL, E.FAULT]) {
  const code = errorName(errno);
  for (
    const [name, ms] of [["epoll_wait", 2], ["epoll_pwait2", 2.5]] as const
  ) {
    faultTest(
      `a block_on throws the ${code} of its ${name}, and all is closed`,
      () => {
        let cleaned = 0;
        const error = errorOf(() =>
          block_on(function* () {
            const { client } = yield* pair();
            spawn(function* () {
              try {
                yield* client.read(new Uint8Array(1));
              } finally {
                cleaned++;
              }
            });
            yield* time.sleep(1);
            double.fails(name, errno);
            yield* time.sleep(ms);
          })
        );
        assertEquals([error.code, error.syscall], [code, "epoll_wait"]);
        assertMatch(error.message, /^Cannot wait for events: /);
        assertEquals(cleaned, 1);
        assertEquals(block_on(() => time.sleep(1)), undefined);
      },
    );
  }
}

faultTest("a reactor whose wait has failed sleeps and wakes as before", () => {
  using events = new reactor.Reactor();
  const handle = events.handle();
  double.fails("epoll_wait", E.INVAL);
  assertEquals(errorOf(() => events.wait(10)).code, "EINVAL");
  // Taken for asleep it would be signalled, at the cost of a system call.
  const before = double.count("write");
  handle.wake();
  assertEquals(double.count("write"), before);
  let woken = 0;
  events.setWaker(reactor.Token.WAKE, reactor.Interest.READABLE, {
    wake: () => void woken++,
  });
  assertEquals([events.wait(10_000), woken], [0, 1]);
});

faultTest(
  "a wait off the thread that fails leaves the reactor awake",
  async () => {
    using events = new reactor.Reactor();
    double.fails("malloc", E.NOMEM);
    const error = await events.waitAsync().then(() => null, (e) => e);
    assertEquals(shown(error), "Error ENOMEM from malloc");
    for (const wait of ["epoll_wait_async", "epoll_wait"]) {
      double.fails(wait, E.BADF);
    }
    const second = await events.waitAsync().then(() => null, (e) => e);
    assertEquals(shown(second), "BadResource EBADF from epoll_wait");
    const waiting = events.waitAsync();
    events.signal();
    assertEquals(await waiting, 0);
  },
);

for (const name of ["epoll_wait", "malloc"]) {
  edoTest(
    `inside run, the failure of ${name} ends the process with the error`,
    async () => {
      const fixture = new URL("fixtures/hosted.ts", import.meta.url).pathname;
      const flags = ["run", "-A", "--no-check", ...importFlags()];
      await using child = startDeno([...flags, fixture, name]);
      const { code } = await child.status();
      assertEquals([code, await child.stdout.rest()], [1, ["it waits"]]);
      const stderr = (await child.stderr.rest()).join("\n");
      assertMatch(stderr, /Cannot wait for events: /);
      assertMatch(stderr, new RegExp(`from ${name}`));
    },
    onLinux,
  );
}
