/** What the tests of `src/sys/linux/` share. */

import { assert, assertEquals } from "@std/assert";
import { parseIp } from "../src/sys/addr.ts";
import type { OsError } from "../src/sys/error.ts";
import { Epoll, EPOLLOUT } from "../src/sys/linux/epoll.ts";
import { sockets } from "../src/sys/platform.ts";

/** Options of tests that need the system's own calls. */
export const onLinux: { ignore: boolean } = {
  ignore: Deno.build.os !== "linux",
};

/** The loopback address of each version of IP that this machine has. */
export const LOOPBACKS: readonly string[] = ["127.0.0.1", "::1"].filter(
  (hostname) => {
    try {
      Deno.listen({ hostname, port: 0 }).close();
      return true;
    } catch (error) {
      console.warn(`WARNING: nothing is tested on ${hostname}: ${error}`);
      return false;
    }
  },
);

/** How long a test waits for what has to happen. */
const DEADLINE_MS = 5_000;

/** Sockets that are closed at the end of `using`. */
export class Opened implements Disposable {
  readonly #fds = new Set<number>();

  keep(fd: number): number {
    assert(fd >= 0, `not a descriptor: ${fd}`);
    this.#fds.add(fd);
    return fd;
  }

  listen(hostname = "127.0.0.1", port = 0, backlog = 16): number {
    const options = { backlog, reusePort: false };
    return this.keep(sockets.listen(parseIp(hostname, port), options));
  }

  /** Starts to connect to a listener. */
  connectTo(listener: number): number {
    const { hostname, port } = sockets.localAddr(listener);
    return this.keep(sockets.connect(parseIp(hostname, port)));
  }

  /** A connection: the side that connected, the side that accepted. */
  pair(hostname = "127.0.0.1"): [number, number] {
    const listener = this.listen(hostname);
    const client = this.connectTo(listener);
    until(client, EPOLLOUT);
    assertEquals(sockets.connectResult(client), 0);
    const server = this.keep(sockets.accept(listener));
    this.close(listener);
    return [client, server];
  }

  close(fd: number): void {
    assert(this.#fds.delete(fd));
    sockets.close(fd);
  }

  [Symbol.dispose](): void {
    for (const fd of this.#fds) sockets.close(fd);
  }
}

/** Blocks until a socket is ready. */
export function until(fd: number, events: number): void {
  const epoll = new Epoll();
  try {
    assertEquals(epoll.add(fd, events, 0, 0), 0);
    assertEquals(epoll.wait(DEADLINE_MS), 1, "the deadline has passed");
  } finally {
    epoll.close();
  }
}

/** What `/proc` says that a descriptor was opened with. */
export function openFlags(fd: number): number {
  const info = Deno.readTextFileSync(`/proc/self/fdinfo/${fd}`);
  return parseInt(/^flags:\s*([0-7]+)$/m.exec(info)![1]!, 8);
}

/** The error that a function throws. */
export function errorOf(fn: () => unknown): OsError {
  try {
    fn();
  } catch (error) {
    return error as OsError;
  }
  throw new Error("it did not fail");
}
