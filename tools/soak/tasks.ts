/**
 * The shareable tasks of the soak.
 *
 * @module
 */
import {
  type Coroutine,
  type JoinHandle,
  net,
  spawn,
  spawnBlocking,
  task,
  taskSignal,
  time,
  yieldNow,
} from "../../mod.ts";
import { checksum, Random } from "./random.ts";
import {
  type ClientReport,
  runClient,
  serve,
  type ServerReport,
} from "./tcp.ts";
import type { ClientPlan } from "./tcp.ts";

/** The counters that the workers of one runtime share; see `useBoard`. */
let board = new Int32Array(new SharedArrayBuffer(4 * 16));

/** The counters' places. */
export const [STARTED, CLEANED] = [0, 1];

/** Has a worker use these counters. */
export const useBoard = task(
  import.meta,
  function useBoard(memory: SharedArrayBuffer) {
    board = new Int32Array(memory);
  },
);

export const add = task(import.meta, function add(a: number, b: number) {
  return a + b;
});

export const countPrimes = task(
  import.meta,
  function countPrimes(below: number) {
    let count = 0;
    for (let n = 2; n < below; n++) {
      let d = 2;
      while (d * d <= n && n % d !== 0) d++;
      if (d * d > n) count++;
    }
    return count;
  },
);

/** Gives way again and again, as a polite computation does. */
export const polite = task(
  import.meta,
  function* polite(turns: number): Coroutine<number> {
    for (let i = 0; i < turns; i++) yield* yieldNow();
    return turns;
  },
);

export const fetches = task(import.meta, async function fetches(url: string) {
  const response = await fetch(url, { signal: taskSignal() });
  return await response.text();
});

/** Timers of Deno's and of Edo's, and other tasks, in an async function. */
export const awaits = task(
  import.meta,
  async function awaits(n: number, ms: number) {
    await new Promise((resolve) => setTimeout(resolve, ms));
    const twice = await spawn(add, n, n);
    await Promise.all([time.sleep(ms), spawn(sleeps, ms)]);
    return twice;
  },
);

export const throws = task(
  import.meta,
  function* throws(message: string, ms: number): Coroutine<never> {
    if (ms > 0) yield* time.sleep(ms);
    throw new RangeError(message, { cause: new Error("its cause") });
  },
);

export const asyncThrows = task(
  import.meta,
  async function asyncThrows(message: string) {
    await Promise.resolve();
    throw new RangeError(message);
  },
);

export const sleeps = task(
  import.meta,
  function* sleeps(ms: number): Coroutine<number> {
    yield* time.sleep(ms);
    return ms;
  },
);

/** A tree of tasks; how many there were. */
export const tree = task(
  import.meta,
  function* tree(width: number, depth: number): Coroutine<number> {
    if (depth === 0) return 1;
    const children: JoinHandle<number>[] = [];
    for (let i = 0; i < width; i++) {
      children.push(spawn(tree, width, depth - 1));
    }
    let count = 1;
    for (const child of children) count += yield* child;
    return count;
  },
);

/** Spawns tasks that nobody joins, which outlive it. */
export const leaves = task(import.meta, function leaves(count: number) {
  for (let i = 0; i < count; i++) spawn(add, i, i).detach();
});

/** What came, and what it amounts to. */
export const mirror = task(
  import.meta,
  function mirror(bytes: Uint8Array): { bytes: Uint8Array; sum: number } {
    return { bytes, sum: checksum(bytes) };
  },
);

export const sums = task(import.meta, function sums(bytes: Uint8Array) {
  return checksum(bytes);
});

/** Whatever can travel. */
export const identity = task(import.meta, function identity(value: unknown) {
  return value;
});

export const counts = task(
  import.meta,
  function counts(memory: SharedArrayBuffer, times: number) {
    const words = new Int32Array(memory);
    for (let i = 0; i < times; i++) Atomics.add(words, 0, 1);
  },
);

const NAP = new Int32Array(new SharedArrayBuffer(4));

/** Blocks its thread. */
export const naps = task(import.meta, function naps(ms: number) {
  Atomics.wait(NAP, 0, 0, ms);
  return ms;
});

/** Has threads for blocking tasks started from a worker. */
export const napsElsewhere = task(
  import.meta,
  function* napsElsewhere(ms: number): Coroutine<number> {
    return yield* spawnBlocking(naps, ms);
  },
);

export const threadName = task(import.meta, function threadName() {
  return self.name;
});

/** Waits, and counts its start and its cleanup, which an abort must not skip. */
export const careful = task(
  import.meta,
  function* careful(ms: number): Coroutine<number> {
    Atomics.add(board, STARTED, 1);
    try {
      yield* time.sleep(ms);
      return ms;
    } finally {
      Atomics.add(board, CLEANED, 1);
    }
  },
);

/** The same, and what it waits for is a task of its own. */
export const carefulParent = task(
  import.meta,
  function* carefulParent(ms: number): Coroutine<number> {
    Atomics.add(board, STARTED, 1);
    try {
      return yield* spawn(careful, ms);
    } finally {
      Atomics.add(board, CLEANED, 1);
    }
  },
);

/** An async function that waits for Edo alone, which ends that wait for it. */
export const awaitsSleep = task(
  import.meta,
  async function awaitsSleep(ms: number) {
    await time.sleep(ms);
    return ms;
  },
);

/** An async function that minds its signal. */
export const minds = task(import.meta, async function minds(ms: number) {
  const signal = taskSignal();
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
  await time.sleep(1);
  return ms;
});

/** A loop of polls that does not end by itself. */
export const endless = task(
  import.meta,
  function* endless(): Coroutine<never> {
    for (;;) yield* yieldNow();
  },
);

/** Ends its thread. */
export const closesThread = task(import.meta, function closesThread() {
  self.close();
});

/** The same while others wait on that thread, and in the middle of a task. */
export const exitsThread = task(
  import.meta,
  function* exitsThread(ms: number): Coroutine<void> {
    yield* time.sleep(ms);
    Deno.exit(3);
  },
);

/** The same from an async function. */
export const closesLater = task(
  import.meta,
  async function closesLater(ms: number) {
    await new Promise((resolve) => setTimeout(resolve, ms));
    self.close();
    await new Promise(() => {});
  },
);

/** Echoes on a connection that has moved here. */
export const serves = task(
  import.meta,
  function serves(
    stream: net.TcpStream,
    seed: number,
  ): Coroutine<ServerReport> {
    return serve(stream, seed);
  },
);

/** Accepts so many connections on a listener that has moved here. */
export const accepts = task(
  import.meta,
  function* accepts(
    listener: net.TcpListener,
    count: number,
    seed: number,
  ): Coroutine<ServerReport[]> {
    using _ = listener;
    const random = new Random(seed);
    const handles: JoinHandle<ServerReport>[] = [];
    for (let i = 0; i < count; i++) {
      const stream = yield* listener.accept();
      handles.push(
        random.chance(0.5)
          ? spawn(serves, stream, random.seed())
          : spawn(serve, stream, random.seed()),
      );
    }
    const reports: ServerReport[] = [];
    for (const handle of handles) reports.push(yield* handle);
    return reports;
  },
);

/** Opens a connection, for whoever joins it. */
export const connects = task(
  import.meta,
  function* connects(addr: Deno.NetAddr): Coroutine<net.TcpStream> {
    return yield* net.TcpStream.connect(addr);
  },
);

/** A client on a thread of the pool. */
export const talks = task(
  import.meta,
  function talks(plan: ClientPlan): Coroutine<ClientReport> {
    return runClient(plan);
  },
);

/** How much of its thread's heap is in use, in bytes. */
export const heapUsed = task(import.meta, function heapUsed() {
  return collectedHeap();
});

/** The same on the thread that asks, after a collection where there is one. */
export function collectedHeap(): number {
  (globalThis as { gc?: () => void }).gc?.();
  return Deno.memoryUsage().heapUsed;
}
