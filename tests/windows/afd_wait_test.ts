/** How the backend waits: timeouts, signals, and waits on another thread. */

import { assert, assertEquals } from "@std/assert";
import {
  READ_CLOSED,
  READABLE,
  WRITABLE,
  WRITE_CLOSED,
} from "../../src/reactor/readiness.ts";
import { AfdBackend } from "../../src/reactor/windows.ts";
import { waitFor } from "../helpers/deadline.ts";
import { fileHandleCount, handleCount } from "./handles.ts";
import {
  type Event,
  Harness,
  Opened,
  PATIENCE_MS,
  poke,
  windowsTest as test,
} from "./support.ts";

const ALL_OVER = READABLE | WRITABLE | READ_CLOSED | WRITE_CLOSED;

test("a wait ends in time and not before, whatever fraction it is given", () => {
  using h = new Harness();
  for (const ms of [0, 0.2, 1, 3.1, 20, 50.5]) {
    const start = performance.now();
    assertEquals(h.events(ms), []);
    assert(performance.now() - start >= ms);
  }
});

test("timeouts beyond 32 bits neither return at once nor throw", () => {
  using h = new Harness();
  for (const ms of [2 ** 31, 2 ** 32 - 1, 2 ** 32, 1e15, Infinity]) {
    const start = performance.now();
    const timer = new Timer(h.backend, 30);
    assertEquals(h.events(ms), []);
    timer[Symbol.dispose]();
    assert(performance.now() - start >= 25);
  }
});

/** Signals a backend from another thread after some milliseconds. */
class Timer implements Disposable {
  readonly #worker: Worker;

  constructor(backend: AfdBackend, ms: number, times = 1) {
    const module = import.meta.resolve("../../src/reactor/windows.ts");
    const target = JSON.stringify(backend.signalTarget);
    const code = `import { AfdBackend } from ${JSON.stringify(module)};
      setTimeout(() => {
        for (let i = 0; i < ${times}; i++) AfdBackend.signal(${target});
      }, ${ms});`;
    const url = `data:text/javascript,${encodeURIComponent(code)}`;
    this.#worker = new Worker(url, { type: "module" });
  }

  [Symbol.dispose](): void {
    this.#worker.terminate();
  }
}

test("signals end a wait that has begun, or the next one, and are no events", () => {
  using h = new Harness();
  for (let round = 0; round < 10; round++) {
    AfdBackend.signal(h.backend.signalTarget);
    assertEquals(h.events(Infinity), []);
  }
  using _ = new Timer(h.backend, 20, 3);
  assertEquals(h.events(Infinity), []);
  // Those that were not merged do no harm.
  h.events(20);
  h.expectNone();
});

test("a signal and an event come together", () => {
  using h = new Harness();
  const [client, server] = h.open.pair();
  h.backend.register(server, 1, 1);
  h.backend.rearm(1, READABLE);
  poke(client);
  AfdBackend.signal(h.backend.signalTarget);
  const events: Event[] = [];
  while (events.length === 0) events.push(...h.events());
  assertEquals(events, [[1, READABLE]]);
});

test("a wait on another thread is ended by an event, a signal, and what it is asked meanwhile", async () => {
  using h = new Harness();
  const [client, server] = h.open.pair();
  h.backend.register(server, 1, 1);

  let waiting = h.backend.waitAsync();
  h.backend.rearm(1, READABLE);
  poke(client);
  assertEquals(h.read(await soon(waiting)), [[1, READABLE]]);

  waiting = h.backend.waitAsync();
  AfdBackend.signal(h.backend.signalTarget);
  assertEquals(await soon(waiting), 0);

  waiting = h.backend.waitAsync();
  h.backend.rearm(1, WRITABLE);
  assertEquals(h.read(await soon(waiting)), [[1, WRITABLE]]);

  // What the driver refuses to poll is told too.
  const [, other] = h.open.pair();
  h.backend.register(other, 2, 1);
  h.open.close(other);
  waiting = h.backend.waitAsync();
  h.backend.rearm(2, READABLE);
  assertEquals(h.read(await soon(waiting)), [[2, ALL_OVER]]);
});

function soon<T>(promise: Promise<T>): Promise<T> {
  return waitFor(promise, PATIENCE_MS, "the end of the wait");
}

test("a look in between takes what a wait on another thread has not yet", async () => {
  using h = new Harness();
  const [client, server] = h.open.pair();
  h.backend.register(server, 1, 1);
  const waiting = h.backend.waitAsync();
  h.backend.rearm(1, READABLE);
  poke(client);
  const events = h.events(0);
  if (events.length > 0) AfdBackend.signal(h.backend.signalTarget);
  events.push(...h.read(await soon(waiting)));
  assertEquals(events, [[1, READABLE]]);
});

test("a backend can be closed under a wait on another thread", async () => {
  const h = new Harness();
  const [, server] = h.open.pair();
  h.backend.register(server, 1, 1);
  h.backend.rearm(1, READABLE);
  const waiting = h.backend.waitAsync();
  h.backend.close();
  assertEquals(await soon(waiting), 0);
  h[Symbol.dispose]();
});

test("a backend that is closed at the end of its thread, under a wait on another one, leaves no handle", async () => {
  const life = async () => {
    const h = new Harness();
    const [client, server] = h.open.pair();
    h.backend.register(server, 1, 1);
    h.backend.rearm(1, READABLE);
    const waiting = h.backend.waitAsync();
    // With luck the wait has this packet, and with luck it has not begun.
    poke(client);
    h.backend.close(true);
    assertEquals(h.backend.held, { sockets: 0, polls: 0, devices: 0 });
    h[Symbol.dispose]();
    // Here the thread goes on: what comes back does no harm.
    assertEquals(await soon(waiting), 0);
  };
  await life();
  const before = fileHandleCount();
  for (let i = 0; i < 100; i++) await life();
  assertEquals(fileHandleCount(), before);
});

test("a backend that is closed with polls in flight leaves no handle", () => {
  /** One backend's life, with polls in each state. */
  const life = () => {
    using h = new Harness();
    const listener = h.open.listen();
    h.backend.register(listener, 1, 1);
    h.backend.rearm(1, READABLE);
    h.events(0);
    h.backend.rearm(1, WRITABLE);
    const [, server] = h.open.pair(listener);
    h.backend.register(server, 2, 1);
    h.backend.rearm(2, READABLE);
    h.events(0);
    h.backend.deregister(server, 2);
  };
  for (let i = 0; i < 10; i++) life();
  const before = handleCount();
  const filesBefore = fileHandleCount();
  for (let i = 0; i < 1_000; i++) life();
  assertEquals(fileHandleCount(), filesBefore);
  const more = handleCount() - before;
  // Other threads of the engine may have opened one or two.
  assert(more < 20, `${more} more handles`);
});

/** Another thread with polls in flight, which tells its sockets' clients. */
async function startPolling(count: number): Promise<[Worker, number[]]> {
  const [backend, support, readiness] = [
    "../../src/reactor/windows.ts",
    "./support.ts",
    "../../src/reactor/readiness.ts",
  ].map((path) => JSON.stringify(import.meta.resolve(path)));
  const code = `
    import { AfdBackend } from ${backend};
    import { Opened } from ${support};
    import { READABLE } from ${readiness};
    const backend = new AfdBackend();
    const open = new Opened();
    const listener = open.listen();
    const clients = [];
    for (let key = 1; key <= ${count}; key++) {
      const [client, server] = open.pair(listener);
      clients.push(client, server);
      backend.register(server, key, 1);
      backend.rearm(key, READABLE);
    }
    backend.wait(0);
    open.close(listener);
    postMessage(clients);`;
  const url = `data:text/javascript,${encodeURIComponent(code)}`;
  const worker = new Worker(url, { type: "module" });
  const { promise, resolve } = Promise.withResolvers<MessageEvent>();
  worker.onmessage = resolve;
  return [worker, (await soon(promise)).data];
}

test("polls of a thread that was terminated are answered in memory that nobody else has", async () => {
  using open = new Opened();
  for (let round = 0; round < 5; round++) {
    const [worker, fds] = await startPolling(100);
    fds.forEach((fd) => open.keep(fd));
    worker.terminate();
    // Whoever asks for memory now would be given what the thread has freed.
    const blocks = Array.from(
      { length: 500 },
      () => new Uint8Array(64 * 1024).fill(0xA5),
    );
    for (let i = 0; i < fds.length; i += 2) poke(fds[i]!);
    fds.forEach((fd) => open.close(fd));
    assert(blocks.every((block) => block.every((byte) => byte === 0xA5)));
  }
});
