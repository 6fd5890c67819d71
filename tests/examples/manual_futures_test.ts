import { assert, assertEquals, assertMatch } from "@std/assert";
import { unusedPort } from "../helpers/unused_port.ts";
import {
  DELAY_MS,
  DelayServer,
  exampleTest,
  fastEnough,
  type Outcome,
  outcomeOf,
  repliesOf,
  REQUESTS,
} from "./support.ts";

const PROGRAM = "manual_futures.ts";
const OWN = ["naive-executor", "epoll-executor", "waker-executor"];
const FOREIGN = ["foreign-executor", "foreign-future"];

/** Checks that the replies are all there, `times` times over, none of them early. */
function assertReplies({ code, stdout, stderr }: Outcome, times: number): void {
  assertEquals(code, 0, stderr.join("\n"));
  const replies = repliesOf(stdout);
  for (let section = 0; section < times; section++) {
    const ids = replies.slice(section * REQUESTS, (section + 1) * REQUESTS)
      .map(({ id }) => id);
    assertEquals(ids.sort(), [1, 2, 3, 4, 5]);
  }
  assertEquals(replies.length, times * REQUESTS);
  for (const { id, ms, what } of replies) {
    assert(ms >= DELAY_MS, `reply ${id} came after ${ms} ms`);
    assertEquals(what, `200 OK, hello from /${id}`);
  }
}

/** How many polls a program says that it took, for each request. */
function pollsOf({ stdout }: Outcome): number {
  const parts = /^(\d+) polls, (\d+\.\d) for each request$/.exec(
    stdout.at(-1)!,
  );
  assert(parts !== null, stdout.join("\n"));
  assertEquals(
    Number(parts[2]),
    Number((Number(parts[1]) / REQUESTS).toFixed(1)),
  );
  return Number(parts[1]) / REQUESTS;
}

const POLLS: Record<string, (polls: number) => boolean> = {
  // A busy machine gives the program less time to ask.
  "naive-executor": (polls) => polls * REQUESTS >= 1_000,
  "epoll-executor": (polls) => polls < 100,
  "waker-executor": (polls) => polls < 10,
};

for (const command of OWN) {
  exampleTest(
    `${command} makes all requests at once, in a known number of polls`,
    async () => {
      await using server = await DelayServer.start();
      const outcome = await fastEnough(
        2 * DELAY_MS,
        () => outcomeOf(PROGRAM, command, `--port=${server.port}`),
      );
      assertReplies(outcome, 1);
      const polls = pollsOf(outcome);
      assert(POLLS[command]!(polls), `${polls} polls for each request`);
      assertEquals(outcome.stderr, []);
    },
  );
}

for (const command of FOREIGN) {
  exampleTest(
    `${command} makes all requests at once, in two ways`,
    async () => {
      await using server = await DelayServer.start();
      const outcome = await fastEnough(
        2 * DELAY_MS,
        () => outcomeOf(PROGRAM, command, `--port=${server.port}`),
      );
      assertReplies(outcome, 2);
      const headings = outcome.stdout.filter((line) => line.endsWith(":"));
      assertEquals(
        headings,
        command === "foreign-executor" ? ["native await:", "effection:"] : [
          "promises:",
          "operations of effection:",
          "a promise inside block_on:",
        ],
      );
    },
  );
}

exampleTest(
  "a promise inside block_on is refused, not waited for",
  async () => {
    await using server = await DelayServer.start("--delay", "1");
    const port = `--port=${server.port}`;
    const { stdout } = await outcomeOf(PROGRAM, "foreign-future", port);
    assertMatch(stdout.at(-1)!, /^Cannot wait for a promise inside block_on$/);
  },
);

exampleTest("the other commands need no package from npm", async () => {
  await using server = await DelayServer.start("--delay", "1");
  const flags = ["--no-npm", "--allow-ffi", "--allow-net", "--allow-read"];
  const program = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      ...flags,
      `examples/${PROGRAM}`,
      "waker-executor",
      `--port=${server.port}`,
    ],
    stdin: "null",
  });
  const { code, stdout } = await program.output();
  assertEquals(code, 0);
  assertMatch(new TextDecoder().decode(stdout), /5 replies/);
});

exampleTest("what goes wrong is told in a line", async () => {
  const port = `--port=${unusedPort()}`;
  for (const command of [...OWN, ...FOREIGN]) {
    const outcome = await outcomeOf(PROGRAM, command, port);
    assertEquals(outcome.code, 1);
    assertMatch(
      outcome.stderr.at(-1)!,
      /^Nobody listens on .* start the server/,
    );
  }
  const unknown = await outcomeOf(PROGRAM, "blue-executor");
  assertEquals([unknown.code, unknown.stderr.length], [2, 1]);
  assertMatch(
    unknown.stderr[0]!,
    /^unknown command "blue-executor": expected naive/,
  );
  const help = await outcomeOf(PROGRAM, "--help");
  assertEquals([help.code, help.stderr], [0, []]);
  for (const command of [...OWN, ...FOREIGN]) {
    assert(help.stdout.join("\n").includes(command));
  }
});
