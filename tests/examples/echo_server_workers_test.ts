import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { EchoClient, EchoServer } from "../helpers/echo_server.ts";
import { countDescriptors } from "../helpers/proc.ts";
import { exampleTest } from "./support.ts";

const PATIENCE_MS = 30_000;

const CLIENTS = 64;
const ROUNDS = 10;
/** 63 characters, and the newline behind them. */
const LINE = "0123456789".repeat(7).slice(0, 63);

/** Connects clients, has each get the same number of echoes, and leaves them. */
async function useEqually(server: EchoServer): Promise<EchoClient[]> {
  const clients: EchoClient[] = [];
  try {
    for (let i = 0; i < CLIENTS; i++) {
      clients.push(await EchoClient.connect(server.addr));
    }
    for (let round = 0; round < ROUNDS; round++) {
      await Promise.all(clients.map(async (client) => {
        assertEquals(await client.echo(LINE), LINE);
      }));
    }
    return clients;
  } catch (error) {
    for (const client of clients) client.close();
    throw error;
  }
}

interface Account {
  clients: number;
  bytes: number;
  cutOff: number;
}

/** What the server tells at its end: a line for each worker. */
async function accountsOf(server: EchoServer): Promise<Account[]> {
  const { stdout, stderr } = server.process;
  const { code, signal } = await server.process.status(PATIENCE_MS);
  const lines = (await stdout.rest(PATIENCE_MS))
    .filter((line) => line !== "stopping; clients have 2 s to leave");
  assertEquals([code, signal, stderr.all], [0, null, []]);
  return lines.map((line, i) => {
    const parts =
      /^worker (\d+): (\d+) clients, (\d+) bytes(?:, (\d+) cut off)?$/
        .exec(line);
    assert(parts !== null && Number(parts[1]) === i + 1, line);
    const [clients, bytes, cutOff] = parts.slice(2).map(Number);
    return { clients: clients!, bytes: bytes!, cutOff: cutOff || 0 };
  });
}

exampleTest(
  "with two workers each of them serves its half of 64 equal clients",
  async () => {
    await using server = await EchoServer.start("--workers", "2");
    for (const client of await useEqually(server)) client.close();
    server.process.kill("SIGINT");
    const accounts = await accountsOf(server);
    const total = CLIENTS * ROUNDS * (LINE.length + 1);
    assertEquals(accounts.length, 2);
    assertEquals(accounts[0]!.bytes + accounts[1]!.bytes, total);
    for (const { clients, bytes, cutOff } of accounts) {
      assert(bytes >= 0.4 * total && bytes <= 0.6 * total, `${bytes}`);
      // Nobody left meanwhile, so they took turns.
      assertEquals([clients, cutOff], [CLIENTS / 2, 0]);
    }
  },
);

exampleTest(
  "a client goes to the worker that has fewer clients, not to the next in turn",
  async () => {
    await using server = await EchoServer.start("--workers=2");
    const connect = async () => {
      const client = await EchoClient.connect(server.addr);
      // What its worker opens when it first waits is open by then.
      for (let i = 0; i < 3; i++) await client.echo("hello");
      return client;
    };
    using stays = await connect();
    for (let i = 0; i < 5; i++) {
      const client = await connect();
      const withClient = countDescriptors(server.process.pid);
      client.close();
      await server.hasDescriptors(withClient - 1);
    }
    server.process.kill("SIGINT");
    stays.close();
    const accounts = await accountsOf(server);
    const clients = accounts.map(({ clients }) => clients);
    // In turn it would be 3 and 3. A worker closes the connection a moment before
    // it tells that the task has ended, and in that moment both have one.
    assertEquals(clients[0]! + clients[1]!, 6);
    assert(Math.max(...clients) >= 5 - 1, `${clients}`);
  },
);

exampleTest(
  "with --reuse-port the workers accept by themselves, and both do",
  async () => {
    await using server = await EchoServer.start("--workers=2", "--reuse-port");
    for (const client of await useEqually(server)) client.close();
    server.process.kill("SIGINT");
    const accounts = await accountsOf(server);
    assertEquals(accounts.length, 2);
    assertEquals(accounts[0]!.clients + accounts[1]!.clients, CLIENTS);
    for (const { clients, bytes } of accounts) {
      // Which clients are whose, the system decides by their addresses.
      assert(clients > 0);
      assertEquals(bytes, clients * ROUNDS * (LINE.length + 1));
    }
  },
);

exampleTest(
  "one worker serves all, and a silent client is dropped there as well",
  async () => {
    await using server = await EchoServer.start(
      ...["--workers", "1", "--idle-timeout", "0.2"],
    );
    using client = await EchoClient.connect(server.addr);
    assertEquals(await client.echo("hello"), "hello");
    await client.end();
    assertEquals(
      await server.process.stderr.next(PATIENCE_MS),
      `client timed out ${client.address}`,
    );
  },
);

for (const flags of [["--workers=2"], ["--workers=2", "--reuse-port"]]) {
  exampleTest(
    `with ${
      flags.join(" ")
    }, after Ctrl-C clients are served until they leave, ` +
      "and nobody else is let in",
    async () => {
      await using server = await EchoServer.start(...flags);
      using client = await EchoClient.connect(server.addr);
      using stays = await EchoClient.connect(server.addr);
      assertEquals(await client.echo("before"), "before");
      assertEquals(await stays.echo("before"), "before");
      const { process, addr } = server;
      process.kill("SIGINT");
      assertEquals(
        await process.stdout.match(/^stopping/, PATIENCE_MS),
        "stopping; clients have 2 s to leave",
      );
      assertEquals(await client.echo("after"), "after");
      if (flags.length === 1) {
        await assertRejects(
          () => EchoClient.connect(addr),
          Deno.errors.ConnectionRefused,
        );
      }
      client.close();
      // The other one is cut off when the time is over.
      await stays.end();
      const accounts = await accountsOf(server);
      const sum = (key: keyof Account) =>
        accounts.reduce((sum, account) => sum + account[key], 0);
      assertEquals([sum("clients"), sum("bytes"), sum("cutOff")], [2, 20, 1]);
    },
  );
}

exampleTest("a second Ctrl-C ends the server at once", async () => {
  await using server = await EchoServer.start("--workers=2");
  using client = await EchoClient.connect(server.addr);
  await client.echo("still here");
  server.process.kill("SIGINT");
  await server.process.stdout.match(/^stopping/, PATIENCE_MS);
  server.process.kill("SIGINT");
  const { signal, code } = await server.process.status(PATIENCE_MS);
  assertEquals([signal, code], ["SIGINT", 130]);
});

exampleTest(
  "a server with workers that has no clients stops at once",
  async () => {
    await using server = await EchoServer.start("--workers=3");
    server.process.kill("SIGINT");
    assertEquals(
      await accountsOf(server),
      Array.from({ length: 3 }, () => ({ clients: 0, bytes: 0, cutOff: 0 })),
    );
  },
);

exampleTest(
  "a port in use is told in a line with workers too",
  async () => {
    await using server = await EchoServer.start("--workers=1");
    const { port } = server.addr;
    const ways = Deno.build.os === "windows" ? [[]] : [[], ["--reuse-port"]];
    for (const more of ways) {
      const error = await assertRejects(() =>
        EchoServer.start(`--port=${port}`, "--workers=2", ...more)
      );
      assertMatch(
        String(error),
        new RegExp(
          `Cannot listen on 127\\.0\\.0\\.1:${port}: address already in use ` +
            "\\(EADDRINUSE from bind\\)$",
        ),
      );
    }
  },
);
