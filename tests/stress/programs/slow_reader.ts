/**
 * Sends much through one connection to an echo server, and reads what comes back
 * more slowly than it sends: the server always has more than it can get rid of.
 * Stages end with a line on stdout, and the next begins with a line on stdin:
 *
 * 1. `warm`: the first 16 MiB were echoed
 * 2. `stuck BYTES`: without any reading, so many bytes were taken before the last
 *    buffer on the way was full
 * 3. `done MS`: all were echoed, each byte the one that was sent
 *
 *     deno run -A slow_reader.ts HOSTNAME PORT MIB
 *
 * @module
 */
import { block_on, type Coroutine, join, net, time } from "../../../mod.ts";
import { expectPattern, pattern, sendPattern } from "../../net/support.ts";
import { assertPattern } from "../../net/support.ts";

const [hostname, port, size] = Deno.args;
const MIB = 1024 * 1024;
const TOTAL = Number(size) * MIB;
const WARM_UP = 16 * MIB;
const CHUNK = 64 * 1024;
/** Of which it reads so many, then pauses: 128 MiB per second at most. */
const CHUNKS_IN_A_ROW = 8;
const PAUSE_MS = 4;
/** For how long nothing must have moved to count as stuck, in milliseconds. */
const STUCK_MS = 300;

let sent = 0;

function waitForLine(): void {
  if (Deno.stdin.readSync(new Uint8Array(16)) === null) Deno.exit(0);
}

function* send(stream: net.TcpStream): Coroutine<void> {
  while (sent < TOTAL) {
    const chunk = pattern(sent, Math.min(CHUNK, TOTAL - sent));
    sent += yield* stream.write(chunk);
  }
}

/** Reads nothing until the server takes nothing more. */
function* untilStuck(): Coroutine<void> {
  for (let before = -1; before !== sent;) {
    before = sent;
    yield* time.sleep(STUCK_MS);
  }
  console.log(`stuck ${sent}`);
  waitForLine();
}

function* readSlowly(stream: net.TcpStream): Coroutine<void> {
  yield* untilStuck();
  const buffer = new Uint8Array(CHUNK);
  let got = 0;
  for (let chunks = 0; got < TOTAL; chunks++) {
    const n = yield* stream.read(buffer);
    if (n === null) throw new Error(`the stream ended after ${got} bytes`);
    assertPattern(got, buffer.subarray(0, n));
    got += n;
    if (chunks % CHUNKS_IN_A_ROW === 0) yield* time.sleep(PAUSE_MS);
  }
}

block_on(function* () {
  const addr = { hostname: hostname!, port: Number(port) };
  using stream = yield* net.TcpStream.connect(addr);
  yield* join(sendPattern(stream, WARM_UP), expectPattern(stream, WARM_UP));
  console.log("warm");
  waitForLine();
  const start = performance.now();
  yield* join(send(stream), readSlowly(stream));
  console.log(`done ${Math.round(performance.now() - start)}`);
});
