/** Connections between threads. */
import {
  type Coroutine,
  type Future,
  type JoinHandle,
  net,
  run,
  spawn,
  time,
} from "../../mod.ts";
import { described, isLoss, type TestedPool } from "./pools.ts";
import type { Random } from "./random.ts";
import { anyPool, check, type Kind, pause, type Soak } from "./soak.ts";
import { accepts, connects, serves, talks } from "./tasks.ts";
import {
  type ClientPlan,
  type ClientReport,
  type Ending,
  HEAD,
  runClient,
  type ServerReport,
} from "./tcp.ts";

const ENDINGS: readonly Ending[] = [
  "half-close",
  "half-close",
  "close",
  "close",
  "reset",
  "leave",
];

/** How much a client sends at most. */
const MAX_BYTES = 400_000;

/** Nobody listens there: no program is given that port. */
const NOBODY = { hostname: "127.0.0.1", port: 1 };

function plansFor(
  soak: Soak,
  random: Random,
  addr: Deno.NetAddr,
): ClientPlan[] {
  return Array.from({ length: random.between(1, 12) }, () => ({
    addr,
    id: soak.nextId(),
    ending: random.pick(ENDINGS),
    bytes: HEAD + random.size(MAX_BYTES),
    seed: random.seed(),
  }));
}

/** What became of a client: null if it was aborted, or lost. */
type Talk = Promise<ClientReport | null>;

/** Starts a client on this thread, on a worker, or on a thread that may block. */
function startClient(
  pool: TestedPool,
  random: Random,
  plan: ClientPlan,
): { talk: Talk; abort?: () => void } {
  if (random.chance(0.3)) return { talk: run(() => runClient(plan)) };
  const handle = random.chance(0.2)
    ? pool.spawnBlocking(talks, plan)
    : pool.spawn(talks, plan);
  return { talk: talkOf(pool, handle), abort: () => handle.abort() };
}

async function talkOf(
  pool: TestedPool,
  handle: JoinHandle<ClientReport>,
): Talk {
  const outcome = await pool.outcome(handle);
  if (outcome.kind === "value") return outcome.value;
  check(
    outcome.kind === "aborted" || pool.mayLose && isLoss(outcome),
    () => `a client ${described(outcome)}`,
  );
  return null;
}

/** Compares what both ends saw of each connection, and enters it. */
function compare(
  soak: Soak,
  mayLose: boolean,
  plans: readonly ClientPlan[],
  clients: readonly (ClientReport | null)[],
  servers: readonly ServerReport[],
): void {
  const { counters } = soak;
  const byId = new Map(servers.map((server) => [server.id, server]));
  for (const [i, plan] of plans.entries()) {
    const client = clients[i] ?? null;
    const isCut = plan.ending === "reset" || plan.ending === "leave";
    if (client === null || isCut) {
      counters.cut++;
      continue;
    }
    const server = byId.get(plan.id);
    if (mayLose && (!client.isComplete || server?.end !== "end")) {
      counters.cut++;
      continue;
    }
    check(
      client.isComplete && server !== undefined && server.end === "end" &&
        client.sent === plan.bytes,
      () =>
        `a connection was to end by ${plan.ending} after ${plan.bytes} bytes. ` +
        `Its client: ${JSON.stringify(client)}. Its server: ` +
        JSON.stringify(server),
    );
    counters.connections++;
    counters.clientsSent += client.sent;
    counters.clientsReceived += client.received;
    counters.serversSent += server.sent;
    counters.serversReceived += server.received;
  }
}

/** A listener on this thread; connections are served here and on workers. */
async function acceptingHere(soak: Soak, random: Random): Promise<void> {
  const pool = anyPool(soak, random);
  using listener = net.TcpListener.bind({ hostname: "127.0.0.1", port: 0 });
  const served: Promise<ServerReport | null>[] = [];
  const accepting = run(function* (): Coroutine<void> {
    for (;;) {
      const stream = yield* listener.accept();
      const handle = random.chance(0.5)
        ? pool.spawn(serves, stream, random.seed())
        : pool.spawnWith({ on: "fewest" }, serves, stream, random.seed());
      served.push(serverOf(pool, handle));
    }
  }).catch((error) => {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  });
  const plans = plansFor(soak, random, listener.addr);
  const clients = plans.map((plan) => startClient(pool, random, plan));
  if (random.chance(0.4)) {
    await pause(random.below(8));
    for (const { abort } of clients) if (random.chance(0.4)) abort?.();
  }
  const talks = await Promise.all(clients.map(({ talk }) => talk));
  // One that was aborted may have a connection that was not accepted yet.
  await pause(2);
  listener.close();
  await accepting;
  const servers = await Promise.all(served);
  const told = servers.filter((server) => server !== null);
  compare(soak, pool.mayLose, plans, talks, told);
}

async function serverOf(
  pool: TestedPool,
  handle: JoinHandle<ServerReport>,
): Promise<ServerReport | null> {
  return (await pool.expect(handle))?.value ?? null;
}

/** A listener that moves to a worker, which shares connections with others. */
async function acceptingThere(
  soak: Soak,
  random: Random,
): Promise<void> {
  const { calm } = soak;
  const listener = net.TcpListener.bind({ hostname: "127.0.0.1", port: 0 });
  const plans = plansFor(soak, random, listener.addr);
  const accepting = calm.spawn(accepts, listener, plans.length, random.seed());
  const clients = plans.map((plan) => startClient(calm, random, plan).talk);
  const talks = await Promise.all(clients);
  const servers = (await calm.expect(accepting))!.value;
  compare(soak, false, plans, talks, servers);
}

/** Connections that tasks open, and that are used here afterwards. */
async function returned({ calm }: Soak, random: Random): Promise<void> {
  using listener = net.TcpListener.bind({ hostname: "127.0.0.1", port: 0 });
  for (let i = random.between(1, 3); i > 0; i--) {
    const handle = calm.spawn(connects, listener.addr);
    using server = await listener.accept();
    using client = (await calm.expect(handle))!.value;
    const sent = new Uint8Array([random.below(256)]);
    const received = new Uint8Array(1);
    // Others come and go meanwhile, whose end is not this connection's.
    await pause(random.size(20));
    await client.writeAll(sent);
    await server.readExact(received);
    check(received[0] === sent[0], () => "a byte came as another");
  }
}

/** Connects that nobody answers. */
async function refused({ counters }: Soak, random: Random): Promise<void> {
  const connects = Array.from({ length: random.between(1, 10) }, async () => {
    try {
      (await net.TcpStream.connect(NOBODY)).close();
    } catch (error) {
      if (error instanceof Deno.errors.ConnectionRefused) return;
      throw error;
    }
    throw new Error(`somebody listens on port ${NOBODY.port}`);
  });
  await Promise.all(connects);
  counters.refused += connects.length;
}

/** Waits that end by a timeout, and accepts that nobody comes to. */
async function silence(_: Soak, random: Random): Promise<void> {
  await run(function* () {
    using listener = net.TcpListener.bind({ hostname: "127.0.0.1", port: 0 });
    using client = yield* net.TcpStream.connect(listener.addr);
    using server = yield* listener.accept();
    const waits: (() => Future<unknown>)[] = [
      () => listener.accept(),
      () => client.read(new Uint8Array(8)),
      () => server.peek(new Uint8Array(8)),
    ];
    for (let i = random.between(1, 10); i > 0; i--) {
      const wait = random.pick(waits);
      try {
        yield* time.timeout(random.below(3), wait());
        check(false, () => "somebody has said something");
      } catch (error) {
        if (!(error instanceof time.TimeoutError)) throw error;
      }
    }
    // Left behind, for the end of the run to close.
    if (random.chance(0.5)) {
      spawn(function* () {
        yield* client.read(new Uint8Array(8));
      });
    }
  });
}

/** Both ends in one block_on. */
async function blockingEcho(soak: Soak, random: Random): Promise<void> {
  const plan = {
    id: soak.nextId(),
    ending: "half-close" as const,
    bytes: HEAD + random.size(100_000),
    seed: random.seed(),
  };
  const [client, server] = soak.calm.rt.block_on(function* () {
    using listener = net.TcpListener.bind({ hostname: "127.0.0.1", port: 0 });
    const talking = spawn(talks, { ...plan, addr: listener.addr });
    const stream = yield* listener.accept();
    const serving = spawn(serves, stream, plan.seed);
    return [yield* talking, yield* serving] as const;
  });
  soak.calm.tally.spawned += 2;
  soak.calm.tally.value += 2;
  const addr = { transport: "tcp", hostname: "", port: 0 } as const;
  compare(soak, false, [{ ...plan, addr }], [client], [server]);
  await Promise.resolve();
}

export const TCP_KINDS: readonly Kind[] = [
  { name: "connections accepted here", weight: 6, run: acceptingHere },
  { name: "connections accepted on a worker", weight: 5, run: acceptingThere },
  { name: "connections as results", weight: 3, run: returned },
  { name: "connects that are refused", weight: 2, run: refused },
  { name: "waits for nothing", weight: 2, run: silence },
  { name: "connections in block_on", weight: 2, run: blockingEcho },
];
