/**
 * An eventfd: a counter that makes its descriptor readable while it is not 0
 * (eventfd(2)). Any thread can add to it that knows the descriptor's number.
 */

import { osError } from "../error.ts";
import { EAGAIN, EFD_CLOEXEC, EFD_NONBLOCK, EINTR } from "./constants.ts";
import { errno, libc } from "./libc.ts";

/** The counter is 64 bits wide, and so is what is added to it. */
const ONE = BigUint64Array.of(1n);
const COUNT = new BigUint64Array(1);

/** Makes one that is not signalled. Returns its descriptor. */
export function create(): number {
  const fd = libc.eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (fd < 0) throw osError(errno[0]!, "eventfd", "create an eventfd");
  return fd;
}

/**
 * Makes it readable, and tells each epoll that watches it, edge-triggered ones
 * too. Never blocks.
 */
export function signal(fd: number): void {
  while (libc.write(fd, ONE, 8) < 0) {
    const code = errno[0]!;
    // The counter is at its maximum, 2^64 - 2. Emptying it loses nothing, since
    // how often it was signalled does not matter, and makes room; returning
    // would lose the edge.
    if (code === EAGAIN) drain(fd);
    else if (code !== EINTR) throw osError(code, "write", `signal ${fd}`);
  }
}

/** Takes all signals; returns whether there were any. */
export function drain(fd: number): boolean {
  for (;;) {
    if (libc.read(fd, COUNT, 8) >= 0) return true;
    const code = errno[0]!;
    if (code === EAGAIN) return false;
    if (code !== EINTR) throw osError(code, "read", `drain ${fd}`);
  }
}

/** Closes it. Nobody may signal it afterwards: the number may be another's. */
export function close(fd: number): void {
  libc.close(fd);
}
