import { assert, assertEquals } from "@std/assert";
import { cpuUsage } from "node:process";
import {
  block_on,
  Pending,
  pollFn,
  reactor as api,
  run,
  time,
} from "../../mod.ts";
import { WakerThread, withEachBackend } from "./support.ts";

const { Interest, Reactor, reactorOf, Token } = api;

/** How long a wait may last before its wake counts as lost, in milliseconds. */
const LOST_MS = 10_000;

withEachBackend(
  "no wake is lost in 100,000 rounds of a thread waking another that goes to sleep",
  async () => {
    const rounds = 100_000;
    await using thread = await WakerThread.start();
    using reactor = new Reactor();
    thread.order({ message: reactor.handle().export(), rounds });
    let waits = 0;
    for (let round = 1; round <= rounds; round++) {
      thread.begin(round);
      for (let i = (round * 11) % 500; i > 0; i--) void thread.answered;
      while (thread.answered < round) {
        const start = performance.now();
        reactor.wait(LOST_MS);
        waits++;
        if (performance.now() - start >= LOST_MS) {
          throw new Error(`the wake of round ${round} was lost`);
        }
      }
    }
    await thread.finished();
    // A signal needs a thread that parked: one that is awake gets none.
    assert(
      thread.signals <= waits,
      `${thread.signals} signals, ${waits} waits`,
    );
    assert(thread.signals > 0, "the thread never had to be signalled");
    assert(thread.signals < rounds, "each wake was a signal");
  },
);

withEachBackend(
  "a thread that is awake is woken by two others without a signal",
  async () => {
    await using first = await WakerThread.start();
    await using second = await WakerThread.start();
    using reactor = new Reactor();
    const message = reactor.handle().export();
    for (const thread of [first, second]) {
      thread.order({ message, rounds: 10_000 });
      thread.begin(10_000);
    }
    await Promise.all([first.finished(), second.finished()]);
    assertEquals(first.signals + second.signals, 0);
    const start = performance.now();
    reactor.wait(LOST_MS);
    assert(performance.now() - start < LOST_MS, "their wakes were lost");
  },
);

withEachBackend(
  "two threads that wake a third at the same time lose no wake",
  async () => {
    const rounds = 10_000;
    await using first = await WakerThread.start();
    await using second = await WakerThread.start();
    using reactor = new Reactor();
    const message = reactor.handle().export();
    first.order({ message, rounds });
    second.order({ message, rounds });
    for (let round = 1; round <= rounds; round++) {
      first.begin(round);
      second.begin(round);
      while (first.answered < round || second.answered < round) {
        const start = performance.now();
        reactor.wait(LOST_MS);
        if (performance.now() - start >= LOST_MS) {
          throw new Error(`a wake of round ${round} was lost`);
        }
      }
    }
    await Promise.all([first.finished(), second.finished()]);
  },
);

withEachBackend(
  "reactors can be closed while another thread wakes them",
  async () => {
    await using thread = await WakerThread.start();
    for (let i = 0; i < 50; i++) {
      const reactor = new Reactor();
      const rounds = 2_000;
      thread.order({ message: reactor.handle().export(), rounds });
      thread.begin(rounds);
      while (thread.answered < i * 20) reactor.wait(0.01);
      reactor.close();
      // A signal to a descriptor that is gone would be an error in the thread.
      await thread.finished();
    }
  },
);

withEachBackend(
  "waits with very long limits last until they are woken",
  async () => {
    await using thread = await WakerThread.start();
    using reactor = new Reactor();
    const limits = [
      2 ** 31 - 1,
      2 ** 31,
      2 ** 32 + 1,
      2 ** 32 + 0.5,
      25 * 24 * 3_600_000,
      1e15,
      Number.MAX_VALUE,
      Infinity,
    ];
    const order = { message: reactor.handle().export(), rounds: limits.length };
    thread.order({ ...order, pauseMs: 10 });
    limits.forEach((limit, i) => {
      thread.begin(i + 1);
      reactor.wait(limit);
      assertEquals(thread.answered, i + 1, `wait(${limit}) ended by itself`);
    });
    await thread.finished();
  },
);

/** A future of the round that a thread has answered. */
function answerOf(thread: WakerThread, round: number) {
  return pollFn((cx) => {
    reactorOf(cx).setWaker(Token.WAKE, Interest.READABLE, cx.waker);
    return thread.answered >= round ? round : Pending;
  });
}

withEachBackend(
  "block_on waits for a thread's wake and uses no processor meanwhile",
  async () => {
    await using thread = await WakerThread.start();
    const used: number[] = [];
    for (let sample = 0; sample < 3; sample++) {
      block_on(function* () {
        const message = yield* pollFn((cx) => reactorOf(cx).handle().export());
        thread.order({ message, rounds: 1, pauseMs: 100 });
        const before = cpuUsage();
        thread.begin(1);
        assertEquals(yield* answerOf(thread, 1), 1);
        const { user, system } = cpuUsage(before);
        used.push((user + system) / 1_000);
      });
      await thread.finished();
    }
    // The best of three: a wait that spins would use all of the 100 ms each time.
    assert(Math.min(...used) < 50, `${used} ms`);
  },
);

withEachBackend("block_on is woken a thousand times in turn", async () => {
  await using thread = await WakerThread.start();
  block_on(function* () {
    const message = yield* pollFn((cx) => reactorOf(cx).handle().export());
    thread.order({ message, rounds: 1_000 });
    for (let round = 1; round <= 1_000; round++) {
      thread.begin(round);
      yield* time.timeout(LOST_MS, answerOf(thread, round));
    }
  });
  await thread.finished();
});

withEachBackend(
  "run is woken a thousand times in turn, timers and turns of Deno's loop in between",
  async () => {
    await using thread = await WakerThread.start();
    // Each look at the timers is one that may take the wake that the wait off the
    // thread needs.
    const ticking = setInterval(() => void run(time.sleep(0)), 0);
    try {
      await run(function* () {
        const message = yield* pollFn((cx) => reactorOf(cx).handle().export());
        thread.order({ message, rounds: 1_000 });
        for (let round = 1; round <= 1_000; round++) {
          thread.begin(round);
          yield* time.timeout(LOST_MS, answerOf(thread, round));
        }
      });
    } finally {
      clearInterval(ticking);
    }
    await thread.finished();
  },
);
