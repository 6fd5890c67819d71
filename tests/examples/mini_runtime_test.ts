import { assert, assertEquals, assertMatch } from "@std/assert";
import { unusedPort } from "../helpers/unused_port.ts";
import {
  DELAY_MS,
  DelayServer,
  exampleTest,
  fastEnough,
  outcomeOf,
  repliesOf,
  REQUESTS,
  totalsOf,
} from "./support.ts";

const PROGRAM = "mini_runtime.ts";
const IDS = [1, 2, 3, 4, 5];

exampleTest(
  "the mini runtime is shorter than 200 lines, and stands on sys alone",
  async () => {
    const file = new URL(`../../examples/${PROGRAM}`, import.meta.url);
    const text = await Deno.readTextFile(file);
    assert(text.split("\n").length - 1 < 200);
    const imports = [...text.matchAll(/from "(.*)"/g)].map(([, path]) => path!);
    const others = imports.filter((path) => !path.startsWith("../src/sys/"));
    assertEquals(others, ["./lib/course.ts"]);
  },
);

exampleTest("the basic version runs one task after another", async () => {
  await using server = await DelayServer.start();
  const port = `--port=${server.port}`;
  const { code, stdout, stderr } = await outcomeOf(PROGRAM, "basic", port);
  assertEquals([code, stderr], [0, []]);
  assertMatch(stdout[0]!, /^alarm after \d+ ms$/);
  const replies = repliesOf(stdout);
  assertEquals(replies.map(({ id }) => id), IDS);
  for (const { id, ms } of replies) assert(ms >= id * DELAY_MS);
  assert(totalsOf(stdout)[0]! >= REQUESTS * DELAY_MS);
});

for (const args of [["advanced"], []]) {
  const name = args[0] ?? "without a command the mini runtime";
  exampleTest(
    `${name} runs its tasks side by side, timers included`,
    async () => {
      await using server = await DelayServer.start();
      const { code, stdout, stderr } = await fastEnough(
        2 * DELAY_MS,
        () => outcomeOf(PROGRAM, ...args, `--port=${server.port}`),
      );
      assertEquals([code, stderr], [0, []]);
      const replies = repliesOf(stdout);
      assertEquals(replies.map(({ id }) => id).sort(), IDS);
      for (const { ms } of replies) assert(ms >= DELAY_MS);
      const alarm = /^alarm after (\d+) ms$/.exec(stdout[0]!);
      assert(Number(alarm?.[1]) >= 50, stdout[0]!);
    },
  );
}

exampleTest("the mini runtime runs a thousand tasks at once", async () => {
  await using server = await DelayServer.start();
  const { code, stdout } = await outcomeOf(
    PROGRAM,
    ...[`--port=${server.port}`, "--requests", "1000"],
  );
  assertEquals(code, 0);
  assertEquals(repliesOf(stdout).length, 1_000);
  assertMatch(stdout.at(-1)!, /^1000 replies in \d+ ms$/);
});

exampleTest(
  "what goes wrong in the mini runtime is told in a line",
  async () => {
    const refused = await outcomeOf(PROGRAM, `--port=${unusedPort()}`);
    assertEquals([refused.code, refused.stderr.length], [1, 1]);
    assertMatch(refused.stderr[0]!, /^Nobody listens on .* start the server/);
    const unknown = await outcomeOf(PROGRAM, "complete");
    assertEquals([unknown.code, unknown.stderr.length], [2, 1]);
    assertMatch(unknown.stderr[0]!, /^unknown command "complete": expected/);
    const help = await outcomeOf(PROGRAM, "--help");
    assertEquals([help.code, help.stderr], [0, []]);
    assertMatch(help.stdout.join("\n"), /basic .*\n.*advanced /);
  },
);
