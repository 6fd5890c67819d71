/**
 * The echo server of the examples, for `echo_load.ts` to be loaded with, and then
 * a look at what it has left behind. Runs on Windows alone.
 *
 * It prints `listening on PORT CONTROL`. A connection to the control port ends it;
 * the exit code is 1 if anything is left.
 *
 * @module
 */
import { serveHere } from "../../examples/echo_server.ts";
import { block_on, net, spawn, time } from "../../mod.ts";
import { AfdBackend } from "../../src/reactor/windows.ts";
import { fileHandleCount, handleCount } from "./handles.ts";

/**
 * Long, as a client is silent while the other 499 connect, and while the machine
 * has other things to do.
 */
const IDLE_MS = 10_000;

/** The listener and the control port's: nothing else may be watched at the end. */
const LISTENERS = 2;

/** What the driver holds for us: the backend's own count. */
type Held = AfdBackend["held"];

/** The backend of the server's reactor, which is the only one. */
let backend: AfdBackend | null = null;

const register = AfdBackend.prototype.register;
AfdBackend.prototype.register = function (
  this: AfdBackend,
  ...args: Parameters<typeof register>
): void {
  backend = this;
  register.apply(this, args);
};

/**
 * Serves until somebody connects to the control port and all clients have gone,
 * for which the last ones have some time. Returns what is held by then.
 */
function serveUntilTold(): Held {
  return block_on(function* () {
    using listener = net.TcpListener.bind({ port: 0, backlog: 1_000 });
    using control = net.TcpListener.bind({ port: 0 });
    console.log(`listening on ${listener.addr.port} ${control.addr.port}`);
    spawn(serveHere, listener, IDLE_MS);
    using _ = yield* control.accept();
    const end = performance.now() + 2 * IDLE_MS;
    while (!isQuiet(backend!.held) && performance.now() < end) {
      yield* time.sleep(20);
    }
    return backend!.held;
  });
}

/** Whether nothing is watched but the listeners. */
function isQuiet({ sockets, polls }: Held): boolean {
  return sockets <= LISTENERS && polls <= LISTENERS;
}

/** The handles of now: all, and those of sockets and devices. */
function handles(): { all: number; files: number } {
  return { all: handleCount(), files: fileHandleCount() };
}

const before = handles();
const serving = serveUntilTold();
const after = backend!.held;
const then = handles();
const moreHandles = then.all - before.all;
const moreFiles = then.files - before.files;
console.log(
  `while serving: ${JSON.stringify(serving)}, afterwards: ` +
    `${JSON.stringify(after)} and ${moreHandles} more handles than before, ` +
    `${moreFiles} of them of sockets and devices`,
);
const isClean = isQuiet(serving) &&
  after.sockets + after.polls + after.devices === 0 &&
  moreFiles === 0 &&
  // The engine's own threads may have opened a few.
  moreHandles < 20;
if (!isClean) console.log("something was left behind");
Deno.exit(isClean ? 0 : 1);
