/**
 * Loads the echo server of `echo_server.ts` from Linux, through loopback: 500
 * clients at a time, good ones and all kinds of bad ones. Then it tells the server
 * to end.
 *
 *     deno run -A tests/windows/echo_load.ts PORT CONTROL
 *
 * @module
 */
import { type Coroutine, net, run, spawn, time } from "../../mod.ts";
import { sockets } from "../../src/sys/platform.ts";
import { parseIp } from "../../src/sys/addr.ts";

/** How many clients of each kind there are. */
const KINDS: readonly (readonly [number, Client])[] = [
  [250, echoes],
  [60, endsHalf],
  [60, resets],
  [50, resetsAtOnce],
  [50, falls],
  [30, floods],
];

const ROUNDS = 3;
const DEADLINE_MS = 120_000;

/** What one client does with its connection, once all have one. */
type Client = (port: number, stream: net.TcpStream) => Coroutine<void>;

function bytes(length: number): Uint8Array<ArrayBuffer> {
  const data = new Uint8Array(length);
  for (let i = 0; i < length; i++) data[i] = (i * 7 + length) & 255;
  return data;
}

function* echo(stream: net.TcpStream, length: number): Coroutine<void> {
  const sent = bytes(length);
  const writing = spawn(function* () {
    yield* stream.writeAll(sent);
  });
  const got = new Uint8Array(length);
  yield* stream.readExact(got);
  yield* writing;
  for (let i = 0; i < length; i++) {
    if (got[i] !== sent[i]) throw new Error(`byte ${i} of ${length} is wrong`);
  }
}

/** Expects the end of the stream, with nothing before it. */
function* expectEnd(stream: net.TcpStream): Coroutine<void> {
  const n = yield* stream.read(new Uint8Array(1));
  if (n !== null) throw new Error("the stream did not end");
}

/** A good client. */
function* echoes(_port: number, stream: net.TcpStream): Coroutine<void> {
  for (let i = 0; i < 20; i++) yield* echo(stream, 1 + (i * 1_371) % 5_000);
}

/** Sends its FIN first, and then reads what is still to come. */
function* endsHalf(_port: number, stream: net.TcpStream): Coroutine<void> {
  yield* echo(stream, 64);
  yield* stream.writeAll(bytes(3_000));
  stream.shutdown();
  yield* stream.readExact(new Uint8Array(3_000));
  yield* expectEnd(stream);
}

/** Resets the connection with an echo under way. */
function* resets(_port: number, stream: net.TcpStream): Coroutine<void> {
  yield* echo(stream, 64);
  yield* stream.writeAll(bytes(10_000));
  // Bytes that were not read when the socket is closed make it a reset.
  yield* stream.peek(new Uint8Array(1));
}

/** Besides an idle connection, resets new ones before a byte was sent. */
function* resetsAtOnce(port: number, stream: net.TcpStream): Coroutine<void> {
  for (let i = 0; i < 5; i++) {
    const socket = sockets.connect(parseIp("127.0.0.1", port));
    sockets.setLinger(socket, 0);
    sockets.close(socket);
  }
  yield* echo(stream, 64);
}

/** Says nothing more and is dropped. */
function* falls(_port: number, stream: net.TcpStream): Coroutine<void> {
  yield* echo(stream, 64);
  yield* expectEnd(stream);
}

/** Sends a lot at once. */
function* floods(_port: number, stream: net.TcpStream): Coroutine<void> {
  yield* echo(stream, 1 << 20);
}

function* client(
  port: number,
  behave: Client,
  stream: net.TcpStream,
): Coroutine<void> {
  using _ = stream;
  yield* behave(port, stream);
}

/** Opens all connections, checks that each is served, and lets the clients loose. */
function* round(port: number): Coroutine<void> {
  const clients: [Client, net.TcpStream][] = [];
  for (const [count, behave] of KINDS) {
    for (let i = 0; i < count; i++) {
      clients.push([behave, yield* net.TcpStream.connect({ port })]);
    }
  }
  for (const [, stream] of clients) yield* echo(stream, 10);
  const tasks = clients.map(([behave, stream]) =>
    spawn(client, port, behave, stream)
  );
  for (const task of tasks) yield* task;
  console.log(`${clients.length} clients at a time were served`);
}

const [port = NaN, control = NaN] = Deno.args.map(Number);
await run(function* () {
  for (let i = 0; i < ROUNDS; i++) {
    yield* time.timeout(DEADLINE_MS, round(port));
  }
  using _ = yield* net.TcpStream.connect({ port: control });
});
