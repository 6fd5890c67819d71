/**
 * A whole runtime in one file, on nothing but `src/sys`: tasks, wakers, a ready
 * queue, timers, sockets.
 *
 * `basic` runs one task after another: when a task waits, everybody waits. `advanced`
 * has a queue of tasks, and while one waits the others go on. They take turns on one
 * thread: side by side, but not in parallel, which takes a second one. What a task
 * throws ends the program, and nothing can be cancelled.
 *
 * @module
 */
import { osError } from "../src/sys/error.ts";
import { Epoll, EPOLLET, EPOLLIN, EPOLLOUT } from "../src/sys/linux/epoll.ts";
import { sockets } from "../src/sys/platform.ts";
import { WOULD_BLOCK } from "../src/sys/sockets.ts";
import * as course from "./lib/course.ts";

// A task's code is a generator. It yields when it has to wait, after it has left its
// waker with the driver: a function to call when it is worth going on.

type Code<T> = Generator<void, T, void>;
type Waker = () => void;

/** The waker of the code that is running. */
let waker: Waker = () => {};

/** Who waits: for time to pass, and for sockets to become ready. */
class Driver implements Disposable {
  readonly #epoll = new Epoll();
  readonly #timers = new Set<{ at: number; wake: Waker }>();
  readonly #waiting = new Map<number, Waker>();

  *sleep(ms: number): Code<void> {
    const at = performance.now() + ms;
    while (performance.now() < at) {
      this.#timers.add({ at, wake: waker });
      yield;
    }
  }

  /** Watches a socket for changes in both directions. */
  watch(fd: number): void {
    const result = this.#epoll.add(fd, EPOLLIN | EPOLLOUT | EPOLLET, fd, 0);
    if (result < 0) throw osError(-result, "epoll_ctl", "watch a socket");
  }

  /** Makes a system call again after each change, until it would not block. */
  *ready(syscall: string, fd: number, call: () => number): Code<number> {
    let result: number;
    while ((result = call()) === WOULD_BLOCK) {
      this.#waiting.set(fd, waker);
      yield;
    }
    if (result < 0) throw osError(-result, syscall, "make a request");
    return result;
  }

  /** Sleeps until something has happened, and wakes those whom it concerns. */
  wait(): void {
    const next = Math.min(...[...this.#timers].map(({ at }) => at));
    const events = this.#epoll.wait(Math.max(0, next - performance.now()));
    for (let i = 0; i < events; i++) {
      const fd = this.#epoll.key(i);
      const wake = this.#waiting.get(fd);
      this.#waiting.delete(fd);
      wake?.();
    }
    for (const timer of this.#timers) {
      if (timer.at > performance.now()) continue;
      this.#timers.delete(timer);
      timer.wake();
    }
  }

  [Symbol.dispose](): void {
    this.#epoll.close();
  }
}

/** The basic version: one task. Whatever happens, it is what goes on. */
function blockOn(code: Code<void>, driver: Driver): void {
  while (!code.next().done) driver.wait();
}

/** Code that runs beside others: it is in the queue while it is worth a poll. */
class Task<T> {
  readonly #code: Code<T>;
  readonly #wake: Waker;
  #isQueued = false;
  #joiners: Waker[] = [];
  outcome: { value: T } | null = null;

  constructor(code: Code<T>, queue: Task<unknown>[]) {
    this.#code = code;
    this.#wake = () => {
      if (this.#isQueued || this.outcome !== null) return;
      this.#isQueued = true;
      queue.push(this);
    };
    this.#wake();
  }

  /** Runs the code up to where it has to wait next. */
  poll(): void {
    this.#isQueued = false;
    waker = this.#wake;
    const step = this.#code.next();
    if (!step.done) return;
    this.outcome = { value: step.value };
    for (const wake of this.#joiners) wake();
  }

  /** Waits in another task for this one. */
  *join(): Code<T> {
    while (this.outcome === null) {
      this.#joiners.push(waker);
      yield;
    }
    return this.outcome.value;
  }
}

/** The advanced version: any number of tasks, of which those that were woken run. */
class Runtime {
  readonly #queue: Task<unknown>[] = [];

  spawn<T>(code: Code<T>): Task<T> {
    return new Task(code, this.#queue);
  }

  blockOn<T>(code: Code<T>, driver: Driver): T {
    const root = this.spawn(code);
    while (root.outcome === null) {
      const task = this.#queue.shift();
      if (task === undefined) driver.wait();
      else task.poll();
    }
    return root.outcome.value;
  }
}

/** The program: an alarm and the requests of the course. */
function run(target: course.Target, execute: typeof basic): void {
  using driver = new Driver();
  const report = new course.Report();
  execute([alarm(), ...course.requestIds(target).map(request)], driver);
  report.total();

  function* alarm(): Code<void> {
    yield* driver.sleep(50);
    report.event("alarm");
  }

  function* request(id: number): Code<void> {
    const fd = sockets.connect(target.address);
    try {
      driver.watch(fd);
      yield* driver.ready("connect", fd, () => sockets.connectResult(fd));
      const bytes = course.requestBytes(target, id);
      const send = () => sockets.send(fd, bytes, bytes.length);
      yield* driver.ready("send", fd, send); // so few bytes go in one piece
      const parts = [];
      for (let n = 1; n > 0;) {
        const part = new Uint8Array(4096);
        const receive = () => sockets.recv(fd, part, part.length);
        n = yield* driver.ready("recv", fd, receive);
        parts.push(part.subarray(0, n));
      }
      report.reply(id, ...parts);
    } finally {
      sockets.close(fd);
    }
  }
}

function basic(codes: Code<void>[], driver: Driver): void {
  for (const code of codes) blockOn(code, driver);
}

function advanced(codes: Code<void>[], driver: Driver): void {
  const runtime = new Runtime();
  function* main(): Code<void> {
    const tasks = codes.map((code) => runtime.spawn(code));
    for (const task of tasks) yield* task.join();
  }
  runtime.blockOn(main(), driver);
}

const USAGE = `mini_runtime.ts [basic | advanced] [flags]

basic     runs one task after another
advanced  runs them side by side, on one thread (the default)`;

if (import.meta.main) {
  course.runCourse(USAGE, "advanced", {
    "advanced": (target) => run(target, advanced),
    "basic": (target) => run(target, basic),
  });
}
