import { assertEquals } from "@std/assert";
import {
  block_on,
  type Coroutine,
  type IntoFuture,
  net,
  reactor,
  run,
  spawn,
  time,
  yieldNow,
} from "../../mod.ts";
import { serveHere } from "../../examples/echo_server.ts";
import { currentContext } from "../../src/future/mod.ts";
import { countDescriptors, memoryOf } from "../helpers/proc.ts";
import type { Subprocess } from "../helpers/subprocess.ts";
import { decode, encode, settle } from "../net/support.ts";
import {
  DROPPED_KIND,
  KINDS,
  type Task,
} from "./programs/short_connections.ts";
import {
  formatBytes,
  FULL,
  report,
  STAGE_MS,
  startClient,
  stressTest,
} from "./support.ts";

const CONNECTIONS = FULL ? 100_000 : 2_000;
const WARM_UP = 50;

/**
 * Listeners of each sort, each on a loopback address of its own: a connection that
 * was closed keeps its four numbers for a minute (TIME_WAIT), and towards one
 * listener there are only 28,000 of them.
 */
const ADDRESSES = 4;
const PATIENT_MS = 60_000;
const IMPATIENT_MS = 20;

/** How long the end of the last connections may take, in milliseconds. */
const SETTLE_MS = 20_000;

/** How often the crowd is looked at, in milliseconds. */
const WATCH_MS = 10;

/** Those listeners, the one for the control connection, and that connection. */
const SOURCES = 4 * ADDRESSES + 2;

/** What a server has in hand. */
interface Inventory {
  readonly descriptors: number;
  /** Sockets in the reactor. */
  readonly sources: number;
  readonly armedTimers: number;
  readonly heldTimers: number;
}

function inventory(): Inventory {
  const cx = currentContext()!;
  const timers = time.timersOf(cx);
  return {
    descriptors: countDescriptors("self"),
    sources: reactor.reactorOf(cx).size,
    armedTimers: timers.size,
    heldTimers: timers.held,
  };
}

/** Waits for the ends of the last connections, of which nobody tells. */
function* untilSourcesAre(count: number): Coroutine<Inventory> {
  const end = performance.now() + SETTLE_MS;
  while (inventory().sources !== count) {
    if (performance.now() > end) {
      const { sources } = inventory();
      throw new Error(`Cannot end: ${sources} sockets are left, not ${count}`);
    }
    yield* yieldNow();
  }
  // Those of tasks that have not started yet are in no reactor.
  yield* settle();
  return inventory();
}

function bindSome(): net.TcpListener[] {
  return Array.from(
    { length: ADDRESSES },
    (_, i) =>
      net.TcpListener.bind({
        hostname: `127.0.0.${i + 1}`,
        port: 0,
        backlog: 4096,
      }),
  );
}

function* readOnly(stream: net.TcpStream): Coroutine<void> {
  using _ = stream;
  yield* stream.read(new Uint8Array(1024));
}

function* serveAborting(listener: net.TcpListener): Coroutine<never> {
  for (;;) spawn(readOnly, yield* listener.accept()).abort();
}

function* serveAbortingLater(listener: net.TcpListener): Coroutine<never> {
  for (;;) {
    const task = spawn(readOnly, yield* listener.accept());
    yield* yieldNow();
    task.abort();
  }
}

/** Notes how many sockets there were at once. */
function* watch(most: { sources: number }): Coroutine<never> {
  for (;;) {
    yield* time.sleep(WATCH_MS);
    most.sources = Math.max(most.sources, inventory().sources);
  }
}

/** What a run of the servers found. */
interface Findings {
  readonly before: Inventory;
  readonly after: Inventory;
  readonly most: number;
  readonly ms: number;
  readonly grown: number;
}

function* serveAll(start: (task: Task) => void): Coroutine<Findings> {
  using controlListener = net.TcpListener.bind({ port: 0 });
  const sorts = [bindSome(), bindSome(), bindSome(), bindSome()];
  const [patient, impatient, aborting, abortingLater] = sorts.map((sort) =>
    sort.map(({ addr }) => addr)
  );
  sorts[0]!.forEach((listener) => spawn(serveHere, listener, PATIENT_MS));
  sorts[1]!.forEach((listener) => spawn(serveHere, listener, IMPATIENT_MS));
  sorts[2]!.forEach((listener) => spawn(serveAborting, listener));
  sorts[3]!.forEach((listener) => spawn(serveAbortingLater, listener));
  const most = { sources: 0 };
  spawn(watch, most);
  start({
    control: controlListener.addr,
    patient: patient!,
    impatient: impatient!,
    aborting: aborting!,
    abortingLater: abortingLater!,
    warmUp: WARM_UP,
    count: CONNECTIONS,
  });
  using control = yield* controlListener.accept();
  const word = new Uint8Array(5);
  yield* control.readExact(word);
  assertEquals(decode(word), "ready");
  const before = yield* untilSourcesAre(SOURCES);
  const memory = memoryOf("self").resident;
  const startTime = performance.now();
  yield* control.writeAll(encode("."));
  yield* control.readExact(word);
  assertEquals(decode(word), "done!");
  const ms = performance.now() - startTime;
  const after = yield* untilSourcesAre(SOURCES);
  const grown = memoryOf("self").resident - memory;
  return { before, after, most: most.sources, ms, grown };
}

/** Keeps the lines of the example from the output. */
class ErrorLines implements Disposable {
  readonly #before = console.error;
  readonly seen: string[] = [];

  constructor() {
    console.error = (...parts) => void this.seen.push(parts.join(" "));
  }

  /** How many of them tell that a client was dropped. */
  get dropped(): number {
    return this.seen.filter((line) => line.startsWith("client timed out "))
      .length;
  }

  [Symbol.dispose](): void {
    console.error = this.#before;
  }
}

type Runner = (body: IntoFuture<Findings>) => Findings | Promise<Findings>;

const RUNNERS: Record<string, Runner> = {
  "inside block_on": (body) => block_on(body),
  "inside run": (body) => run(body),
};

/** Runs servers and client, and sees to it that the client ended well. */
async function findingsOf(runner: Runner): Promise<Findings> {
  const clients: Subprocess[] = [];
  try {
    const body = serveAll((task) => {
      const client = startClient("short_connections.ts", JSON.stringify(task));
      clients.push(client);
    });
    const findings = await runner(time.timeout(STAGE_MS, body));
    for (const client of clients) {
      assertEquals((await client.status()).code, 0);
    }
    return findings;
  } catch (cause) {
    // If it was the client that failed, then this is what tells why.
    for (const client of clients) client.kill("SIGKILL");
    const errors = await Promise.all(clients.map((it) => it.stderr.rest()));
    throw new Error(`the client said "${errors.flat().join("\n")}"`, { cause });
  } finally {
    for (const client of clients) await client[Symbol.asyncDispose]();
  }
}

for (const [where, runner] of Object.entries(RUNNERS)) {
  stressTest(
    `${where}, ${CONNECTIONS} short connections of every kind leave nothing in the server`,
    async () => {
      using lines = new ErrorLines();
      const { before, after, most, ms, grown } = await findingsOf(runner);
      assertEquals(after, before);
      // One kind waits to be dropped, and nobody else is.
      assertEquals(lines.dropped, lines.seen.length);
      assertEquals(
        lines.dropped,
        WARM_UP + Math.ceil((CONNECTIONS - DROPPED_KIND) / KINDS),
      );
      report(
        `before and after: ${after.descriptors} descriptors, ` +
          `${after.sources} sockets in the reactor, ${after.armedTimers} armed ` +
          `timers of ${after.heldTimers}; meanwhile up to ${most} sockets`,
      );
      report(
        `${CONNECTIONS} took ${Math.round(ms)} ms, ` +
          `${Math.round(CONNECTIONS / (ms / 1000))} per second; ` +
          `memory grew by ${formatBytes(grown)}`,
      );
    },
  );
}
