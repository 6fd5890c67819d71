/**
 * What `echo_server.ts test` checks: a server and its clients in one `block_on`.
 *
 * @module
 */
import { type Coroutine, join, net, spawn, time } from "../../mod.ts";

/**
 * How long the checked server lets a client be silent, in milliseconds: so long that
 * on a busy machine none is dropped that waits for its turn.
 */
const IDLE_MS = 2_000;
/** How long one check may take before it has failed, in milliseconds. */
const DEADLINE_MS = 10_000;

type Serve = (listener: net.TcpListener, idleMs: number) => Coroutine<never>;

/** Starts the server on a free port and checks it. Throws if it does not echo. */
export function* checkEcho(serve: Serve): Coroutine<void> {
  using listener = net.TcpListener.bind({ port: 0 });
  const { addr } = listener;
  const server = spawn(serve, listener, IDLE_MS);
  const checks: [string, (addr: Deno.NetAddr) => Coroutine<void>][] = [
    ["a client gets back what it sends", one],
    ["100 clients at once each get their own back", many],
    ["1 MiB in one go comes back whole", large],
    ["a client that ends its side still gets the rest", halfClose],
    ["a silent client is dropped", silent],
  ];
  for (const [what, check] of checks) {
    yield* time.timeout(DEADLINE_MS, check(addr));
    console.log(`ok: ${what}`);
  }
  server.abort();
  console.log(`echo server: ${checks.length} checks passed`);
}

function assertSame(actual: Uint8Array, expected: Uint8Array): void {
  const at = expected.findIndex((byte, i) => actual[i] !== byte);
  if (at >= 0 || actual.length !== expected.length) {
    throw new Error(`the echo differs from what was sent, at byte ${at}`);
  }
}

/** Bytes that tell by themselves if some were lost or swapped. */
function pattern(length: number, seed: number): Uint8Array {
  return Uint8Array.from(
    { length },
    (_, i) => (i * 31 + (i >> 8) + seed) & 255,
  );
}

function* echo(stream: net.TcpStream, sent: Uint8Array): Coroutine<void> {
  const got = new Uint8Array(sent.length);
  yield* join(stream.writeAll(sent), stream.readExact(got));
  assertSame(got, sent);
}

function* one(addr: Deno.NetAddr): Coroutine<void> {
  using stream = yield* net.TcpStream.connect(addr);
  yield* echo(stream, new TextEncoder().encode("hello, echo\n"));
}

function* many(addr: Deno.NetAddr): Coroutine<void> {
  function* client(seed: number): Coroutine<void> {
    using stream = yield* net.TcpStream.connect(addr);
    for (let round = 0; round < 10; round++) {
      yield* echo(stream, pattern(64, seed + round));
    }
  }
  yield* join(...Array.from({ length: 100 }, (_, i) => spawn(client, i)));
}

function* large(addr: Deno.NetAddr): Coroutine<void> {
  using stream = yield* net.TcpStream.connect(addr);
  yield* echo(stream, pattern(1024 * 1024, 7));
}

function* halfClose(addr: Deno.NetAddr): Coroutine<void> {
  using stream = yield* net.TcpStream.connect(addr);
  const sent = pattern(1000, 3);
  yield* stream.writeAll(sent);
  stream.shutdown("write");
  const got = new Uint8Array(sent.length);
  yield* stream.readExact(got);
  assertSame(got, sent);
  if ((yield* stream.read(got)) !== null) throw new Error("expected the end");
}

function* silent(addr: Deno.NetAddr): Coroutine<void> {
  using stream = yield* net.TcpStream.connect(addr);
  if ((yield* stream.read(new Uint8Array(1))) !== null) {
    throw new Error("the server sent something unasked");
  }
}
