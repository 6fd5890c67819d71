import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { block_on, type Future, intoFuture, run, time } from "../../mod.ts";
import { summary, type Target } from "../../examples/lib/course.ts";
import { HttpGet, httpGet } from "../../examples/manual_futures/http_get.ts";
import { unusedPort } from "../helpers/unused_port.ts";
import { parseIp } from "../../src/sys/addr.ts";
import { DelayServer, exampleTest } from "./support.ts";

type Make = (target: Target, id: number) => Future<Uint8Array[]>;

const FLAVOURS: Record<string, Make> = {
  "the class": (target, id) => new HttpGet(target, id),
  "the generator": (target, id) => intoFuture(httpGet(target, id)),
};

function targetOf({ port }: { port: number }): Target {
  const hostname = "127.0.0.1";
  return { requests: 1, hostname, port, address: parseIp(hostname, port) };
}

for (const [flavour, make] of Object.entries(FLAVOURS)) {
  exampleTest(
    `${flavour} gets the reply, on a blocked thread and on Deno's`,
    async () => {
      await using server = await DelayServer.start("--delay=1");
      const target = targetOf(server);
      assertEquals(summary(block_on(make(target, 1))), "200 OK, hello from /1");
      assertEquals(
        summary(await run(make(target, 2))),
        "200 OK, hello from /2",
      );
      assertEquals(summary(await make(target, 3)), "200 OK, hello from /3");
    },
  );

  exampleTest(
    `${flavour} closes its socket wherever it is given up`,
    async () => {
      await using server = await DelayServer.start("--delay=60000");
      const target = targetOf(server);
      make(target, 0).cancel(); // never started
      // 0 ms are over at the second poll, at the latest while it waits for the reply.
      for (const ms of [0, 1, 30]) {
        assertThrows(
          () => block_on(time.timeout(ms, make(target, 1))),
          time.TimeoutError,
        );
      }
    },
  );

  exampleTest(
    `${flavour} fails if nobody listens, and closes its socket`,
    () => {
      const target = targetOf({ port: unusedPort() });
      const error = assertThrows(
        () => block_on(make(target, 1)),
        Deno.errors.ConnectionRefused,
      );
      assertMatch(error.message, /ECONNREFUSED/);
    },
  );
}
