import { assertEquals } from "@std/assert";
import { net, spawn, time } from "../mod.ts";
import { MSG_OOB } from "../src/sys/linux/constants.ts";
import { libc } from "../src/sys/linux/libc.ts";
import { bothWays, encode, RawPeer, readText, settle } from "./net/support.ts";

/** Sends bytes, of which the last is marked as urgent. */
function sendUrgent(peer: RawPeer, text: string): void {
  const bytes = encode(text);
  const sent = libc.send(peer.fd, bytes, bytes.length, MSG_OOB);
  assertEquals(sent, bytes.length);
}

bothWays(
  "what comes behind urgent data is delivered although the read before it was short",
  function* () {
    using listener = net.TcpListener.bind({ port: 0 });
    for (let round = 0; round < 20; round++) {
      using peer = RawPeer.connect(listener.addr);
      using stream = yield* listener.accept();
      let got = "";
      const reading = spawn(function* () {
        while (got.length < 9) got += yield* readText(stream);
      });
      yield* settle(); // it waits, so that all that follows comes as one edge
      peer.send("abc");
      sendUrgent(peer, "!");
      peer.send("def");
      sendUrgent(peer, "?");
      peer.send("ghi");
      yield* time.timeout(2_000, reading);
      // Only the last urgent byte is kept out of the stream: tcp(7).
      assertEquals(got.slice(0, 3), "abc");
    }
  },
  { ignore: Deno.build.os !== "linux" },
);
