/**
 * Where Windows differs from Linux for who uses the public surface: each point of
 * docs/windows.md, shown. The names of what is shown there begin like these.
 */

import {
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { net, spawn } from "../../mod.ts";
import { bothWays, caught, encode, rawPair, settle } from "../net/support.ts";
import { edoTest } from "../helpers/leaks.ts";
import { onWindows } from "./support.ts";

bothWays(
  "on Windows every read and write after a reset is told of it",
  function* () {
    const { peer, stream } = yield* rawPair();
    using _ = stream;
    const writing = spawn(caught, stream.writeAll(new Uint8Array(64 << 20)));
    const reading = spawn(caught, stream.read(new Uint8Array(1)));
    yield* settle();
    peer.reset();
    const { ConnectionReset } = Deno.errors;
    assertInstanceOf(yield* writing, ConnectionReset);
    assertInstanceOf(yield* reading, ConnectionReset);
    const buffer = new Uint8Array(1);
    assertInstanceOf(yield* caught(stream.read(buffer)), ConnectionReset);
    const again = yield* caught(stream.writeAll(encode("x")));
    assertInstanceOf(again, ConnectionReset);
  },
  onWindows,
);

edoTest("on Windows reusePort is not supported, and says so", () => {
  assertThrows(
    () => net.TcpListener.bind({ port: 0, reusePort: true }),
    Deno.errors.NotSupported,
    "Cannot listen on 127.0.0.1:0: reusePort is not supported on Windows",
  );
}, onWindows);

edoTest(
  "on Windows a listener on :: takes no IPv4, and Deno's neither",
  async () => {
    using ours = net.TcpListener.bind({ hostname: "::", port: 0 });
    using denos = Deno.listen({ hostname: "::", port: 0 });
    for (const { port } of [ours.addr, denos.addr as Deno.NetAddr]) {
      await assertRejects(
        () => Deno.connect({ hostname: "127.0.0.1", port }),
        Deno.errors.ConnectionRefused,
      );
      using _ = await Deno.connect({ hostname: "::1", port });
    }
  },
  onWindows,
);

bothWays(
  "on Windows IPv4 inside IPv6 can be connected to all the same",
  function* () {
    using listener = net.TcpListener.bind({ port: 0 });
    const hostname = "::ffff:127.0.0.1";
    const { port } = listener.addr;
    using client = yield* net.TcpStream.connect({ hostname, port });
    using server = yield* listener.accept();
    assertEquals(client.remoteAddr.hostname, hostname);
    assertEquals(server.remoteAddr.port, client.localAddr.port);
  },
  onWindows,
);

bothWays(
  "on Windows interfaces are named by their numbers",
  function* () {
    using listener = net.TcpListener.bind({ hostname: "::1", port: 0 });
    const { port } = listener.addr;
    const named = net.TcpStream.connect({ hostname: "fe80::1%Ethernet", port });
    assertInstanceOf(yield* caught(named), Deno.errors.NotFound);
  },
  onWindows,
);
