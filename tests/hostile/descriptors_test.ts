/**
 * More connections than a server may have descriptors.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { pollFor } from "../helpers/deadline.ts";
import { addressOf, EchoClient } from "../helpers/echo_server.ts";
import { edoTest } from "../helpers/leaks.ts";
import { countDescriptors } from "../helpers/proc.ts";
import { README_FLAGS, Subprocess } from "../helpers/subprocess.ts";
import { RawPeer } from "../net/support.ts";

const PATIENCE_MS = 30_000;
const LIMIT = 64;
const STORM = 300;

/** Whether a thread of a process runs, or would if there were a processor for it. */
function isRunnable(pid: number): boolean {
  for (const { name } of Deno.readDirSync(`/proc/${pid}/task`)) {
    const stat = Deno.readTextFileSync(`/proc/${pid}/task/${name}/stat`);
    // Behind the name, which may have spaces: proc(5).
    if (stat.slice(stat.lastIndexOf(")") + 2).startsWith("R")) return true;
  }
  return false;
}

const LOOKS = 50;

/**
 * Waits for half a second in which a process hardly ever had anything to do. One
 * that spins has something at each look, however little a busy machine gives it.
 */
async function isQuiet(pid: number): Promise<void> {
  const seen: number[] = [];
  await pollFor(
    async () => {
      let busy = 0;
      for (let i = 0; i < LOOKS; i++) {
        // Not for something to happen: what must not happen is looked for.
        await new Promise((resolve) => setTimeout(resolve, 10));
        if (isRunnable(pid)) busy++;
      }
      seen.push(busy);
      return busy <= LOOKS / 5;
    },
    PATIENCE_MS,
    "half a second without work",
    () => `; of ${LOOKS} looks it was busy at ${seen}`,
  );
}

for (const workers of [0, 2]) {
  // Each worker has descriptors of its own, and so has Deno for each.
  const limit = LIMIT + 32 * workers;
  edoTest(
    `a server with ${workers} workers that is out of descriptors waits without spinning, serves those that it has, and goes on when there are some again`,
    async () => {
      await using server = new Subprocess("sh", [
        "-c",
        `ulimit -n ${limit}; exec "$0" "$@"`,
        ...[Deno.execPath(), "run", ...README_FLAGS],
        ...["examples/echo_server.ts", "--port=0", "--idle-timeout=600"],
        `--workers=${workers}`,
      ]);
      const { pid } = server;
      const addr = await addressOf(server);
      using honest = await EchoClient.connect(addr);
      assertEquals(await honest.echo("before"), "before");
      // What is opened once is open by now, on each worker.
      const another = await EchoClient.connect(addr);
      await another.echo("warm");
      const withHonest = countDescriptors(pid) - 1;
      another.close();
      const isAsBefore = () =>
        pollFor(
          () => countDescriptors(pid) === withHonest,
          PATIENCE_MS,
          `${withHonest} descriptors`,
          () => `; the server has ${countDescriptors(pid)}`,
        );
      await isAsBefore();
      const storm = Array.from(
        { length: STORM },
        () => RawPeer.connect(addr),
      );
      try {
        await pollFor(
          () => countDescriptors(pid) >= limit - 2,
          PATIENCE_MS,
          "a server without descriptors",
          () => `; it has ${countDescriptors(pid)}`,
        );
        assertEquals(await honest.echo("meanwhile"), "meanwhile");
        await isQuiet(pid);
        assertEquals(await honest.echo("still there"), "still there");
      } finally {
        // In the middle of the storm half of them give up at once.
        storm.forEach((peer, i) =>
          i % 2 ? peer.reset() : peer[Symbol.dispose]()
        );
      }
      using late = await EchoClient.connect(addr);
      assertEquals(await late.echo("after"), "after");
      late.close();
      await isAsBefore();
      assertEquals(await honest.echo("at the end"), "at the end");
      assertEquals(server.stderr.all, []);
    },
    { ignore: Deno.build.os !== "linux", settleMs: 10_000 },
  );
}
