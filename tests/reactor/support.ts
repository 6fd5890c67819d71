/**
 * What the tests of the reactor share: bare sockets, wakers that count, and a
 * thread that wakes.
 *
 * @module
 */
import type { Waker } from "../../mod.ts";
import type { ReactorHandleMessage } from "../../src/reactor/parking.ts";
import {
  type BackendName,
  backendName,
  overrideBackend,
} from "../../src/reactor/select_backend.ts";
import { parseIp } from "../../src/sys/addr.ts";
import { sockets } from "../../src/sys/platform.ts";
import { edoTest, type EdoTestOptions } from "../helpers/leaks.ts";
import { waitFor, waitForEvent } from "../helpers/deadline.ts";

/** The backends of this system. */
export const BACKENDS: readonly BackendName[] = [
  ...new Set([backendName(), "notifier" as const]),
];

/** Runs a test once with each backend, which reactors made meanwhile wait with. */
export function withEachBackend(
  name: string,
  fn: (backend: BackendName) => void | Promise<void>,
  options: EdoTestOptions = {},
): void {
  for (const backend of BACKENDS) {
    edoTest(`with ${backend}, ${name}`, async () => {
      overrideBackend(backend);
      try {
        await fn(backend);
      } finally {
        overrideBackend(null);
      }
    }, options);
  }
}

/** A waker that counts its wakes, and does something more if it is told to. */
export class CountingWaker implements Waker {
  count = 0;
  readonly #then: () => void;

  constructor(then: () => void = () => {}) {
    this.#then = then;
  }

  wake(): void {
    this.count++;
    this.#then();
  }
}

/** Bare sockets, all closed at the end unless they were before. */
export class Sockets implements Disposable {
  readonly #open = new Set<number>();
  readonly listener: number;
  readonly #port: number;

  constructor() {
    const address = parseIp("127.0.0.1", 0);
    this.listener = sockets.listen(address, {
      backlog: 4_096,
      reusePort: false,
    });
    this.#open.add(this.listener);
    this.#port = sockets.localAddr(this.listener).port;
  }

  /** A connection that nobody has accepted. */
  connect(): number {
    const fd = sockets.connect(parseIp("127.0.0.1", this.#port));
    this.#open.add(fd);
    return fd;
  }

  /** Takes the connection that waits longest. */
  accept(): number {
    const fd = sockets.accept(this.listener);
    if (fd < 0) throw new Error(`Cannot accept: ${fd}`);
    this.#open.add(fd);
    return fd;
  }

  /** Both ends of a connection. */
  pair(): [number, number] {
    return [this.connect(), this.accept()];
  }

  close(fd: number): void {
    this.#open.delete(fd);
    sockets.close(fd);
  }

  [Symbol.dispose](): void {
    for (const fd of this.#open) sockets.close(fd);
  }
}

const BYTE = new Uint8Array(1);

/** Sends a byte. */
export function sendByte(fd: number): void {
  const n = sockets.send(fd, BYTE, 1);
  if (n !== 1) throw new Error(`Cannot send a byte: ${n}`);
}

/** Takes all bytes that are there. */
export function drain(fd: number): void {
  const buffer = new Uint8Array(64 * 1024);
  while (sockets.recv(fd, buffer, buffer.length) > 0);
}

/** What the waking thread is asked to do; see `fixtures/waker_thread.ts`. */
export interface WakerOrder {
  readonly message: ReactorHandleMessage;
  /** The words of `WORDS`. */
  readonly words: Int32Array;
  /** How many rounds to answer. */
  readonly rounds: number;
  /** How long to sleep before each answer, in milliseconds. */
  readonly pauseMs?: number;
}

/** The places of the words that a test and a waking thread share. */
export const WORDS = {
  /** The round that the test has begun. */
  ROUND: 0,
  /** The round that the thread has answered. */
  ANSWER: 1,
  /** How many signals the thread has sent. */
  SIGNALS: 2,
} as const;

/** A thread that wakes a reactor. */
export class WakerThread implements AsyncDisposable {
  readonly #worker: Worker;
  #finished: Promise<void> = Promise.resolve();
  readonly words: Int32Array = new Int32Array(new SharedArrayBuffer(12));

  private constructor(worker: Worker) {
    this.#worker = worker;
  }

  /** Starts a thread; it is there when the promise settles. */
  static async start(): Promise<WakerThread> {
    const worker = new Worker(
      new URL("./fixtures/waker_thread.ts", import.meta.url),
      { type: "module" },
    );
    await waitForEvent(worker, "message", 10_000, "the thread's first message");
    return new WakerThread(worker);
  }

  /** Has the thread answer rounds with wakes. This thread may be blocked. */
  order(order: Omit<WakerOrder, "words">): void {
    this.words.fill(0);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#finished = promise;
    this.#worker.onmessage = () => resolve();
    this.#worker.postMessage({ ...order, words: this.words });
  }

  /** Begins a round. */
  begin(round: number): void {
    Atomics.store(this.words, WORDS.ROUND, round);
    Atomics.notify(this.words, WORDS.ROUND);
  }

  /** The round that was answered last. */
  get answered(): number {
    return Atomics.load(this.words, WORDS.ANSWER);
  }

  /** How many signals the thread has sent since it was given its order. */
  get signals(): number {
    return Atomics.load(this.words, WORDS.SIGNALS);
  }

  /** Waits until the thread has done all that was ordered. */
  async finished(): Promise<void> {
    await waitFor(this.#finished, 10_000, "the end of the order");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#worker.terminate();
    await Promise.resolve();
  }
}
