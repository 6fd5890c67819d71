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

/** What each process needs besides its connections, Deno's own included. */
const OTHER_DESCRIPTORS = 100;

/** Fewer only where a process may not have as many descriptors. */
const CONNECTIONS = Math.min(10_000, descriptorLimit() - OTHER_DESCRIPTORS);

/** How often they are opened and closed again. */
const CROWDS = FULL ? 3 : 1;

/** More than this for an idle connection would be a defect, in bytes. */
const MOST_PER_CONNECTION = 32 * 1024;

/** One crowd of clients, and the server's memory in its stages. */
async function crowd(
  server: EchoServer,
  descriptors: number,
): Promise<{ silent: number; idle: number }> {
  const { pid } = server.process;
  const { hostname, port } = server.addr;
  const start = performance.now();
  await using client = startClient("crowd.ts", hostname, port, CONNECTIONS);
  assertEquals(await lineOf(client), "connected");
  const connectMs = performance.now() - start;
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
  report(
    `connected after ${Math.round(connectMs)} ms, Deno's start included; ` +
      `3 echoes on each took ${Math.round(echoMs)} ms; ` +
      `then one echo took ${single.slice("single ".length)} ms (median)`,
  );
  return { silent, idle };
}

stressTest(
  `${CONNECTIONS} connections are open at once on one thread, and each gets its own echo`,
  async () => {
    await using server = await EchoServer.start("--idle-timeout", "600");
    const { pid } = server.process;
    const descriptors = await server.warmUp();
    const before = memoryOf(pid).resident;
    const each = (bytes: number) => formatBytes((bytes - before) / CONNECTIONS);
    for (let i = 0; i < CROWDS; i++) {
      const { silent, idle } = await crowd(server, descriptors);
      report(
        `server: ${formatBytes(before)} at first, ${
          formatBytes(silent)
        } with ` +
          `${CONNECTIONS} connections, ${
            formatBytes(idle)
          } after the echoes, ` +
          `${formatBytes(memoryOf(pid).resident)} when they are closed`,
      );
      report(
        `an idle connection: ${each(silent)} before it sent anything, ` +
          `${each(idle)} after its echoes`,
      );
      assert(idle - before < MOST_PER_CONNECTION * CONNECTIONS);
    }
    assertEquals(server.process.stderr.all, []);
  },
);
