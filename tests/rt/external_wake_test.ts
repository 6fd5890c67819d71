import { assert, assertEquals } from "@std/assert";
import {
  type Context,
  type Coroutine,
  Future,
  Pending,
  type Poll,
  reactor,
  spawn,
  time,
  yieldNow,
} from "../../mod.ts";
import { type Flavour, FLAVOURS, rtTest } from "./flavours.ts";
import { PollFn } from "./support.ts";
import type { WakeOrder } from "./wake_worker.ts";

/** Ready once the worker has raised the flag of a round. */
class Raised extends Future<void> {
  readonly #rounds: Int32Array;
  readonly #round: number;

  constructor(rounds: Int32Array, round: number) {
    super();
    this.#rounds = rounds;
    this.#round = round;
  }

  override poll(cx: Context): Poll<void> {
    // First the waker, then the look: a wake in between is not missed.
    const { WAKE } = reactor.Token;
    const { READABLE } = reactor.Interest;
    reactor.reactorOf(cx).setWaker(WAKE, READABLE, cx.waker);
    if (Atomics.load(this.#rounds, this.#round) !== 2) return Pending;
    reactor.reactorOf(cx).unsetWaker(WAKE, READABLE, cx.waker);
  }
}

/** A worker that wakes the runtime of the task that calls this. */
function* wakingWorker(count: number, pauseMs: number): Coroutine<Waking> {
  const handle = yield* new PollFn((cx) => reactor.reactorOf(cx).handle());
  const rounds = new Int32Array(new SharedArrayBuffer(4 * count));
  const worker = new Worker(new URL("./wake_worker.ts", import.meta.url), {
    type: "module",
  });
  const order: WakeOrder = { handle: handle.export(), rounds, pauseMs };
  worker.postMessage(order);
  return new Waking(worker, rounds);
}

class Waking {
  readonly worker: Worker;
  readonly #rounds: Int32Array<SharedArrayBuffer>;
  #next = 0;

  constructor(worker: Worker, rounds: Int32Array<SharedArrayBuffer>) {
    this.worker = worker;
    this.#rounds = rounds;
  }

  /** Has the worker count down, and waits until it has woken us. */
  *round(): Coroutine<void> {
    const round = this.#next++;
    Atomics.store(this.#rounds, round, 1);
    Atomics.notify(this.#rounds, round);
    yield* new Raised(this.#rounds, round);
  }
}

function wakingTest(
  name: string,
  fn: (rt: Flavour) => Promise<Worker>,
): void {
  for (const rt of FLAVOURS.filter(({ backend }) => backend !== null)) {
    rtTest(`${name} [${rt.name}]`, async () => (await fn(rt)).terminate());
  }
}

wakingTest(
  "a signal of another thread ends the wait, which uses hardly any CPU",
  (rt) =>
    rt.start(function* () {
      const waking = yield* wakingWorker(4, 50);
      yield* waking.round(); // and the worker is up
      let best = Infinity;
      for (let i = 0; i < 3; i++) {
        const start = performance.now();
        const before = process.cpuUsage();
        yield* waking.round();
        const { user, system } = process.cpuUsage(before);
        assert(performance.now() - start >= 49);
        best = Math.min(best, (user + system) / 1_000);
      }
      assert(best < 25, `${best} ms of CPU time in a wait of 50 ms`);
      return waking.worker;
    }),
);

wakingTest(
  "a signal is heard beside tasks that never stop",
  (rt) =>
    rt.start(function* () {
      const waking = yield* wakingWorker(3, 1);
      spawn(function* () {
        while (true) yield* yieldNow();
      });
      spawn(
        new PollFn<never>((cx) => {
          cx.waker.wake();
          return Pending;
        }),
      );
      for (let i = 0; i < 3; i++) yield* waking.round();
      return waking.worker;
    }),
);

wakingTest(
  "a timer that is made after a signal cuts the wait for a later one short",
  (rt) =>
    rt.start(function* () {
      const waking = yield* wakingWorker(1, 10);
      const far = spawn(() => time.sleep(600_000));
      yield* waking.round();
      const start = performance.now();
      yield* time.sleep(5);
      assert(performance.now() - start >= 5);
      far.abort();
      return waking.worker;
    }),
);

wakingTest(
  "a thousand signals are heard, one after the other",
  (rt) =>
    rt.start(function* () {
      const waking = yield* wakingWorker(1_000, 0);
      for (let i = 0; i < 1_000; i++) yield* waking.round();
      return waking.worker;
    }),
);

wakingTest(
  "a handle used after the runtime has ended wakes nobody, and says so",
  async (rt) => {
    const [handle, worker] = await rt.start(function* () {
      const handle = yield* new PollFn((cx) => reactor.reactorOf(cx).handle());
      const waking = yield* wakingWorker(1, 0);
      yield* waking.round();
      return [handle, waking.worker] as const;
    });
    assertEquals(handle.wake(), false);
    return worker;
  },
);
