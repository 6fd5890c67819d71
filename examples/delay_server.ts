/**
 * An HTTP server that takes its time: each reply comes 100 ms after its request.
 * The counterpart for the programs of the course, whose subject is waiting.
 *
 *     deno run --allow-ffi --allow-net --allow-read examples/delay_server.ts \
 *       --hostname 127.0.0.1 --port 7878 --delay 100
 *
 * Delays run side by side: a thousand clients wait 100 ms, not 100 seconds.
 *
 * @module
 */
import { block_on, type Coroutine, net, spawn, time } from "../mod.ts";
import { isGone } from "./echo_server.ts";
import { formatAddress } from "./lib/address.ts";
import { exitWith, numberFlag, parseCommandLine } from "./lib/command_line.ts";
import { BadRequest, HttpReader, type HttpRequest } from "./lib/http_reader.ts";

const USAGE = `delay_server.ts [flags]

--hostname  the address to listen on              127.0.0.1
--port      the port; 0 takes a free one          7878
--delay     milliseconds from request to reply    100`;

/** How long a client may take for a request, or stay idle, in milliseconds. */
const IDLE_MS = 60_000;
/** How long a client may go on sending after its last reply, in milliseconds. */
const LINGER_MS = 1_000;

interface Reply {
  readonly status: string;
  readonly body: string;
  readonly keepAlive: boolean;
  /** A reply to HEAD has the length of the body, without the body. */
  readonly withoutBody?: boolean;
}

function encodeReply(reply: Reply): Uint8Array {
  const encoder = new TextEncoder();
  const length = encoder.encode(reply.body).length;
  return encoder.encode(
    `HTTP/1.1 ${reply.status}\r\n` +
      `Date: ${new Date().toUTCString()}\r\n` +
      "Content-Type: text/plain; charset=utf-8\r\n" +
      `Content-Length: ${length}\r\n` +
      `Connection: ${reply.keepAlive ? "keep-alive" : "close"}\r\n\r\n` +
      (reply.withoutBody ? "" : reply.body),
  );
}

function replyTo({ method, target, keepAlive }: HttpRequest): Uint8Array {
  return encodeReply({
    status: "200 OK",
    body: `hello from ${target}\n`,
    keepAlive,
    withoutBody: method === "HEAD",
  });
}

/** Replies to one client until it ends, fails, or sends what is not HTTP. */
export function* serveClient(
  stream: net.TcpStream,
  delayMs: number,
): Coroutine<void> {
  using _ = stream;
  const reader = new HttpReader(stream);
  try {
    stream.setNoDelay();
    let keepAlive = true;
    while (keepAlive) {
      const request = yield* time.timeout(IDLE_MS, reader.next());
      if (request === null) return;
      yield* time.sleep(delayMs);
      yield* time.timeout(IDLE_MS, stream.writeAll(replyTo(request)));
      keepAlive = request.keepAlive;
    }
    yield* endConversation(stream);
  } catch (error) {
    if (error instanceof BadRequest) yield* refuse(stream, error.message);
    else if (!isOver(error)) throw error;
  }
}

function* refuse(stream: net.TcpStream, why: string): Coroutine<void> {
  try {
    const reply = encodeReply({
      status: "400 Bad Request",
      body: `${why}\n`,
      keepAlive: false,
    });
    // Who reads nothing may have left no room for it.
    yield* time.timeout(LINGER_MS, stream.writeAll(reply));
    yield* endConversation(stream);
  } catch (error) {
    if (!isOver(error)) throw error;
  }
}

/** The client has gone, or takes too long: nothing that would have to be told. */
function isOver(error: unknown): boolean {
  return isGone(error) || error instanceof time.TimeoutError;
}

/**
 * Ends our side, and reads what the client still sends, for a while. A socket that
 * is closed with something unread resets the connection, and the client would
 * lose the reply: RFC 9112, section 9.6.
 */
function* endConversation(stream: net.TcpStream): Coroutine<void> {
  stream.shutdown("write");
  const unread = new Uint8Array(1024);
  try {
    yield* time.timeout(LINGER_MS, drain());
  } catch (error) {
    if (!(error instanceof time.TimeoutError)) throw error;
  }

  function* drain(): Coroutine<void> {
    while ((yield* stream.read(unread)) !== null);
  }
}

function main(): void {
  const { flags } = parseCommandLine(Deno.args, ["run"], {
    "hostname": "127.0.0.1",
    "port": "7878",
    "delay": "100",
  });
  const port = numberFlag(flags, "port", { min: 0, max: 65_535, whole: true });
  const delayMs = numberFlag(flags, "delay", { min: 0, max: 3_600_000 });
  const hostname = flags["hostname"]!;
  block_on(function* () {
    using listener = net.TcpListener.bind({ hostname, port, backlog: 4096 });
    console.log(`listening on ${formatAddress(listener.addr)}`);
    while (true) spawn(serveClient, yield* listener.accept(), delayMs);
  });
}

if (import.meta.main) exitWith(main, USAGE);
