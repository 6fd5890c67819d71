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

const PROGRAM = "raw_syscalls.ts";
const SEQUENTIAL = ["seq-calls", "std-seq-calls"];
const CONCURRENT = [
  "non-blocking-select",
  "non-blocking-poll",
  "non-blocking-epoll",
  "std-non-blocking-calls",
  "reactor-non-blocking-calls",
];
const COMMANDS = [...SEQUENTIAL, ...CONCURRENT];
const IDS = Array.from({ length: REQUESTS }, (_, i) => i + 1);

for (const command of SEQUENTIAL) {
  exampleTest(
    `${command} waits for each reply before the next request`,
    async () => {
      await using server = await DelayServer.start();
      const port = `--port=${server.port}`;
      const { code, stdout, stderr } = await outcomeOf(PROGRAM, command, port);
      assertEquals([code, stderr], [0, []]);
      assertEquals(stdout.length, REQUESTS + 1);
      const replies = repliesOf(stdout);
      assertEquals(replies.map(({ id }) => id), IDS);
      for (const { id, ms, what } of replies) {
        assert(ms >= id * DELAY_MS, `reply ${id} came after ${ms} ms`);
        assertEquals(what, `200 OK, hello from /${id}`);
      }
      const [total] = totalsOf(stdout);
      assert(total! >= REQUESTS * DELAY_MS, `all came after ${total} ms`);
    },
  );
}

for (const command of CONCURRENT) {
  exampleTest(`${command} waits for all replies at once`, async () => {
    await using server = await DelayServer.start();
    const port = `--port=${server.port}`;
    const { code, stdout, stderr } = await fastEnough(
      2 * DELAY_MS,
      () => outcomeOf(PROGRAM, command, port),
    );
    assertEquals([code, stderr], [0, []]);
    assertEquals(stdout.length, REQUESTS + 1);
    const replies = repliesOf(stdout);
    // In which order they come is up to the server and the system.
    assertEquals(replies.map(({ id }) => id).sort(), IDS);
    for (const { id, ms, what } of replies) {
      assert(ms >= DELAY_MS, `reply ${id} came after ${ms} ms`);
      assertEquals(what, `200 OK, hello from /${id}`);
    }
    // Each is printed as it comes, not all at the end.
    const times = replies.map(({ ms }) => ms);
    assertEquals(times, times.toSorted((a, b) => a - b));
  });
}

exampleTest("each way makes as many requests as it is told to", async () => {
  await using server = await DelayServer.start("--delay", "1");
  const flags = [`--port=${server.port}`, "--requests", "300"];
  for (const command of COMMANDS) {
    const { code, stdout } = await outcomeOf(PROGRAM, command, ...flags);
    assertEquals(code, 0);
    assertMatch(stdout.at(-1)!, /^300 replies in \d+ ms$/);
  }
});

exampleTest("select says which descriptors are too large for it", async () => {
  await using server = await DelayServer.start("--delay", "1");
  const flags = [`--port=${server.port}`, "--requests", "1100"];
  const select = await outcomeOf(PROGRAM, "non-blocking-select", ...flags);
  assertEquals([select.code, select.stderr.length], [1, 1]);
  assertMatch(select.stderr[0]!, /descriptor 1024 is too large/);
  const poll = await outcomeOf(PROGRAM, "non-blocking-poll", ...flags);
  assertMatch(poll.stdout.at(-1)!, /^1100 replies/);
});

exampleTest(
  "any server will do, and its reply cannot steer the terminal",
  async () => {
    await using server = Deno.serve({
      hostname: "127.0.0.1",
      port: 0,
      onListen() {},
    }, ({ url }) => {
      return new Response(`\x1b[2J${new URL(url).pathname}\nmore`, {
        status: 404,
      });
    });
    for (const command of COMMANDS) {
      const { code, stdout } = await outcomeOf(
        PROGRAM,
        ...[command, `--port=${server.addr.port}`, "--requests=1"],
      );
      assertEquals(code, 0);
      assertMatch(stdout[0]!, /^reply 1 after \d+ ms: 404 Not Found, \[2J\/1$/);
    }
  },
);

exampleTest(
  "a server that is not running is told with what to do",
  async () => {
    const port = unusedPort();
    for (const command of COMMANDS) {
      const { code, stdout, stderr } = await outcomeOf(
        PROGRAM,
        ...[command, "--port", String(port)],
      );
      assertEquals([code, stdout, stderr], [1, [], [
        `Nobody listens on 127.0.0.1:${port}: start the server, in another ` +
        `terminal, with deno run -A examples/delay_server.ts --port ${port}`,
      ]]);
    }
  },
);

exampleTest(
  "what is wrong with the command line is told in a line",
  async () => {
    const wrong: [string[], RegExp][] = [
      [[], /^no command: expected seq-calls, /],
      [["sing"], /^unknown command "sing": expected seq-calls, /],
      [
        ["seq-calls", "--requests=0"],
        /^--requests is "0": expected a whole number/,
      ],
      [
        ["seq-calls", "--port=many"],
        /^--port is "many": expected a whole number/,
      ],
      [
        ["seq-calls", "--host=a"],
        /^unknown flag "--host": expected --requests/,
      ],
      [["seq-calls", "--port"], /^--port needs a value/],
      [
        ["seq-calls", "--hostname=a.b"],
        /^--hostname is "a.b": expected an IP address/,
      ],
    ];
    for (const [args, message] of wrong) {
      const { code, stdout, stderr } = await outcomeOf(PROGRAM, ...args);
      assertEquals([code, stdout.length, stderr.length], [2, 0, 1]);
      assertMatch(stderr[0]!, message);
    }
  },
);

exampleTest("--help names every command", async () => {
  const { code, stdout, stderr } = await outcomeOf(PROGRAM, "--help");
  assertEquals([code, stderr], [0, []]);
  for (const command of COMMANDS) assert(stdout.join("\n").includes(command));
});
