/**
 * What the programs of the course share: they all make the same requests, to the
 * delay server or to any other HTTP server, and print the replies as they come.
 *
 * @module
 */
import { knownAddresses } from "../../src/net/address.ts";
import { requireNet } from "../../src/net/permission.ts";
import type { SocketAddr } from "../../src/sys/addr.ts";
import {
  exitWith,
  type Flags,
  numberFlag,
  parseCommandLine,
  UsageError,
} from "./command_line.ts";

/** The flags of each program, with what they are by default. */
const FLAGS: Flags = {
  "requests": "5",
  "hostname": "127.0.0.1",
  "port": "7878",
};

/** What `--help` says of them. */
const FLAGS_HELP = `\
--requests  how many requests to make      5
--hostname  the server's address           127.0.0.1
--port      and its port                   7878`;

/** Whom to ask, and how often. */
export interface Target {
  /** How many requests to make. */
  readonly requests: number;
  readonly hostname: string;
  readonly port: number;
  /** The two as system calls take them. */
  readonly address: SocketAddr;
}

/** One of the commands of a program. */
export type Command = (target: Target) => void | Promise<void>;

/**
 * The main function of a program of the course.
 *
 * @param usage What `--help` says of the program and its commands.
 * @param defaultCommand What to run if none is given; null: one has to be.
 */
export function runCourse(
  usage: string,
  defaultCommand: string | null,
  commands: Readonly<Record<string, Command>>,
): void {
  const names = Object.keys(commands) as [string];
  exitWith(async () => {
    const { command, flags } = parseCommandLine(Deno.args, names, FLAGS, {
      defaultCommand,
    });
    const target = readTarget(flags);
    try {
      await commands[command]!(target);
    } catch (error) {
      throw withHint(error, target);
    }
  }, `${usage}\n\n${FLAGS_HELP}`);
}

/**
 * Reads the flags, and asks Deno whether the program may connect there: system
 * calls go past Deno, but its permissions shall hold all the same.
 */
function readTarget(flags: Flags): Target {
  const requests = numberFlag(flags, "requests", {
    min: 1,
    max: 10_000,
    whole: true,
  });
  const port = numberFlag(flags, "port", { min: 1, max: 65_535, whole: true });
  const hostname = flags["hostname"]!;
  const [address] = knownAddresses(hostname, port);
  if (address === undefined) {
    throw new UsageError(
      `--hostname is "${hostname}": expected an IP address or localhost`,
    );
  }
  requireNet(hostname, port);
  return { requests, hostname, port, address };
}

/** Says what to do about a server that is not there; other errors stay. */
function withHint(error: unknown, target: Target): unknown {
  if (!(error instanceof Deno.errors.ConnectionRefused)) return error;
  const { hostname, port } = target;
  const flag = port === Number(FLAGS["port"]) ? "" : ` --port ${port}`;
  return new Deno.errors.ConnectionRefused(
    `Nobody listens on ${hostname}:${port}: start the server, in another ` +
      `terminal, with deno run -A examples/delay_server.ts${flag}`,
    { cause: error },
  );
}

/** The numbers of the requests, from 1. */
export function requestIds(target: Target): number[] {
  return Array.from({ length: target.requests }, (_, i) => i + 1);
}

/**
 * The bytes of request number `id`.
 *
 * In HTTP/1.0 the server ends its reply by closing the connection. So a client
 * reads up to the end of the stream, and need not know where a body ends.
 */
export function requestBytes({ hostname, port }: Target, id: number): Bytes {
  const host = hostname.includes(":") ? `[${hostname}]` : hostname;
  return new TextEncoder().encode(
    `GET /${id} HTTP/1.0\r\nHost: ${host}:${port}\r\n\r\n`,
  );
}

type Bytes = Uint8Array<ArrayBuffer>;

/** How much of a reply's text is shown. */
const SHOWN = 40;

/** The bytes of a reply in one line: `200 OK, hello from /1`. */
export function summary(parts: readonly Uint8Array[]): string {
  const decoder = new TextDecoder();
  const text = parts.map((part) => decoder.decode(part, { stream: true }))
    .join("");
  if (text === "") return "nothing";
  const status = /^HTTP\/1\.\d (\d{3}[^\r\n]*)/.exec(text)?.[1];
  if (status === undefined) return "something that is not HTTP";
  const body = text.split(/\r?\n\r?\n/)[1] ?? "";
  const line = body.trim().split("\n", 1)[0]!.slice(0, SHOWN);
  // What a stranger sends shall not steer the terminal.
  return `${status}, ${line}`.replace(/\p{Cc}/gu, "");
}

/** Prints the replies with the time since the start, and at the end the total. */
export class Report {
  readonly #start = performance.now();
  #replies = 0;

  #elapsed(): string {
    return `${Math.round(performance.now() - this.#start)} ms`;
  }

  /** A reply has come, in one piece or in several. */
  reply(id: number, ...parts: Uint8Array[]): void {
    this.#replies++;
    console.log(`reply ${id} after ${this.#elapsed()}: ${summary(parts)}`);
  }

  /** Something else has happened. */
  event(what: string): void {
    console.log(`${what} after ${this.#elapsed()}`);
  }

  /** All have come. */
  total(): void {
    console.log(`${this.#replies} replies in ${this.#elapsed()}`);
  }
}
