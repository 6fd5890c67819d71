/**
 * The servers of examples/ as processes of their own, and honest clients of them.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { pollFor, waitFor } from "../helpers/deadline.ts";
import { addressOf } from "../helpers/echo_server.ts";
import { countDescriptors } from "../helpers/proc.ts";
import { startExample, type Subprocess } from "../helpers/subprocess.ts";

/** How long anything may take, with others on the machine, in milliseconds. */
export const PATIENCE_MS = 30_000;

/** What a server is, and how an honest client talks with it. */
export interface Kind {
  readonly file: string;
  readonly args: readonly string[];
  /** How a conversation with it begins: a hostile peer sends it bit by bit. */
  readonly opening: string;
  /** An exchange on a connection, which goes on afterwards. */
  exchange(talk: Talk, round: number): Promise<void>;
  /** What it may print of hostile peers; nothing else. */
  readonly mayPrint: RegExp;
}

const echo: Kind = {
  file: "echo_server.ts",
  args: ["--idle-timeout", "60"],
  opening: "a line that is long enough to be sent bit by bit\n",
  async exchange(talk, round) {
    await talk.send(`round ${round}\n`);
    assertEquals(await talk.line(), `round ${round}`);
  },
  mayPrint: /^client timed out /,
};

/** The servers, by what they are called in the tests' names. */
export const KINDS: Readonly<Record<string, Kind>> = {
  "the echo server": echo,
  "the echo server with two workers": {
    ...echo,
    args: [...echo.args, "--workers", "2"],
  },
  "the HTTP server": {
    file: "delay_server.ts",
    args: ["--delay", "0"],
    opening: "GET / HTTP/1.1\r\nHost: localhost\r\nX-Header: value\r\n\r\n",
    async exchange(talk, round) {
      await talk.send(`GET /${round} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
      assertEquals(await talk.line(), "HTTP/1.1 200 OK");
      while (await talk.line() !== "");
      assertEquals(await talk.line(), `hello from /${round}`);
    },
    mayPrint: /^$/,
  },
  "the chat server": {
    file: "chat_server.ts",
    args: [],
    opening: "somebody\nhello\n",
    async exchange(talk, round) {
      if (talk.rounds++ === 0) {
        talk.name = `honest${crypto.randomUUID().slice(0, 8)}`;
        await talk.send(`${talk.name}\n`);
        while (!/\* here: /.test(await talk.line()));
      }
      // Nobody hears themselves: another guest says whether they were heard.
      using other = await Talk.connect(talk.addr);
      await other.send(`ear${round}x${crypto.randomUUID().slice(0, 8)}\n`);
      while (!/\* here: /.test(await other.line()));
      await talk.send(`round ${round}\n`);
      while (await other.line() !== `${talk.name}: round ${round}`);
    },
    mayPrint: /^$/,
  },
};

/** A connection that reads all the while, as honest clients do, line by line. */
export class Talk implements Disposable {
  readonly addr: Deno.NetAddr;
  readonly #connection: Deno.TcpConn;
  #lines: string[] = [];
  #next = 0;
  #partial = "";
  #end: unknown = null;
  #news = Promise.withResolvers<void>();
  rounds = 0;
  name = "";

  private constructor(addr: Deno.NetAddr, connection: Deno.TcpConn) {
    this.addr = addr;
    this.#connection = connection;
    void this.#pump();
  }

  static async connect(addr: Deno.NetAddr): Promise<Talk> {
    const { hostname, port } = addr;
    const connecting = Deno.connect({ hostname, port });
    return new Talk(addr, await waitFor(connecting, PATIENCE_MS, "a connect"));
  }

  async #pump(): Promise<void> {
    const buffer = new Uint8Array(64 * 1024);
    const decoder = new TextDecoder();
    try {
      for (let n; (n = await this.#connection.read(buffer)) !== null;) {
        const text = decoder.decode(buffer.subarray(0, n), { stream: true });
        const lines = (this.#partial + text).split(/\r?\n/);
        this.#partial = lines.pop()!;
        this.#lines.push(...lines);
        this.#tell();
      }
      this.#end = "its end";
    } catch (error) {
      this.#end = error;
    }
    this.#tell();
  }

  #tell(): void {
    this.#news.resolve();
    this.#news = Promise.withResolvers();
  }

  async send(text: string): Promise<void> {
    const bytes = new TextEncoder().encode(text);
    for (let sent = 0; sent < bytes.length;) {
      sent += await this.#connection.write(bytes.subarray(sent));
    }
  }

  /** The next line, without its end. */
  async line(): Promise<string> {
    while (this.#next === this.#lines.length) {
      if (this.#end !== null) {
        throw new Error(`Cannot read a line: ${this.#end} came`);
      }
      await waitFor(this.#news.promise, PATIENCE_MS, "what the server says");
    }
    return this.#lines[this.#next++]!;
  }

  /** Waits for the end of the connection, or a reset. */
  async ended(): Promise<void> {
    while (this.#end === null) {
      await waitFor(this.#news.promise, PATIENCE_MS, "the end");
    }
    const isEnd = this.#end === "its end" ||
      this.#end instanceof Deno.errors.ConnectionReset;
    if (!isEnd) throw this.#end;
  }

  async endHalf(): Promise<void> {
    try {
      await this.#connection.closeWrite();
    } catch (error) {
      if (!(error instanceof Deno.errors.NotConnected)) throw error;
    }
  }

  [Symbol.dispose](): void {
    this.#connection.close();
  }
}

/** A server, and the honest clients that it has all the while. */
export class Server implements AsyncDisposable {
  readonly kind: Kind;
  readonly process: Subprocess;
  readonly addr: Deno.NetAddr;
  readonly #honest: Talk[] = [];
  #rounds = 0;
  /** How many descriptors it has with its honest clients alone. */
  #descriptors = 0;

  private constructor(kind: Kind, process: Subprocess, addr: Deno.NetAddr) {
    this.kind = kind;
    this.process = process;
    this.addr = addr;
  }

  static async start(kind: Kind, ...args: string[]): Promise<Server> {
    const all = ["--port=0", ...kind.args, ...args];
    const server = startExample(kind.file, all);
    try {
      const started = new Server(kind, server, await addressOf(server));
      await started.#warmUp();
      return started;
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #warmUp(): Promise<void> {
    for (let i = 0; i < 3; i++) {
      this.#honest.push(await Talk.connect(this.addr));
    }
    await this.serves();
    await this.serves();
    // What a client has left is closed when the server has seen its end.
    let last = -1;
    let looks = 0;
    this.#descriptors = await pollFor(
      () => {
        const now = countDescriptors(this.process.pid);
        looks = now === last ? looks + 1 : 0;
        last = now;
        return looks >= 12 && now;
      },
      PATIENCE_MS,
      "a number of descriptors that stays",
    );
  }

  /** Throws unless the honest clients are served, and a new one is. */
  async serves(): Promise<void> {
    const round = ++this.#rounds;
    using guest = await Talk.connect(this.addr);
    const all = [...this.#honest, guest];
    await Promise.all(
      all.map((talk) => this.kind.exchange(talk, round)),
    );
  }

  /** Throws if something is left of hostile peers. */
  async isAsBefore(): Promise<void> {
    const { pid } = this.process;
    await pollFor(
      () => countDescriptors(pid) === this.#descriptors,
      PATIENCE_MS,
      `${this.#descriptors} descriptors, as without hostile peers`,
      () => `; the server has ${countDescriptors(pid)}`,
    );
    await this.serves();
    const printed = this.process.stderr.all
      .filter((line) => !this.kind.mayPrint.test(line));
    assertEquals(printed, []);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const talk of this.#honest) talk[Symbol.dispose]();
    await this.process[Symbol.asyncDispose]();
  }
}
