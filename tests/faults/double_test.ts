/** The double itself: what it has to notice, or the other tests show nothing. */
import {
  assertHits,
  double,
  E,
  errorOf,
  faultTest,
  leavingNoFault,
  onLinux,
} from "./support.ts";
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { net, reactor, run, time } from "../../mod.ts";
import { hostedExecutor } from "../../src/executor/hosted.ts";
import { parseIp } from "../../src/sys/addr.ts";
import { libc } from "../../src/sys/linux/libc.ts";
import { sockets } from "../../src/sys/platform.ts";

function listen(): number {
  const options = { backlog: 1, reusePort: false };
  return sockets.listen(parseIp("127.0.0.1", 0), options);
}

faultTest("a fault hits the calls that it names, and no others", () => {
  const fault = double.fails("socket", E.MFILE, { nth: 2, times: 2 });
  const codes = Array.from({ length: 4 }, () => {
    try {
      sockets.close(listen());
      return "fine";
    } catch (error) {
      return (error as { code: string }).code;
    }
  });
  assertEquals(codes, ["fine", "EMFILE", "EMFILE", "fine"]);
  assertHits(2, fault);
  assertEquals(double.count("socket"), 4);
});

faultTest("a fault is over at the end of using", () => {
  {
    using _ = double.fails("socket", E.MFILE, { times: 10 });
    assertEquals(errorOf(listen).code, "EMFILE");
  }
  sockets.close(listen());
});

faultTest("a fault may concern some arguments alone", () => {
  const [first, second] = [listen(), listen()];
  double.fails("getsockname", E.NOBUFS, {
    where: (fd: number) => fd === second,
  });
  sockets.localAddr(first);
  assertEquals(errorOf(() => sockets.localAddr(second)).code, "ENOBUFS");
  for (const fd of [first, second]) sockets.close(fd);
});

faultTest("the error of a call that really failed is the system's own", () => {
  const listener = listen();
  assertEquals(sockets.recv(listener, new Uint8Array(1), 1), -E.NOTCONN);
  sockets.close(listener);
});

Deno.test("a descriptor that is left open is noticed", {
  ...onLinux,
  sanitizeResources: false,
}, async () => {
  let fd = -1;
  const leaks = leavingNoFault(() => void (fd = listen()), 50);
  await assertRejects(() => leaks, Error, `"descriptors":[${fd}]`);
  sockets.close(fd);
});

Deno.test(
  "closing twice, and using what is closed, is noticed",
  onLinux,
  async () => {
    let fd = -1;
    const misuse = leavingNoFault(() => {
      fd = listen();
      libc.close(fd);
      libc.close(fd);
      sockets.recv(fd, new Uint8Array(1), 1);
    }, 50);
    const error = await assertRejects(() => misuse, Error);
    assertEquals(
      [
        error.message.includes(`close on ${fd}, which is not open`),
        error.message.includes(`recv on ${fd}, which is not open`),
      ],
      [true, true],
    );
  },
);

Deno.test(
  "memory that is freed twice, or not at all, is noticed",
  onLinux,
  async () => {
    let memory: Deno.PointerValue = null;
    const leaks = leavingNoFault(() => void (memory = libc.malloc(8)), 50);
    await assertRejects(() => leaks, Error, `"allocations":1`);
    const frees = leavingNoFault(() => {
      const other = libc.malloc(8);
      libc.free(other);
      // What the double says of it; twice would end the process.
      double.ledger.before("free", [other]);
    }, 50);
    await assertRejects(() => frees, Error, "not allocated");
    libc.free(memory);
  },
);

Deno.test(
  "a registration that outlives its reactor's use is noticed",
  onLinux,
  async () => {
    const events = new reactor.Reactor();
    const fd = listen();
    const leaks = leavingNoFault(() => void events.register(fd), 50);
    await assertRejects(() => leaks, Error, `"registrations":2`);
    events.close();
    sockets.close(fd);
  },
);

Deno.test("a timer that is left behind is noticed", onLinux, async () => {
  const { timers } = hostedExecutor();
  let timer = -1;
  const leaks = leavingNoFault(() => {
    timer = timers.arm(60_000, { wake() {} });
  }, 50);
  await assertRejects(() => leaks, Error, `"timers":1`);
  timers.release(timer);
  await run(() => time.sleep(0));
});

faultTest("a loop of calls that has no end is ended", () => {
  double.mostCalls = 1_000;
  double.fails("recv", E.INTR, { times: Infinity });
  const fd = listen();
  assertThrows(
    () => sockets.recv(fd, new Uint8Array(1), 1),
    Error,
    "the last of recv",
  );
  double.reset();
  sockets.close(fd);
});

faultTest("a transfer of one byte moves one byte", async () => {
  using listener = net.TcpListener.bind({ port: 0 });
  using client = await net.TcpStream.connect(listener.addr);
  using server = await listener.accept();
  double.atMost("send", 1);
  assertEquals(await client.write(Uint8Array.of(1, 2, 3)), 1);
  assertEquals(await client.write(Uint8Array.of(2, 3)), 2);
  double.atMost("recv", 1);
  const buffer = new Uint8Array(8);
  assertEquals(await server.read(buffer), 1);
  assertEquals(await server.read(buffer.subarray(1)), 2);
  assertEquals([...buffer.subarray(0, 3)], [1, 2, 3]);
});
