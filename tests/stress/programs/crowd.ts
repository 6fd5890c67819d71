/**
 * Opens many connections to an echo server and holds them all at once. A line on
 * stdin lets it go on to the next stage; the end of each stage is a line on stdout:
 *
 * 1. `connected`: all of them are open
 * 2. `echoed`: each had several bytes of its own echoed, while those of all the
 *    others were under way
 * 3. `single MS`: the median time of an echo on one of them, the others being silent
 *
 *     deno run -A crowd.ts HOSTNAME PORT COUNT
 *
 * @module
 */
import { block_on, type Coroutine, join, net, spawn } from "../../../mod.ts";

const [hostname, port, count] = Deno.args;
const addr = { hostname: hostname!, port: Number(port) };
const COUNT = Number(count);

/** How many connections are being opened at a time: less than any backlog. */
const CONNECTING = 100;
const ROUNDS = 3;
const MESSAGE_BYTES = 64;

/** Waits for a line. Nothing else is to be done meanwhile, so it may block. */
function waitForLine(): void {
  if (Deno.stdin.readSync(new Uint8Array(16)) === null) Deno.exit(0);
}

function* openAll(): Coroutine<net.TcpStream[]> {
  const streams: net.TcpStream[] = [];
  let opened = 0;
  function* opener(): Coroutine<void> {
    while (opened < COUNT) {
      opened++;
      streams.push(yield* net.TcpStream.connect(addr));
    }
  }
  yield* join(...Array.from({ length: CONNECTING }, () => spawn(opener)));
  return streams;
}

/** Bytes that no other connection sends, and this one only in this round. */
function message(id: number, round: number): Uint8Array {
  const bytes = new Uint8Array(MESSAGE_BYTES);
  const words = new Uint32Array(bytes.buffer);
  for (let i = 0; i < words.length; i++) words[i] = id * 1000 + round * 100 + i;
  return bytes;
}

function* echo(
  stream: net.TcpStream,
  id: number,
  round: number,
): Coroutine<void> {
  const sent = message(id, round);
  yield* stream.writeAll(sent);
  const got = new Uint8Array(sent.length);
  yield* stream.readExact(got);
  if (sent.some((byte, i) => byte !== got[i])) {
    throw new Error(`connection ${id} got back what it has not sent`);
  }
}

function* median(streams: net.TcpStream[]): Coroutine<number> {
  const times: number[] = [];
  for (let i = 0; i < 1001; i++) {
    const id = Math.floor(Math.random() * streams.length);
    const start = performance.now();
    yield* echo(streams[id]!, id, ROUNDS);
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[500]!;
}

block_on(function* () {
  const streams = yield* openAll();
  console.log("connected");
  waitForLine();
  for (let round = 0; round < ROUNDS; round++) {
    yield* join(...streams.map((stream, id) => spawn(echo, stream, id, round)));
  }
  console.log("echoed");
  waitForLine();
  console.log(`single ${(yield* median(streams)).toFixed(3)}`);
  waitForLine();
});
