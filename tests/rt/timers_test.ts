import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  blockOn,
  type Context,
  type Coroutine,
  join,
  type JoinHandle,
  run,
  select,
  spawn,
  time,
  yieldNow,
} from "../../mod.ts";
import { everyFlavour, rtTest } from "./flavours.ts";
import { caught, Gate, never, PollFn } from "./support.ts";

/** Numbers that look random and are the same in each run. */
function* pseudoRandom(seed: number): Generator<number> {
  for (let x = seed;;) {
    x = (Math.imul(x, 1_664_525) + 1_013_904_223) >>> 0;
    yield x / 2 ** 32;
  }
}

everyFlavour("no sleep is early, in the root or in tasks", async (rt) => {
  const random = pseudoRandom(7);
  await rt.start(function* () {
    for (const ms of [0, 0.1, 1, 1.5, 10, 60]) {
      const start = performance.now();
      yield* time.sleep(ms);
      const slept = performance.now() - start;
      assert(slept >= ms, `${slept} of ${ms} ms`);
    }
    const handles: JoinHandle<void>[] = [];
    for (let i = 0; i < 1_000; i++) {
      const ms = 50 * random.next().value!;
      handles.push(spawn(function* () {
        const start = performance.now();
        yield* time.sleep(ms);
        const slept = performance.now() - start;
        assert(slept >= ms, `${slept} of ${ms} ms`);
      }));
    }
    yield* join(...handles);
  });
});

everyFlavour("a sleep in an otherwise idle runtime is on time", async (rt) => {
  let best = Infinity;
  await rt.start(function* () {
    for (let i = 0; i < 20; i++) {
      const start = performance.now();
      yield* time.sleep(2);
      best = Math.min(best, performance.now() - start - 2);
    }
  });
  // Rounded up to the tick, plus what Deno's own timers round up.
  assert(best < 3, `${best} ms late at best`);
});

everyFlavour(
  "sleeps end in the order of their deadlines, equal ones as they began",
  async (rt) => {
    const began: { ms: number }[] = [];
    const ended: { ms: number }[] = [];
    await rt.start(function* () {
      // So far ahead that all have begun by then.
      const base = time.now() + 50;
      const handles = [7, 3, 3, 9, 1, 7, 0, 3, 12, 1, 9, 7].map((ms) =>
        spawn(function* () {
          const sleep = { ms };
          began.push(sleep);
          yield* time.sleepUntil(base + ms);
          ended.push(sleep);
        })
      );
      yield* join(...handles);
    });
    // `toSorted` keeps the order of those that are equal.
    const expected = began.toSorted((a, b) => a.ms - b.ms);
    assertEquals(ended.map((sleep) => expected.indexOf(sleep)), [
      ...expected.keys(),
    ]);
  },
);

everyFlavour(
  "sleeps of one task that began in an order end in that order",
  async (rt) => {
    const order: number[] = [];
    await rt.start(function* () {
      const instant = time.now() + 5;
      function* wait(n: number): Coroutine<void> {
        yield* time.sleepUntil(instant);
        order.push(n);
      }
      yield* join(...Array.from({ length: 100 }, (_, n) => wait(n)));
    });
    assertEquals(order, Array.from({ length: 100 }, (_, n) => n));
  },
);

everyFlavour("a past instant is ready within one turn", async (rt) => {
  await rt.start(function* () {
    for (const instant of [0, time.now(), time.now() - 1_000, -5]) {
      const handle = spawn(() => time.sleepUntil(instant));
      yield* select(handle, time.sleep(60_000));
      assert(handle.isFinished);
    }
    yield* time.sleep(0);
  });
});

everyFlavour(
  "a timer that is made while the thread waits for a later one fires on time",
  async (rt) => {
    const order: string[] = [];
    await rt.start(function* () {
      const far = spawn(function* () {
        yield* time.sleep(600_000);
        order.push("far");
      });
      // The thread waits twice: for this one, and then for what follows it.
      yield* time.sleep(5);
      order.push("first");
      yield* time.sleep(5);
      order.push("second");
      far.abort();
    });
    assertEquals(order, ["first", "second"]);
  },
);

everyFlavour(
  "a sleep that is reset to an earlier time ends then",
  async (rt) => {
    await rt.start(function* () {
      const sleep = time.sleep(600_000);
      const handle = spawn(() => sleep);
      yield* time.sleep(2);
      sleep.reset(3);
      const start = performance.now();
      yield* handle;
      assert(performance.now() - start >= 3);
    });
  },
);

everyFlavour(
  "10,000 sleeps that end at once all end, and the tasks that run go on",
  async (rt) => {
    let ended = 0;
    await rt.start(function* () {
      const instant = time.now() + 20;
      const handles: JoinHandle<void>[] = [];
      for (let i = 0; i < 10_000; i++) {
        handles.push(spawn(function* () {
          yield* time.sleepUntil(instant);
          ended++;
        }));
      }
      const next = spawn(function* () {
        yield* time.sleepUntil(instant + 1);
        return ended;
      });
      yield* join(...handles);
      yield* next;
    });
    assertEquals(ended, 10_000);
  },
);

everyFlavour(
  "sleeps that were given up hold no timer and end nothing",
  async (rt) => {
    await rt.start(function* () {
      const cx: Context = yield* new PollFn((cx) => cx);
      const timers = time.timersOf(cx);
      const before = timers.size;
      const handles = Array.from(
        { length: 1_000 },
        (_, i) => spawn(() => time.sleep(1_000 + i)),
      );
      while (timers.size < before + 1_000) yield* yieldNow();
      for (const handle of handles) handle.abort();
      for (const handle of handles) {
        yield* caught(handle.join()[Symbol.iterator]() as Coroutine<void>);
      }
      assertEquals(timers.size, before);
      yield* select(time.sleep(1_000), yieldNow());
      assertEquals(timers.size, before);
    });
  },
);

everyFlavour(
  "a value that is there when the time is over counts",
  async (rt) => {
    await rt.start(function* () {
      assertEquals(yield* time.timeout(0, ready("at once")), "at once");
      const gate = new Gate<string>();
      const handle = spawn(function* () {
        return yield* time.timeout(5, gate.wait());
      });
      yield* yieldNow();
      // Both are there when the task is polled next: the value and the end.
      const start = performance.now();
      while (performance.now() - start < 10);
      gate.open("in time");
      assertEquals(yield* handle, "in time");
    });
  },
);

// deno-lint-ignore require-yield
function* ready<T>(value: T): Coroutine<T> {
  return value;
}

everyFlavour(
  "a timeout ends what waits, and cancels it before it throws",
  async (rt) => {
    const order: string[] = [];
    await rt.start(function* () {
      function* slow(): Coroutine<void> {
        try {
          yield* never();
        } finally {
          order.push("cancelled");
        }
      }
      const start = performance.now();
      const error = yield* caught((function* () {
        yield* time.timeout(5, slow());
      })());
      assert(error instanceof time.TimeoutError);
      assert(performance.now() - start >= 5);
      order.push("thrown");
    });
    assertEquals(order, ["cancelled", "thrown"]);
  },
);

everyFlavour(
  "a timeout around results that are always ready expires",
  async (rt) => {
    await rt.start(function* () {
      const finished = spawn(() => 1);
      let joins = 0;
      function* forever(): Coroutine<void> {
        while (true) joins += yield* finished;
      }
      const error = yield* caught((function* () {
        yield* time.timeout(1, forever());
      })());
      assert(error instanceof time.TimeoutError);
      assert(joins > 128);
    });
  },
);

everyFlavour(
  "a timeout around a task that yields for ever expires",
  async (rt) => {
    await rt.start(function* () {
      function* forever(): Coroutine<void> {
        while (true) yield* yieldNow();
      }
      const error = yield* caught((function* () {
        yield* time.timeout(2, forever());
      })());
      assert(error instanceof time.TimeoutError);
    });
  },
);

everyFlavour(
  "an interval ticks while other tasks are busy, and never early",
  async (rt) => {
    await rt.start(function* () {
      spawn(
        new PollFn<never>((cx) => {
          cx.waker.wake();
          return never().poll(cx);
        }),
      );
      const ticks = time.interval(2);
      const start = performance.now();
      for (let n = 1; n <= 5; n++) {
        yield* ticks.tick();
        assert(performance.now() - start >= 2 * n);
      }
    });
  },
);

everyFlavour(
  "very long sleeps are accepted and do not end at once",
  async (rt) => {
    await rt.start(function* () {
      const year = 365.25 * 86_400_000;
      const lengths = [2 ** 31 - 1, 2 ** 31, 2 ** 32, year, 10 * year, 1e300];
      const handles = lengths.map((ms) => spawn(() => time.sleep(ms)));
      // One whose time has wrapped is over within a millisecond or two.
      yield* time.sleep(20);
      assertEquals(
        handles.map(({ isFinished }) => isFinished),
        lengths.map(() => false),
      );
    });
  },
);

everyFlavour("Date may be replaced without moving a timer", async (rt) => {
  const now = Date.now;
  try {
    await rt.start(function* () {
      const handle = spawn(() => time.sleep(5));
      yield* yieldNow();
      Date.now = () => now() + 1e9;
      yield* yieldNow();
      assertEquals(handle.isFinished, false);
      Date.now = () => now() - 1e9;
      yield* handle;
    });
  } finally {
    Date.now = now;
  }
});

rtTest(
  "a sleep belongs to the runtime that polls it first, whoever polls it later",
  async () => {
    const sleep = time.sleep(30);
    let start = 0;
    await run(function* () {
      const cx: Context = yield* new PollFn((cx) => cx);
      sleep.poll(cx);
      start = performance.now();
    });
    // block_on turns no other runtime's wheel, so nothing would end the sleep.
    let deadlock = "";
    try {
      blockOn(function* () {
        yield* new PollFn((cx) => sleep.poll(cx) as unknown as void);
      });
    } catch (error) {
      deadlock = (error as Error).message;
    }
    assert(deadlock.includes("deadlock"), deadlock);
    await run(function* () {
      yield* sleep;
    });
    assert(performance.now() - start >= 30);
  },
);

rtTest(
  "a sleep of a runtime that has ended fails when it is awaited or reset",
  async () => {
    const sleep = time.sleep(600_000);
    blockOn(function* () {
      const cx: Context = yield* new PollFn((cx) => cx);
      sleep.poll(cx);
      yield* yieldNow();
    });
    await assertRejects(async () => await sleep, Error, "Cannot sleep");
  },
);

rtTest(
  "sleep outside of a runtime is an error only when somebody waits for it",
  () => {
    const sleep = time.sleep(1);
    let message = "";
    try {
      sleep.next();
    } catch (error) {
      message = (error as Error).message;
    }
    assert(message.includes("block_on"), message);
    blockOn(sleep);
  },
);
