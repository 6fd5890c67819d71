/**
 * `examples/echo_server.ts` as a process of its own, and clients for it that are
 * none of Edo's.
 *
 * @module
 */
import { pollFor, waitFor } from "./deadline.ts";
import { countDescriptors } from "./proc.ts";
import { startExample, type Subprocess } from "./subprocess.ts";

/** How long anything may take, with others on the machine, in milliseconds. */
const PATIENCE_MS = 30_000;

/** An echo server that runs until the end of `await using`. */
export class EchoServer implements AsyncDisposable {
  readonly process: Subprocess;
  readonly addr: Deno.NetAddr;

  private constructor(process: Subprocess, addr: Deno.NetAddr) {
    this.process = process;
    this.addr = addr;
  }

  /** Starts one with these arguments, on a free port unless they name one. */
  static async start(...args: string[]): Promise<EchoServer> {
    if (!args.some((arg) => arg.startsWith("--port"))) args.push("--port=0");
    const process = startExample("echo_server.ts", args);
    try {
      return new EchoServer(process, await addressOf(process));
    } catch (error) {
      await process[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Waits until the server has as many descriptors as it had at some time. */
  async hasDescriptors(count: number): Promise<void> {
    const { pid } = this.process;
    await pollFor(
      () => countDescriptors(pid) === count,
      PATIENCE_MS,
      `${count} descriptors`,
      () => `; the server has ${countDescriptors(pid)}`,
    );
  }

  /**
   * Serves a client, so that all has been opened that a server opens once. Returns
   * how many descriptors it has without a client.
   */
  async warmUp(): Promise<number> {
    using client = await EchoClient.connect(this.addr);
    await client.echo("warm up");
    const withoutClient = countDescriptors(this.process.pid) - 1;
    client.close();
    await this.hasDescriptors(withoutClient);
    return withoutClient;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.process[Symbol.asyncDispose]();
  }
}

/** The address in the first line that a server prints. */
export async function addressOf(process: Subprocess): Promise<Deno.NetAddr> {
  const line = await process.stdout.next(PATIENCE_MS);
  const parts = /^listening on \[?([^\]]*)\]?:(\d+)$/.exec(line ?? "");
  if (parts === null) {
    const errors = await process.stderr.rest(PATIENCE_MS);
    throw new Error(`Cannot use "${line}" as an address; ${errors.join("\n")}`);
  }
  return { transport: "tcp", hostname: parts[1]!, port: Number(parts[2]) };
}

/** A client like `nc`: it sends lines, and reads what comes. */
export class EchoClient implements Disposable {
  readonly #connection: Deno.TcpConn;
  #closed = false;

  private constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
  }

  static async connect(addr: Deno.NetAddr): Promise<EchoClient> {
    const { hostname, port } = addr;
    return new EchoClient(await Deno.connect({ hostname, port }));
  }

  /** The client's address, as the server writes it. */
  get address(): string {
    const { hostname, port } = this.#connection.localAddr as Deno.NetAddr;
    return hostname.includes(":")
      ? `[${hostname}]:${port}`
      : `${hostname}:${port}`;
  }

  /** Sends a line and returns as many bytes as it has, as they come back. */
  async echo(line: string): Promise<string> {
    const bytes = new TextEncoder().encode(`${line}\n`);
    const buffer = new Uint8Array(bytes.length);
    const exchange = async () => {
      await this.send(bytes);
      for (let got = 0; got < buffer.length;) {
        const n = await this.#connection.read(buffer.subarray(got));
        if (n === null) throw new Error(`Cannot echo "${line}": disconnected`);
        got += n;
      }
    };
    await waitFor(exchange(), PATIENCE_MS, `the echo of "${line}"`);
    return new TextDecoder().decode(buffer).trimEnd();
  }

  /** Sends all the bytes. */
  async send(bytes: Uint8Array): Promise<void> {
    for (let sent = 0; sent < bytes.length;) {
      sent += await this.#connection.write(bytes.subarray(sent));
    }
  }

  /** Waits for the server to end the connection without a further byte. */
  async end(): Promise<void> {
    const n = await waitFor(
      this.#connection.read(new Uint8Array(1)),
      PATIENCE_MS,
      "the end of a connection",
    );
    if (n !== null) throw new Error("Cannot see the end: a byte came");
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#connection.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
