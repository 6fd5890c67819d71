/**
 * A TCP echo server with a task for each client, on one thread or on several.
 *
 *     deno run --allow-ffi --allow-net --allow-read examples/echo_server.ts \
 *       run --hostname 127.0.0.1 --port 8080 --idle-timeout 10 --workers 2
 *
 * With `test` instead of `run` it starts itself on a free port, connects clients
 * and checks what comes back.
 *
 * @module
 */
import {
  block_on,
  type Coroutine,
  ctrlC,
  join,
  type JoinHandle,
  net,
  Runtime,
  select,
  spawn,
  spawnWith,
  task,
  time,
} from "../mod.ts";
import { formatAddress } from "./lib/address.ts";
import {
  exitWith,
  numberFlag,
  ON,
  parseCommandLine,
  UsageError,
} from "./lib/command_line.ts";
import { checkEcho } from "./lib/echo_check.ts";

const USAGE = `echo_server.ts [run | test] [flags]

run   serve until Ctrl-C (the default)
test  start on a free port, check the echo with some clients, and end

--hostname      the address to listen on           127.0.0.1
--port          the port; 0 takes a free one       8080
--idle-timeout  after how many seconds of silence
                a client is dropped                10
--workers       how many threads serve clients;
                0: all on the one that accepts     0
--reuse-port    each worker accepts by itself, and
                the system spreads the clients

With workers, Ctrl-C stops accepting, gives clients two seconds to leave, and
tells what each worker has done. A second Ctrl-C ends the server at once.`;

/** A client's buffer at first: thousands of idle clients must cost little. */
const FIRST_BUFFER_BYTES = 4 * 1024;
/** It grows up to this while clients send as much as fits. */
const MAX_BUFFER_BYTES = 64 * 1024;
/** How long clients may take to leave after Ctrl-C, in milliseconds. */
const GRACE_MS = 2_000;
/** How often a worker looks whether they have, in milliseconds. */
const LOOK_MS = 10;
const BACKLOG = 4096;

/**
 * What this thread has done. Each thread has a copy of the module, so each has an
 * account of its own, and none has to be locked.
 */
const account = { clients: 0, connected: 0, bytes: 0 };

/**
 * Sends back what a client sends, until it ends, fails or falls silent. A shareable
 * task, so that it can run on a worker: the stream moves there with it.
 */
export const serveClient = task(
  import.meta,
  function* serveClient(
    stream: net.TcpStream,
    idleMs: number,
  ): Coroutine<void> {
    using _ = stream;
    account.clients++;
    account.connected++;
    try {
      stream.setNoDelay();
      let buffer = new Uint8Array(FIRST_BUFFER_BYTES);
      while (true) {
        const n = yield* time.timeout(idleMs, stream.read(buffer));
        if (n === null) return;
        yield* time.timeout(idleMs, stream.writeAll(buffer, n));
        account.bytes += n;
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
    } finally {
      account.connected--;
    }
  },
);

/** A client that goes away without a word is nothing to complain of. */
export function isGone(error: unknown): boolean {
  return error instanceof Deno.errors.ConnectionReset ||
    error instanceof Deno.errors.ConnectionAborted ||
    error instanceof Deno.errors.BrokenPipe ||
    error instanceof Deno.errors.TimedOut;
}

/** Gives each client of a listener a task of its own, on this thread. */
export function* serveHere(
  listener: net.TcpListener,
  idleMs: number,
): Coroutine<never> {
  // Called, it is a coroutine like any other, and stays.
  while (true) spawn(serveClient(yield* listener.accept(), idleMs));
}

/** Gives each client to the worker that has the fewest. */
function* serveOnWorkers(
  listener: net.TcpListener,
  idleMs: number,
): Coroutine<never> {
  while (true) {
    const stream = yield* listener.accept();
    spawnWith({ on: "fewest" }, serveClient, stream, idleMs);
  }
}

/** Serves the clients of a listener that moves to a worker, on that worker. */
export const serveThere = task(
  import.meta,
  function* serveThere(
    listener: net.TcpListener,
    idleMs: number,
  ): Coroutine<void> {
    using _ = listener;
    yield* serveHere(listener, idleMs);
  },
);

/** Lets the clients of a worker leave, for a while, and returns its account. */
export const settle = task(import.meta, function* settle(graceMs: number) {
  const end = performance.now() + graceMs;
  while (account.connected > 0 && performance.now() < end) {
    yield* time.sleep(LOOK_MS);
  }
  return account;
});

interface Options {
  readonly hostname: string;
  readonly port: number;
  readonly idleMs: number;
  readonly workers: number;
  readonly reusePort: boolean;
}

function runOnOneThread({ hostname, port, idleMs }: Options): void {
  block_on(function* () {
    using listener = net.TcpListener.bind({ hostname, port, backlog: BACKLOG });
    console.log(`listening on ${formatAddress(listener.addr)}`);
    yield* serveHere(listener, idleMs);
  });
}

function runOnWorkers(options: Options): void {
  const { workers } = options;
  // They keep the accounts, so they stay when there is nothing to do.
  using runtime = new Runtime({ workers, idleTimeout: Infinity });
  runtime.block_on(function* () {
    yield* select(ctrlC(), acceptClients(options));
    console.log(`stopping; clients have ${GRACE_MS / 1_000} s to leave`);
    const accounts = yield* onEach(
      workers,
      (on) => spawnWith({ on }, settle, GRACE_MS),
    );
    for (const [i, { clients, connected, bytes }] of accounts.entries()) {
      const cutOff = connected === 0 ? "" : `, ${connected} cut off`;
      console.log(
        `worker ${i + 1}: ${clients} clients, ${bytes} bytes${cutOff}`,
      );
    }
  });
}

/** Starts a task on each worker, by its number, and waits for them all. */
function* onEach<T>(
  workers: number,
  start: (on: number) => JoinHandle<T>,
): Coroutine<T[]> {
  const tasks = Array.from({ length: workers }, (_, i) => start(i + 1));
  try {
    return yield* join(...tasks);
  } finally {
    for (const task of tasks) task.abort();
  }
}

function* acceptClients(
  { hostname, port, idleMs, workers, reusePort }: Options,
): Coroutine<void> {
  const options = { hostname, reusePort, backlog: BACKLOG };
  using first = net.TcpListener.bind({ ...options, port });
  const { addr } = first;
  const listeners = [first];
  while (reusePort && listeners.length < workers) {
    listeners.push(net.TcpListener.bind({ ...options, port: addr.port }));
  }
  console.log(`listening on ${formatAddress(addr)}`);
  if (!reusePort) yield* serveOnWorkers(first, idleMs);
  yield* onEach(
    workers,
    (on) => spawnWith({ on }, serveThere, listeners[on - 1]!, idleMs),
  );
}

function main(): void {
  const { command, flags } = parseCommandLine(Deno.args, ["run", "test"], {
    "hostname": "127.0.0.1",
    "port": "8080",
    "idle-timeout": "10",
    "workers": "0",
  }, { switches: ["reuse-port"] });
  const options: Options = {
    hostname: flags["hostname"]!,
    port: numberFlag(flags, "port", { min: 0, max: 65_535, whole: true }),
    idleMs: 1_000 *
      numberFlag(flags, "idle-timeout", { min: 0.001, max: 1e9 }),
    workers: numberFlag(flags, "workers", { min: 0, max: 64, whole: true }),
    reusePort: flags["reuse-port"] === ON,
  };
  if (options.reusePort && options.workers === 0) {
    throw new UsageError("--reuse-port needs --workers, who share the port");
  }
  if (command === "test") block_on(checkEcho, serveHere);
  else if (options.workers === 0) runOnOneThread(options);
  else runOnWorkers(options);
}

if (import.meta.main) exitWith(main, USAGE);
