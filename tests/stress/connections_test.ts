import { assert, assertEquals } from "@std/assert";
import { EchoServer } from "../helpers/echo_server.ts";
import {
  countDescriptors,
  descriptorLimit,
  memoryOf,
} from "../helpers/proc.ts";
import {
  formatBytes,
  FULL,
  lineOf,
  report,
  startClient,
  stressTest,
} from "./support.ts";

const CONNECTIONS = FULL ? 10_000 : 2_000;

/** What each process needs besides its connections, Deno's own included. */
const OTHER_DESCRIPTORS = 100;

/** More than this for an idle connection would be a defect, in bytes. */
const MOST_PER_CONNECTION = 32 * 1024;

stressTest(
  `${CONNECTIONS} connections are open at once on one thread, and each gets its own echo`,
  async () => {
    await using server = await EchoServer.start("--idle-timeout", "600");
    const { pid } = server.process;
    const descriptors = await server.warmUp();
    const before = memoryOf(pid).resident;
    const { hostname, port } = server.addr;
    const start = performance.now();
    await using client = startClient("crowd.ts", hostname, port, CONNECTIONS);
    assertEquals(await lineOf(client), "connected");
    report(`connected after ${Math.round(performance.now() - start)} ms`);
    await server.hasDescriptors(descriptors + CONNECTIONS);
    const silent = memoryOf(pid).resident;

    await client.write("\n");
    const echoStart = performance.now();
    assertEquals(await lineOf(client), "echoed");
    const echoMs = performance.now() - echoStart;
    assertEquals(countDescriptors(pid), descriptors + CONNECTIONS);
    const idle = memoryOf(pid).resident;

    await client.write("\n");
    const single = await lineOf(client);
    await client.write("\n");
    assertEquals((await client.status()).code, 0);
    await server.hasDescriptors(descriptors);
    assertEquals(server.process.stderr.all, []);

    const each = (bytes: number) => formatBytes((bytes - before) / CONNECTIONS);
    report(`3 echoes of 64 bytes on each: ${Math.round(echoMs)} ms`);
    report(`one echo among them: median ${single.slice(7)} ms`);
    report(
      `server: ${formatBytes(before)} before, ${formatBytes(silent)} with ` +
        `${CONNECTIONS} connections, ${formatBytes(idle)} after the echoes, ` +
        `${formatBytes(memoryOf(pid).resident)} when they are closed`,
    );
    report(
      `an idle connection: ${each(silent)} before it sent anything, ` +
        `${each(idle)} after its echoes`,
    );
    assert(idle - before < MOST_PER_CONNECTION * CONNECTIONS);
  },
  { ignore: descriptorLimit() < CONNECTIONS + OTHER_DESCRIPTORS },
);
