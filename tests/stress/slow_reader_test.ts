import { assert, assertEquals, assertMatch } from "@std/assert";
import { EchoServer } from "../helpers/echo_server.ts";
import { memoryOf } from "../helpers/proc.ts";
import {
  formatBytes,
  FULL,
  lineOf,
  MIB,
  report,
  startClient,
  stressTest,
} from "./support.ts";

const VOLUME_MIB = FULL ? 1024 : 64;

/**
 * By how much the server's memory may grow on the way. What it needs is a buffer of
 * 64 KiB; the rest is V8, which lets some garbage pile up before it collects it.
 */
const MOST_GROWTH = 24 * MIB;

stressTest(
  `${VOLUME_MIB} MiB through one connection whose peer reads slowly leave the server's memory flat`,
  async () => {
    await using server = await EchoServer.start("--idle-timeout", "600");
    const { pid } = server.process;
    const { hostname, port } = server.addr;
    await using client = startClient(
      ...["slow_reader.ts", hostname, port, VOLUME_MIB] as const,
    );
    assertEquals(await lineOf(client), "warm");
    const before = memoryOf(pid).resident;
    await client.write("\n");
    const stuck = await lineOf(client);
    const whenStuck = memoryOf(pid).resident;
    await client.write("\n");
    const done = await lineOf(client);
    assertMatch(done, /^done \d+$/);
    const { resident, peak } = memoryOf(pid);
    assertEquals((await client.status()).code, 0);
    assertEquals(server.process.stderr.all, []);

    const ms = Number(done.slice(5));
    report(
      `${formatBytes(Number(stuck.slice(6)))} were on their way when nothing ` +
        "was read, in the buffers of four sockets",
    );
    report(
      `${VOLUME_MIB} MiB took ${ms} ms, ` +
        `${Math.round(VOLUME_MIB / (ms / 1000))} MiB/s`,
    );
    report(
      `server: ${formatBytes(before)} before, ${formatBytes(whenStuck)} when ` +
        `stuck, ${formatBytes(resident)} at the end; at most ${
          formatBytes(peak)
        }`,
    );
    assert(peak - before < MOST_GROWTH);
  },
);
