import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  Epoll,
  EPOLLET,
  EPOLLHUP,
  EPOLLIN,
  EPOLLOUT,
  EPOLLRDHUP,
  wholeTimeout,
} from "../src/sys/linux/epoll.ts";
import * as eventfd from "../src/sys/linux/eventfd.ts";
import { sockets } from "../src/sys/platform.ts";
import { pollFor, waitFor, waitForEvent } from "./helpers/deadline.ts";
import { edoTest } from "./helpers/leaks.ts";
import { startDeno } from "./helpers/subprocess.ts";
import { onLinux, Opened, openFlags } from "./sys_linux_support.ts";

const EPERM = 1;
const ENOENT = 2;
const EBADF = 9;
const EEXIST = 17;

const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/** Runs a test with an epoll and some eventfds, which are closed afterwards. */
function withEpoll(
  name: string,
  fn: (epoll: Epoll, fds: number[]) => void | Promise<void>,
  { fds: count = 1, precise = true } = {},
): void {
  edoTest(name, async () => {
    const epoll = new Epoll({ precise });
    const fds = Array.from({ length: count }, () => eventfd.create());
    try {
      await fn(epoll, fds);
    } finally {
      epoll.close();
      fds.forEach(eventfd.close);
    }
  }, onLinux);
}

/** The flags, keys and generations of the last wait, in the order of the keys. */
function events(epoll: Epoll, count: number): [number, number, number][] {
  return Array.from({ length: count }, (_, i): [number, number, number] => [
    epoll.flags(i),
    epoll.key(i),
    epoll.generation(i),
  ]).sort((a, b) => a[1] - b[1]);
}

/** How long a call takes, in milliseconds. */
function timeOf(call: () => void): number {
  const start = performance.now();
  call();
  return performance.now() - start;
}

withEpoll("an event carries its flags, key and generation", (epoll, [a, b]) => {
  assertEquals(epoll.add(a!, EPOLLIN, 2 ** 31 - 1, -1), 0);
  assertEquals(epoll.add(b!, EPOLLOUT, 0, -(2 ** 31)), 0);
  assertEquals(events(epoll, epoll.wait(0)), [[EPOLLOUT, 0, -(2 ** 31)]]);
  eventfd.signal(a!);
  assertEquals(events(epoll, epoll.wait(0)), [
    [EPOLLOUT, 0, -(2 ** 31)],
    [EPOLLIN, 2 ** 31 - 1, -1],
  ]);
}, { fds: 2 });

withEpoll(
  "adding twice fails and leaves the first as it was",
  (epoll, [fd]) => {
    assertEquals(epoll.add(fd!, EPOLLIN, 1, 10), 0);
    assertEquals(epoll.add(fd!, EPOLLOUT, 2, 20), -EEXIST);
    eventfd.signal(fd!);
    assertEquals(events(epoll, epoll.wait(0)), [[EPOLLIN, 1, 10]]);
  },
);

withEpoll("modifying replaces interest, key and generation", (epoll, [fd]) => {
  eventfd.signal(fd!);
  epoll.add(fd!, EPOLLIN, 1, 10);
  assertEquals(epoll.modify(fd!, EPOLLOUT, 2, 20), 0);
  assertEquals(events(epoll, epoll.wait(0)), [[EPOLLOUT, 2, 20]]);
});

withEpoll(
  "what was removed brings no event and can be added again",
  (epoll, [fd]) => {
    epoll.add(fd!, EPOLLIN, 1, 10);
    eventfd.signal(fd!);
    assertEquals(epoll.remove(fd!), 0);
    assertEquals(epoll.wait(0), 0);
    assertEquals(epoll.add(fd!, EPOLLIN, 3, 30), 0);
    assertEquals(events(epoll, epoll.wait(0)), [[EPOLLIN, 3, 30]]);
  },
);

withEpoll(
  "what is unknown or cannot be watched is told by its error",
  (epoll, [fd]) => {
    assertEquals(epoll.modify(fd!, EPOLLIN, 1, 1), -ENOENT);
    assertEquals(epoll.remove(fd!), -ENOENT);
    assertEquals(epoll.add(-1, EPOLLIN, 1, 1), -EBADF);
    assertEquals(epoll.remove(-1), -EBADF);
    const file = Deno.readDirSync("/proc/self/fd").map(({ name }) => name)
      .find((name) =>
        Deno.readLinkSync(`/proc/self/fd/${name}`) === "/dev/null"
      );
    // Files, and this device, have nothing to wait for.
    if (file !== undefined) {
      assertEquals(epoll.add(Number(file), EPOLLIN, 1, 1), -EPERM);
    }
    assertEquals(epoll.wait(0), 0);
  },
);

edoTest(
  "an end and data that arrive together are one edge with both flags",
  () => {
    using open = new Opened();
    const [client, server] = open.pair();
    const epoll = new Epoll();
    try {
      epoll.add(server, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, 5, 6);
      assertEquals(events(epoll, epoll.wait(0)), [[EPOLLOUT, 5, 6]]);
      sockets.send(client, new Uint8Array(1), 1);
      sockets.shutdown(client, "write");
      const readable = EPOLLIN | EPOLLOUT | EPOLLRDHUP;
      assertEquals(events(epoll, epoll.wait(5_000)), [[readable, 5, 6]]);
      assertEquals(epoll.wait(0), 0);
      sockets.shutdown(server, "write");
      const both = readable | EPOLLHUP;
      assertEquals(events(epoll, epoll.wait(5_000)), [[both, 5, 6]]);
    } finally {
      epoll.close();
    }
  },
  onLinux,
);

withEpoll(
  "more events than fit come with the next wait, each once",
  (epoll, fds) => {
    for (const [key, fd] of fds.entries()) {
      epoll.add(fd, EPOLLIN | EPOLLET, key, 0);
      eventfd.signal(fd);
    }
    const first = epoll.wait(0);
    assertEquals(first, 1_024);
    const keys = events(epoll, first).map(([, key]) => key);
    const second = epoll.wait(0);
    keys.push(...events(epoll, second).map(([, key]) => key));
    assertEquals(epoll.wait(0), 0);
    assertEquals(keys.sort((a, b) => a - b), [...fds.keys()]);
  },
  { fds: 1_500 },
);

withEpoll(
  "waiting for nothing takes its time, twice in a row, and 0 takes none",
  (epoll, [fd]) => {
    for (let i = 0; i < 2; i++) {
      assert(timeOf(() => assertEquals(epoll.wait(100), 0)) >= 100);
    }
    assertEquals(epoll.wait(0), 0);
    epoll.add(fd!, EPOLLIN, 1, 1);
    eventfd.signal(fd!);
    assertEquals(epoll.wait(0), 1);
  },
);

for (const ms of [0.1, 3.1]) {
  withEpoll(
    `1,000 waits of ${ms} ms: none is shorter, the best within 0.5 ms`,
    (epoll) => {
      let best = Infinity;
      for (let i = 0; i < 1_000; i++) {
        const took = timeOf(() => assertEquals(epoll.wait(ms), 0));
        assert(took >= ms, `${took} ms`);
        best = Math.min(best, took);
      }
      assert(best <= ms + 0.5, `the best was ${best} ms`);
    },
  );
}

withEpoll("without epoll_pwait2 fractions are rounded up", (epoll) => {
  let best = Infinity;
  for (let i = 0; i < 50; i++) {
    best = Math.min(best, timeOf(() => assertEquals(epoll.wait(0.1), 0)));
  }
  assert(best >= 1 && best <= 1.6, `the best was ${best} ms`);
}, { precise: false });

Deno.test("timeouts become whole milliseconds, rounded up, cut, or none", () => {
  const expected: [number, number][] = [
    [0, 0],
    [1e-9, 1],
    [1, 1],
    [1.000001, 2],
    [2 ** 31 - 2.5, 2 ** 31 - 2],
    [MAX_TIMEOUT_MS, MAX_TIMEOUT_MS],
    [2 ** 31, MAX_TIMEOUT_MS],
    [2 ** 32 + 5, MAX_TIMEOUT_MS],
    [Number.MAX_VALUE, MAX_TIMEOUT_MS],
    [Infinity, -1],
    [-Infinity, -1],
    [-0.5, -1],
    [-1, -1],
  ];
  for (const [timeoutMs, whole] of expected) {
    assertEquals(wholeTimeout(timeoutMs), whole, `${timeoutMs}`);
  }
});

/** A thread that signals an eventfd some time after it was told to. */
async function startSignaller(): Promise<Worker> {
  const module = new URL("../src/sys/linux/eventfd.ts", import.meta.url);
  const code = `
    import { signal } from ${JSON.stringify(module.href)};
    onmessage = ({ data: [fd, ms] }) => setTimeout(() => signal(fd), ms);
    postMessage("ready");`;
  const url = "data:text/javascript," + encodeURIComponent(code);
  const worker = new Worker(url, { type: "module" });
  await waitForEvent(worker, "message", 10_000);
  return worker;
}

for (const precise of [true, false]) {
  withEpoll(
    `huge timeouts neither wrap nor end at once, epoll_pwait2 or not (${precise})`,
    async (epoll, [fd]) => {
      epoll.add(fd!, EPOLLIN | EPOLLET, 1, 1);
      const signaller = await startSignaller();
      const huge = [
        -1,
        -0.5,
        Infinity,
        Number.MAX_VALUE,
        2 ** 31,
        2 ** 31 - 0.5,
      ]
        .concat(2 ** 32, 2 ** 32 + 0.5, 2 ** 33 + 1, 24.8 * 86_400_000 + 0.5);
      try {
        for (const timeoutMs of huge) {
          const took = timeOf(() => {
            signaller.postMessage([fd, 30]);
            assertEquals(epoll.wait(timeoutMs), 1);
          });
          assert(took >= 30, `${timeoutMs}: ${took} ms`);
          eventfd.drain(fd!);
        }
      } finally {
        signaller.terminate();
      }
    },
    { precise },
  );
}

withEpoll(
  "waiting off the thread ends by an event, or by its timeout",
  async (epoll, [fd]) => {
    epoll.add(fd!, EPOLLIN | EPOLLET, 7, 8);
    const start = performance.now();
    assertEquals(await epoll.waitAsync(20.5), 0);
    assert(performance.now() - start >= 20.5);
    const waiting = epoll.waitAsync();
    setTimeout(() => eventfd.signal(fd!), 5);
    const count = await waitFor(waiting, 10_000, "the event");
    assertEquals(events(epoll, count), [[EPOLLIN, 7, 8]]);
  },
);

withEpoll(
  "this thread may wait while another one does for it",
  async (epoll, [a, b]) => {
    epoll.add(a!, EPOLLIN | EPOLLET, 1, 1);
    const waiting = epoll.waitAsync();
    await assertRejects(
      () => epoll.waitAsync(),
      Error,
      "Cannot wait for events: a wait is under way already",
    );
    // An event goes to one of the two waits. So the eventfd of the first is not
    // touched before the second one has had its own.
    epoll.add(b!, EPOLLOUT | EPOLLET, 2, 2);
    let seen = events(epoll, epoll.wait(0));
    eventfd.signal(a!);
    const count = await waitFor(waiting, 10_000, "the event");
    seen = seen.concat(events(epoll, count));
    if (!seen.some(([, key]) => key === 1)) {
      seen = seen.concat(events(epoll, epoll.wait(0)));
    }
    assertEquals(seen.map(([, key]) => key).sort(), [1, 2]);
  },
  { fds: 2 },
);

edoTest(
  "closed during a wait off the thread, it goes when that has ended",
  async () => {
    const epoll = new Epoll();
    const fd = eventfd.create();
    epoll.add(fd, EPOLLIN | EPOLLET, 1, 1);
    const waiting = epoll.waitAsync();
    let isClosed = false;
    epoll.close(() => {
      isClosed = true;
      eventfd.close(fd);
    });
    assertEquals(isClosed, false);
    eventfd.signal(fd);
    assertEquals(await waitFor(waiting, 10_000, "the end of the wait"), 0);
    assertEquals(isClosed, true);
  },
  onLinux,
);

edoTest("closing an epoll where nothing waits is done on the spot", () => {
  const epoll = new Epoll();
  let isClosed = false;
  epoll.close(() => isClosed = true);
  assertEquals(isClosed, true);
  assertThrows(() => epoll.wait(0), Deno.errors.BadResource, "EBADF");
}, onLinux);

withEpoll("the descriptor of an epoll is closed on exec", () => {
  const fds = Deno.readDirSync("/proc/self/fd").map(({ name }) => Number(name))
    .filter((fd) => {
      try {
        return Deno.readLinkSync(`/proc/self/fd/${fd}`).includes("eventpoll");
      } catch {
        return false; // the one through which the folder is read
      }
    });
  for (const fd of fds) assertEquals(openFlags(fd) & 0o2000000, 0o2000000);
});

/** Waits, first without a limit for a byte on standard input, then with one. */
const INTERRUPTED = `
  import { Epoll, EPOLLIN } from "./src/sys/linux/epoll.ts";
  const epoll = new Epoll();
  epoll.add(0, EPOLLIN, 1, 1);
  console.log("unlimited");
  console.log(epoll.wait(-1));
  epoll.remove(0);
  console.log("limited");
  console.log(epoll.wait(1_000));`;

/** The state of a process, a letter: proc_pid_stat(5). */
function stateOf(pid: number): string {
  return /\) (.) /.exec(Deno.readTextFileSync(`/proc/${pid}/stat`))![1]!;
}

edoTest(
  "a wait survives being stopped and continued, which interrupts it",
  async () => {
    await using process = startDeno(["eval", "--ext=ts", INTERRUPTED]);
    const stopAndContinue = async () => {
      await pollFor(() => stateOf(process.pid) === "S", 5_000, "it to wait");
      process.kill("SIGSTOP");
      await pollFor(() => stateOf(process.pid) === "T", 5_000, "it to stop");
      process.kill("SIGCONT");
    };
    assertEquals(await process.stdout.next(), "unlimited");
    for (let i = 0; i < 5; i++) await stopAndContinue();
    await process.write("x");
    assertEquals(await process.stdout.next(), "1");
    assertEquals(await process.stdout.next(), "limited");
    await stopAndContinue();
    assertEquals(await process.stdout.next(), "0");
  },
  onLinux,
);
