import { assert, assertEquals } from "@std/assert";
import { flatness, type Sample } from "../tools/soak/flat.ts";
import { optionsOf } from "../tools/soak/main.ts";
import { Random } from "../tools/soak/random.ts";
import { edoTest } from "./helpers/leaks.ts";
import config from "../deno.json" with { type: "json" };
import { startDeno, type Subprocess } from "./helpers/subprocess.ts";

/** How long the soak may take beside its own time, with others on the machine. */
const PATIENCE_MS = 120_000;

/** What `deno task soak` runs. */
const [, ...COMMAND] = config.tasks.soak.command.split(" ");

function startSoak(...args: string[]): Subprocess {
  return startDeno([...COMMAND, ...args]);
}

/** Lines of the account by what they are of: their marks. */
async function accountOf(soak: Subprocess): Promise<Map<string, string>> {
  const { code } = await soak.status(PATIENCE_MS);
  const lines = await soak.stdout.rest(PATIENCE_MS);
  const account = new Map<string, string>();
  for (const line of lines) {
    const match = /^(ok|NOT OK|--) +(.+?)  +expected .+; found /.exec(line);
    if (match !== null) account.set(match[2]!, match[1]!);
  }
  const errors = await soak.stderr.rest(PATIENCE_MS);
  assertEquals(code, 0, [...lines, ...errors].join("\n"));
  return account;
}

/** A soak takes longer than other tests, and needs TCP and /proc. */
function soakTest(name: string, fn: () => Promise<void>): void {
  edoTest(name, fn, { ignore: Deno.build.os !== "linux" });
}

soakTest("a short soak closes its account", async () => {
  await using soak = startSoak("--minutes", "0.1", "--seed", "1");
  const account = await accountOf(soak);
  const decided = [...account].filter(([, mark]) => mark !== "--");
  assertEquals(decided.filter(([, mark]) => mark !== "ok"), []);
  for (
    const what of [
      "calm runtime: tasks",
      "deadly runtime: tasks",
      "bytes from clients to servers",
      "timers that are armed or held",
      "calm runtime: records not given back",
      "descriptors",
      "threads of workers",
      "complaints",
    ]
  ) assert(account.has(what), `no line tells of ${what}`);
});

soakTest("Ctrl-C ends a soak early, with its account", async () => {
  await using soak = startSoak("--minutes", "60", "--lanes", "2");
  await soak.stdout.match(/^soak: /, PATIENCE_MS);
  soak.kill("SIGINT");
  assertEquals((await accountOf(soak)).get("complaints"), "ok");
});

/** A program whose one action never ends, and blocks the thread. */
const HANGING = `
  import { startWatchdog } from "./tools/soak/watchdog.ts";
  const memory = new SharedArrayBuffer(8);
  new Int32Array(memory)[0] = 1;
  startWatchdog({ memory, names: ["a loop"], allMs: 100 });
  await new Promise((resolve) => setTimeout(resolve, 1));
  for (;;);
`;

soakTest("the watchdog says what hangs, and ends the process", async () => {
  await using hanging = startDeno(["eval", HANGING]);
  assertEquals((await hanging.status(PATIENCE_MS)).code, 1);
  const errors = await hanging.stderr.rest();
  assert(errors.some((line) => /^ +a loop \(\d s\)$/.test(line)), `${errors}`);
});

function samplesOf(count: number, value: (i: number) => number): Sample[] {
  return Array.from(
    { length: count },
    (_, i) => ({ minutes: i, value: value(i) }),
  );
}

const SLACK = { part: 0.01, least: 0.5 };

Deno.test("what swings about a mean is flat, and what grows after the warm-up is not", () => {
  const random = new Random(1);
  const noise = () => 10 * random.next();
  assertEquals(
    flatness(samplesOf(80, () => 100 + noise()), SLACK).isFlat,
    true,
  );
  const warm = samplesOf(80, (i) => 100 + noise() - (i < 15 ? 50 : 0));
  assertEquals(flatness(warm, SLACK).isFlat, true);
  const growing = flatness(samplesOf(80, (i) => 100 + i + noise()), SLACK);
  assertEquals(growing.isFlat, false);
  assert(Math.abs(growing.slope - 1) < 0.1, `${growing.slope} a minute`);
  assertEquals(flatness(samplesOf(19, (i) => i), SLACK).isFlat, null);
});

Deno.test("a seed gives the same numbers each time, and another one others", () => {
  const numbers = (seed: number) => {
    const random = new Random(seed);
    return Array.from({ length: 20 }, () => random.below(1_000));
  };
  assertEquals(numbers(7), numbers(7));
  assert(numbers(7).join() !== numbers(8).join());
  const sizes = new Random(7);
  const seen = Array.from({ length: 10_000 }, () => sizes.size(1_000));
  assertEquals([Math.min(...seen), Math.max(...seen)], [0, 1_000]);
});

Deno.test("the soak's command line says what is wrong with it", () => {
  const { minutes, seed, workers } = optionsOf([
    ...["--minutes", "0.2", "--seed=5", "--workers", "3"],
  ]);
  assertEquals([minutes, seed, workers], [0.2, 5, 3]);
  for (
    const args of [
      ["--minutes", "0"],
      ["--seed", "-1"],
      ["--workers", "1.5"],
      ["--hours", "1"],
    ]
  ) {
    let message = "";
    try {
      optionsOf(args);
    } catch (error) {
      message = (error as Error).message;
    }
    assert(message.includes(args[0]!), message);
  }
});
