/**
 * A TCP echo server on one thread, with a task for each client.
 *
 *     deno run --allow-ffi --allow-net --allow-read examples/echo_server.ts \
 *       run --hostname 127.0.0.1 --port 8080 --idle-timeout 10
 *
 * With `test` instead of `run` it starts itself on a free port, connects clients
 * and checks what comes back.
 *
 * @module
 */
import { block_on, type Coroutine, net, spawn, time } from "../mod.ts";
import { formatAddress } from "./lib/address.ts";
import { exitWith, numberFlag, parseCommandLine } from "./lib/command_line.ts";
import { checkEcho } from "./lib/echo_check.ts";

const USAGE = `echo_server.ts [run | test] [flags]

run   serve until Ctrl-C (the default)
test  start on a free port, check the echo with some clients, and end

--hostname      the address to listen on           127.0.0.1
--port          the port; 0 takes a free one       8080
--idle-timeout  after how many seconds of silence
                a client is dropped                10`;

/** A client's buffer at first: thousands of idle clients must cost little. */
const FIRST_BUFFER_BYTES = 4 * 1024;
/** It grows up to this while clients send as much as fits. */
const MAX_BUFFER_BYTES = 64 * 1024;

/** Sends back what a client sends, until it ends, fails or falls silent. */
function* serveClient(
  stream: net.TcpStream,
  idleMs: number,
): Coroutine<void> {
  using _ = stream;
  try {
    stream.setNoDelay();
    let buffer = new Uint8Array(FIRST_BUFFER_BYTES);
    while (true) {
      const n = yield* time.timeout(idleMs, stream.read(buffer));
      if (n === null) return;
      yield* time.timeout(idleMs, stream.writeAll(buffer, n));
      if (n === buffer.length && n < MAX_BUFFER_BYTES) {
        buffer = new Uint8Array(2 * n);
      }
    }
  } catch (error) {
    if (error instanceof time.TimeoutError) {
      console.error(`client timed out ${formatAddress(stream.remoteAddr)}`);
    } else if (!isGone(error)) {
      throw error;
    }
  }
}

/** A client that goes away without a word is nothing to complain of. */
export function isGone(error: unknown): boolean {
  return error instanceof Deno.errors.ConnectionReset ||
    error instanceof Deno.errors.BrokenPipe ||
    error instanceof Deno.errors.TimedOut;
}

/** Gives each client of a listener a task of its own. */
export function* serve(
  listener: net.TcpListener,
  idleMs: number,
): Coroutine<never> {
  while (true) spawn(serveClient, yield* listener.accept(), idleMs);
}

function main(): void {
  const { command, flags } = parseCommandLine(Deno.args, ["run", "test"], {
    "hostname": "127.0.0.1",
    "port": "8080",
    "idle-timeout": "10",
  });
  const port = numberFlag(flags, "port", { min: 0, max: 65_535, whole: true });
  const idleSeconds = numberFlag(flags, "idle-timeout", {
    min: 0.001,
    max: 1e9,
  });
  const hostname = flags["hostname"]!;
  if (command === "test") {
    block_on(checkEcho, serve);
    return;
  }
  block_on(function* () {
    using listener = net.TcpListener.bind({ hostname, port, backlog: 4096 });
    console.log(`listening on ${formatAddress(listener.addr)}`);
    yield* serve(listener, idleSeconds * 1_000);
  });
}

if (import.meta.main) exitWith(main, USAGE);
