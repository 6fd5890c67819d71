import { assertEquals, assertInstanceOf } from "@std/assert";
import { block_on, net, run, time } from "../../mod.ts";
import { overrideBackend } from "../../src/reactor/select_backend.ts";
import { select } from "../../src/sys/platform.ts";
import { hostedReactorClosed } from "../helpers/hosted_reactor.ts";
import { edoTest } from "../helpers/leaks.ts";
import { caught, RawPeer } from "./support.ts";

const NO_REACTOR =
  `Cannot register a socket: Edo has no reactor for sockets on ${Deno.build.os}`;

edoTest(
  "with a backend that has no sockets, the first wait for one fails and names the system",
  () => {
    using listener = net.TcpListener.bind({ port: 0 });
    overrideBackend("notifier");
    try {
      const error = block_on(caught(listener.accept()));
      assertInstanceOf(error, Deno.errors.NotSupported);
      assertEquals(error.message, NO_REACTOR);
    } finally {
      overrideBackend(null);
    }
  },
);

edoTest(
  "with a backend that has no sockets, a stream that waits fails and can be closed",
  () => {
    overrideBackend("notifier");
    try {
      block_on(function* () {
        using listener = net.TcpListener.bind({ port: 0 });
        using _peer = RawPeer.connect(listener.addr);
        using stream = yield* listener.accept(); // it need not wait
        const error = yield* caught(stream.read(new Uint8Array(1)));
        assertInstanceOf(error, Deno.errors.NotSupported);
        assertEquals(error.message, NO_REACTOR);
        // Timers go on.
        yield* time.sleep(1);
      });
    } finally {
      overrideBackend(null);
    }
  },
);

edoTest(
  "on a system without sockets each call says so and names the system",
  () => {
    const calls = select("solaris");
    for (
      const call of [
        () => calls.listen({} as never, { backlog: 1, reusePort: false }),
        () => calls.connect({} as never),
        () => calls.accept(0),
      ]
    ) {
      let error: unknown;
      try {
        call();
      } catch (thrown) {
        error = thrown;
      }
      assertInstanceOf(error, Deno.errors.NotSupported);
      assertEquals(error.message.includes("solaris"), true);
    }
  },
);

edoTest(
  "inside run, a backend that has no sockets fails alike and leaves Deno's loop usable",
  async () => {
    using listener = net.TcpListener.bind({ port: 0 });
    // The hosted executor may have a reactor already, of another kind.
    await hostedReactorClosed();
    overrideBackend("notifier");
    try {
      const error = await run(caught(listener.accept()));
      assertInstanceOf(error, Deno.errors.NotSupported);
      await run(time.sleep(1));
    } finally {
      overrideBackend(null);
    }
  },
);
