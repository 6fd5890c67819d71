/** What must not grow however long a program runs, as a soak has found it to. */
import { assert, assertEquals } from "@std/assert";
import { edoTest } from "../helpers/leaks.ts";
import { startDeno } from "../helpers/subprocess.ts";

const ASKS = new URL("./fixtures/asks_for_addresses.ts", import.meta.url);

/** By how many bytes the heap of a program grows that meets 20,000 addresses. */
async function growth(...flags: string[]): Promise<number> {
  await using child = startDeno([
    "run",
    "--no-prompt",
    "--v8-flags=--expose-gc",
    ...flags,
    ASKS.href,
  ]);
  const { code } = await child.status();
  assertEquals(await child.stderr.rest(), []);
  assertEquals(code, 0);
  const [line] = await child.stdout.rest();
  return Number(line);
}

edoTest(
  "a thread remembers nothing of the addresses that it has asked permission for",
  async () => {
    for (const flags of [["-A"], ["--allow-net"]]) {
      const bytes = await growth(...flags);
      // Deno would keep more than 300 for each.
      assert(bytes < 20_000 * 50, `${bytes} bytes more with ${flags}`);
    }
  },
);
