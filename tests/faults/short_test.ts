/** Transfers of one byte, where many could have been moved. */
import { bothWays, double, echo } from "./support.ts";
import { assert, assertEquals } from "@std/assert";
import { type Coroutine, join, net, spawn } from "../../mod.ts";
import { assertPattern, pattern } from "../net/support.ts";

/** Sends so many bytes through an echo and checks what comes back. */
function* roundTrip(size: number): Coroutine<void> {
  using listener = net.TcpListener.bind({ port: 0 });
  const server = spawn(function* () {
    yield* echo(yield* listener.accept());
  });
  using client = yield* net.TcpStream.connect(listener.addr);
  const answer = new Uint8Array(size);
  yield* join(
    client.writeAll(pattern(0, size)),
    client.readExact(answer),
  );
  assertPattern(0, answer);
  client.shutdown();
  yield* server;
  assertEquals(yield* client.read(answer), null);
}

for (const name of ["recv", "send"]) {
  bothWays(
    `4 KiB go there and back while each ${name} moves one byte`,
    function* () {
      const fault = double.atMost(name, 1, { times: Infinity });
      yield* roundTrip(4 * 1024);
      assert(fault.hits >= 2 * 4 * 1024 - 2, `${fault.hits}`);
    },
  );
}

bothWays(
  "64 KiB go there and back while recv and send move one byte each",
  function* () {
    for (const name of ["recv", "send"]) {
      double.atMost(name, 1, { times: Infinity });
    }
    const size = 64 * 1024;
    yield* roundTrip(size);
    // For each byte one of either, there and back, and few that move none.
    for (const name of ["recv", "send"]) {
      assert(double.count(name) >= 2 * size);
      assert(double.count(name) < 4 * size, `${double.count(name)} of ${name}`);
    }
  },
);

bothWays("a write tells how much it has moved, down to one byte", function* () {
  using listener = net.TcpListener.bind({ port: 0 });
  using client = yield* net.TcpStream.connect(listener.addr);
  using server = yield* listener.accept();
  double.atMost("send", 1, { times: 3 });
  const data = Uint8Array.of(1, 2, 3, 4, 5);
  const moved: number[] = [];
  for (let sent = 0; sent < data.length;) {
    const n = yield* client.write(data.subarray(sent));
    moved.push(n);
    sent += n;
  }
  assertEquals(moved, [1, 1, 1, 2]);
  const got = new Uint8Array(5);
  yield* server.readExact(got);
  assertEquals(got, data);
});
