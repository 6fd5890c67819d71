/** What the tests of Windows' calls share. */

import { assert, assertEquals } from "@std/assert";
import { WRITABLE } from "../../src/reactor/readiness.ts";
import { AfdBackend } from "../../src/reactor/windows.ts";
import { parseIp } from "../../src/sys/addr.ts";
import { windowsSockets as sockets } from "../../src/sys/windows/sockets.ts";

/** Options of tests that need the system's own calls. */
export const onWindows: { ignore: boolean } = {
  ignore: Deno.build.os !== "windows",
};

/** How long a test waits for what has to happen, in milliseconds. */
export const PATIENCE_MS = 5_000;

/** Sockets that are closed at the end of `using`. */
export class Opened implements Disposable {
  readonly #sockets = new Set<number>();

  keep(socket: number): number {
    assert(socket >= 0, `not a socket: ${socket}`);
    this.#sockets.add(socket);
    return socket;
  }

  listen(hostname = "127.0.0.1", port = 0, backlog = 128): number {
    const options = { backlog, reusePort: false };
    return this.keep(sockets.listen(parseIp(hostname, port), options));
  }

  /** Starts to connect to a listener. */
  connectTo(listener: number): number {
    const { hostname, port } = sockets.localAddr(listener);
    return this.keep(sockets.connect(parseIp(hostname, port)));
  }

  /** A connection: the side that connected, the side that accepted. */
  pair(listener?: number): [number, number] {
    const own = listener ?? this.listen();
    const client = this.connectTo(own);
    const server = this.keep(spin(() => sockets.accept(own)));
    assertEquals(spin(() => sockets.connectResult(client)), 0);
    if (listener === undefined) this.close(own);
    return [client, server];
  }

  close(socket: number): void {
    assert(this.#sockets.delete(socket), `not open: ${socket}`);
    sockets.close(socket);
  }

  /** Closes a socket such that the peer is reset. */
  reset(socket: number): void {
    sockets.setLinger(socket, 0);
    this.close(socket);
  }

  [Symbol.dispose](): void {
    for (const socket of this.#sockets) sockets.close(socket);
    this.#sockets.clear();
  }
}

/**
 * Tries a call until it would not block. For calls on loopback, whose outcome is
 * there within microseconds, where no reactor is to be involved.
 */
export function spin(call: () => number): number {
  const end = performance.now() + PATIENCE_MS;
  for (;;) {
    const result = call();
    if (result !== -11) return result;
    if (performance.now() > end) throw new Error("Cannot go on: it blocks");
  }
}

/** An event: the key of its socket, and what it says. */
export type Event = [key: number, readiness: number];

/** A backend with sockets, which leaves nothing behind. */
export class Harness implements Disposable {
  readonly backend: AfdBackend = new AfdBackend();
  readonly open: Opened = new Opened();

  /** The events of one wait. */
  events(timeoutMs: number = PATIENCE_MS): Event[] {
    return this.read(this.backend.wait(timeoutMs));
  }

  /** The first `count` events of the last wait. */
  read(count: number): Event[] {
    const { backend } = this;
    return Array.from({ length: count }, (_, i) => [
      backend.eventKey(i),
      backend.eventReadiness(i),
    ]);
  }

  /** Waits for a certain event, other ones being an error. */
  expect(key: number, readiness: number): void {
    assertEquals(this.events(), [[key, readiness]]);
  }

  /** Says that there is no event now, and for as long as the system is quick. */
  expectNone(): void {
    assertEquals(this.events(0), []);
    assertEquals(this.events(20), []);
  }

  /** Starts a connect that has to succeed. */
  connected(key: number, listener: number): number {
    const client = this.open.connectTo(listener);
    this.backend.register(client, key, 1);
    this.backend.rearm(key, WRITABLE);
    this.expect(key, WRITABLE);
    assertEquals(sockets.connectResult(client), 0);
    return client;
  }

  [Symbol.dispose](): void {
    this.backend.close();
    this.open[Symbol.dispose]();
    assertEquals(this.backend.held, { sockets: 0, polls: 0, devices: 0 });
  }
}

/** A test for Windows alone. */
export function windowsTest(
  name: string,
  fn: () => void | Promise<void>,
): void {
  Deno.test({ name, fn, ...onWindows });
}

/** Sends one byte. */
export function poke(socket: number): void {
  assertEquals(sockets.send(socket, Uint8Array.of(1), 1), 1);
}

/** A repeatable source of numbers below `n`: a linear congruential generator. */
export function randomNumbers(seed: number): (n: number) => number {
  let state = seed;
  return (n) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor(state / 2 ** 32 * n);
  };
}

/** Writes until it would block. */
export function fill(socket: number): void {
  const data = new Uint8Array(64 * 1024);
  while (sockets.send(socket, data, data.length) > 0);
}

/** Reads until it would block. */
export function drain(socket: number): void {
  const data = new Uint8Array(64 * 1024);
  while (sockets.recv(socket, data, data.length) > 0);
}
