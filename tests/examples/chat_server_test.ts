import { assert, assertEquals, assertMatch } from "@std/assert";
import { waitFor } from "../helpers/deadline.ts";
import { addressOf } from "../helpers/echo_server.ts";
import { Lines, startExample, type Subprocess } from "../helpers/subprocess.ts";
import { exampleTest, outcomeOf } from "./support.ts";

const PATIENCE_MS = 30_000;

/** A chat server that runs until the end of `await using`. */
class ChatServer implements AsyncDisposable {
  readonly process: Subprocess;
  readonly port: number;
  readonly #guests: Guest[] = [];

  private constructor(process: Subprocess, port: number) {
    this.process = process;
    this.port = port;
  }

  static async start(): Promise<ChatServer> {
    const process = startExample("chat_server.ts", ["--port=0"]);
    try {
      return new ChatServer(process, (await addressOf(process)).port);
    } catch (error) {
      await process[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Connects somebody, who is asked for a name. */
  async connect(): Promise<Guest> {
    const guest = new Guest(await Deno.connect({ port: this.port }));
    this.#guests.push(guest);
    return guest;
  }

  /** Connects somebody who gives this name, and is told who is there. */
  async enter(name: string, others: string): Promise<Guest> {
    const guest = await this.connect();
    await guest.say(name);
    assertEquals(await guest.next(), `your name? * here: ${others}`);
    return guest;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.process[Symbol.asyncDispose]();
    for (const guest of this.#guests) await guest.end();
  }
}

/** Somebody at a terminal of their own. */
class Guest {
  readonly lines: Lines;
  readonly #connection: Deno.TcpConn;
  #isClosed = false;

  constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
    this.lines = new Lines("the chat", connection.readable);
  }

  async next(): Promise<string | null> {
    return await this.lines.next(PATIENCE_MS);
  }

  async say(line: string): Promise<void> {
    await this.send(new TextEncoder().encode(`${line}\n`));
  }

  async send(bytes: Uint8Array): Promise<void> {
    for (let sent = 0; sent < bytes.length;) {
      sent += await this.#connection.write(bytes.subarray(sent));
    }
  }

  /** Leaves, if the server has not ended the connection before. */
  async end(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.lines.cancel();
  }
}

exampleTest(
  "everybody reads what the others write, and who comes and goes",
  async () => {
    await using server = await ChatServer.start();
    const ada = await server.enter("ada", "nobody else");
    const bob = await server.enter("bob", "ada");
    assertEquals(await ada.next(), "* bob has joined");
    const eve = await server.enter("eve", "ada, bob");
    assertEquals(await ada.next(), "* eve has joined");
    assertEquals(await bob.next(), "* eve has joined");
    await ada.say("hello, all");
    assertEquals(await bob.next(), "ada: hello, all");
    assertEquals(await eve.next(), "ada: hello, all");
    await bob.say("hello, ada");
    // Nobody reads their own lines: this is the first for ada.
    assertEquals(await ada.next(), "bob: hello, ada");
    assertEquals(await eve.next(), "bob: hello, ada");
    await bob.end();
    assertEquals(await ada.next(), "* bob has left");
    assertEquals(await eve.next(), "* bob has left");
    // The name is free again.
    await server.enter("bob", "ada, eve");
    assertEquals(await ada.next(), "* bob has joined");
    assertEquals(server.process.stderr.all, []);
  },
);

exampleTest("a name is one that nobody has, and short", async () => {
  await using server = await ChatServer.start();
  const ada = await server.enter("ada", "nobody else");
  const guest = await server.connect();
  for (const name of ["ada", "", "two words", "a".repeat(21), " Zoë \r"]) {
    await guest.say(name);
  }
  const rules = "letters and digits, 20 at most; your name? ";
  assertEquals(
    await guest.next(),
    `your name? ada is here already; your name? ${rules}${rules}${rules}` +
      "* here: ada",
  );
  assertEquals(await ada.next(), "* Zoë has joined");
});

exampleTest(
  "lines may come in pieces or together, and without what plays tricks on terminals",
  async () => {
    await using server = await ChatServer.start();
    const ada = await server.enter("ada", "nobody else");
    const bob = await server.enter("bob", "ada");
    const bytes = new TextEncoder().encode(
      "Grüße\r\n\n  \none\ntwo\x1b[2J\x07\nthe last",
    );
    for (const byte of bytes.subarray(0, 5)) {
      await bob.send(Uint8Array.of(byte));
    }
    await bob.send(bytes.subarray(5));
    await bob.send(new TextEncoder().encode(" one\n"));
    assertEquals(await ada.next(), "* bob has joined");
    for (const line of ["Grüße", "one", "two[2J", "the last one"]) {
      assertEquals(await ada.next(), `bob: ${line}`);
    }
  },
);

exampleTest("who sends an endless line is dropped", async () => {
  await using server = await ChatServer.start();
  const ada = await server.enter("ada", "nobody else");
  const bob = await server.enter("bob", "ada");
  assertEquals(await ada.next(), "* bob has joined");
  await bob.say("x".repeat(1_023));
  assertEquals(await ada.next(), `bob: ${"x".repeat(1_023)}`);
  // No more than the server reads, or it would reset the connection.
  await bob.send(new Uint8Array(1_024).fill(120));
  assertEquals(
    await ada.next(),
    "* bob was dropped: a line is longer than 1024 bytes",
  );
  assertEquals(server.process.stderr.all, []);
});

exampleTest(
  "who does not read is dropped, and holds nobody up",
  async () => {
    await using server = await ChatServer.start();
    const ada = await server.enter("ada", "nobody else");
    const bob = await server.enter("bob", "ada");
    assertEquals(await ada.next(), "* bob has joined");
    const idler = await Deno.connect({ port: server.port });
    try {
      await idler.write(new TextEncoder().encode("idler\n"));
      assertEquals(await ada.next(), "* idler has joined");
      assertEquals(await bob.next(), "* idler has joined");
      // Until what the system keeps for the idler is full, and the mailbox.
      let isDropped = false;
      let lines = 0;
      const chat = async () => {
        const text = "x".repeat(1_000);
        for (; !isDropped; lines++) {
          await bob.say(text);
          // Who reads is in time, as nobody writes faster than ada reads.
          let line = await ada.next();
          if (line === "* idler was dropped: too slow") {
            isDropped = true;
            line = await ada.next();
          }
          assertEquals(line, `bob: ${text}`);
        }
      };
      await waitFor(chat(), 60_000, "the idler to be dropped");
      assert(lines > 64);
      assertEquals(await bob.next(), "* idler was dropped: too slow");
    } finally {
      idler.close();
    }
  },
);

exampleTest(
  "Ctrl-C tells everybody, ends the connections, and then the server",
  async () => {
    await using server = await ChatServer.start();
    const ada = await server.enter("ada", "nobody else");
    const bob = await server.enter("bob", "ada");
    await ada.say("one");
    await ada.say("two");
    assertEquals(await bob.next(), "ada: one");
    assertEquals(await bob.next(), "ada: two");
    const stranger = await server.connect();
    // Before it is accepted, a server that stops would reset it.
    await stranger.lines.prompt("your name? ");
    server.process.kill("SIGINT");
    assertEquals(await bob.lines.rest(PATIENCE_MS), ["* the server stops"]);
    assertEquals(await ada.lines.rest(PATIENCE_MS), [
      "* bob has joined",
      "* the server stops",
    ]);
    const { code, signal } = await server.process.status(PATIENCE_MS);
    assertEquals([code, signal], [0, null]);
    assertEquals(await stranger.lines.rest(PATIENCE_MS), ["your name? "]);
    const { stdout, stderr } = server.process;
    assertEquals(await stdout.rest(), ["stopped: 2 guests, 2 lines"]);
    assertEquals(stderr.all, []);
  },
);

exampleTest("chat_server.ts tells how it is called", async () => {
  const wrong = await outcomeOf("chat_server.ts", "--port=x");
  assertEquals([wrong.code, wrong.stdout], [2, []]);
  assertMatch(wrong.stderr[0]!, /^--port is "x": expected a whole number /);
  const help = await outcomeOf("chat_server.ts", "--help");
  assertEquals(help.code, 0);
  assertMatch(help.stdout.join("\n"), /--hostname .*\n--port /);
});
