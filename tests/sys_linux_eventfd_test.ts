import { assertEquals, assertThrows } from "@std/assert";
import { Epoll, EPOLLET, EPOLLIN } from "../src/sys/linux/epoll.ts";
import * as eventfd from "../src/sys/linux/eventfd.ts";
import { libc } from "../src/sys/linux/libc.ts";
import { waitForEvent } from "./helpers/deadline.ts";
import { edoTest } from "./helpers/leaks.ts";
import { onLinux, openFlags } from "./sys_linux_support.ts";

/** The most that an eventfd's counter can be: eventfd(2). */
const MAXIMUM = 2n ** 64n - 2n;

/** Runs a test with an eventfd, and an epoll that watches it for edges. */
function watched(
  name: string,
  fn: (fd: number, epoll: Epoll) => void | Promise<void>,
): void {
  edoTest(name, async () => {
    const fd = eventfd.create();
    const epoll = new Epoll();
    try {
      epoll.add(fd, EPOLLIN | EPOLLET, 0, 0);
      await fn(fd, epoll);
    } finally {
      epoll.close();
      eventfd.close(fd);
    }
  }, onLinux);
}

function add(fd: number, count: bigint): void {
  assertEquals(libc.write(fd, BigUint64Array.of(count), 8), 8);
}

watched("signals are merged until they are drained", (fd, epoll) => {
  assertEquals(eventfd.drain(fd), false);
  assertEquals(epoll.wait(0), 0);
  for (let i = 0; i < 3; i++) eventfd.signal(fd);
  assertEquals(epoll.wait(0), 1);
  assertEquals(epoll.wait(0), 0);
  assertEquals(eventfd.drain(fd), true);
  assertEquals(eventfd.drain(fd), false);
});

watched("each signal is an edge, also if nobody drains", (fd, epoll) => {
  for (let i = 0; i < 10; i++) {
    eventfd.signal(fd);
    assertEquals(epoll.wait(0), 1);
    assertEquals(epoll.wait(0), 0);
  }
});

watched(
  "a full counter neither blocks a signal nor swallows it",
  (fd, epoll) => {
    for (const start of [MAXIMUM - 1n, MAXIMUM]) {
      eventfd.drain(fd);
      add(fd, start);
      assertEquals(epoll.wait(0), 1);
      for (let i = 0; i < 5; i++) {
        eventfd.signal(fd);
        assertEquals(epoll.wait(0), 1, `signal ${i} from ${start}`);
      }
      assertEquals(eventfd.drain(fd), true);
      assertEquals(eventfd.drain(fd), false);
    }
  },
);

watched("it does not block and closes on exec", (fd) => {
  assertEquals(openFlags(fd) & 0o2004000, 0o2004000);
});

watched(
  "another thread signals it with nothing but its number",
  async (fd, epoll) => {
    const module = new URL("../src/sys/linux/eventfd.ts", import.meta.url);
    const code = `
    import { signal } from ${JSON.stringify(module.href)};
    onmessage = ({ data }) => { signal(data); close(); };
    postMessage("ready");`;
    const url = "data:text/javascript," + encodeURIComponent(code);
    const worker = new Worker(url, { type: "module" });
    try {
      await waitForEvent(worker, "message", 10_000);
      worker.postMessage(fd);
      assertEquals(epoll.wait(10_000), 1);
      assertEquals(eventfd.drain(fd), true);
    } finally {
      worker.terminate();
    }
  },
);

edoTest("signalling and draining what is closed are errors", () => {
  const fd = eventfd.create();
  eventfd.close(fd);
  assertThrows(
    () => eventfd.signal(fd),
    Deno.errors.BadResource,
    `Cannot signal ${fd}: bad file descriptor (EBADF from write)`,
  );
  assertThrows(() => eventfd.drain(fd), Deno.errors.BadResource);
}, onLinux);
