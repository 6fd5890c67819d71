import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  blockOn,
  type Coroutine,
  fromPromise,
  join,
  type JoinError,
  run,
  spawn,
  time,
  yieldNow,
} from "../../mod.ts";
import { rtTest } from "./flavours.ts";
import {
  caught,
  Failures,
  Gate,
  never,
  PollFn,
  turns,
  yieldTimes,
} from "./support.ts";

/** Resolves with what a task sends, for programs that wait for a condition. */
function after<T>(ms: number, value: T): Promise<T> {
  return new Promise((resolve) => setTimeout(() => resolve(value), ms));
}

rtTest("run returns a promise, and polls its function at once", async () => {
  const order: string[] = [];
  const promise = run(function* () {
    order.push("polled");
    yield* yieldNow();
    order.push("resumed");
    return 1;
  });
  order.push("returned");
  assert(promise instanceof Promise);
  assertEquals(await promise, 1);
  assertEquals(order, ["polled", "returned", "resumed"]);
});

rtTest(
  "run passes arguments on, and rejects with what its function throws",
  async () => {
    const sum = await run((a: number, b: number) => a + b, 1, 2);
    assertEquals(sum, 3);
    await assertRejects(
      () =>
        run(() => {
          throw new RangeError("mine");
        }),
      RangeError,
      "mine",
    );
    await assertRejects(
      () => run(() => Promise.reject(new RangeError("of a promise"))),
      RangeError,
      "of a promise",
    );
  },
);

rtTest("run refuses what it cannot run by rejecting", async () => {
  const misuse = run as (
    source: unknown,
    ...args: unknown[]
  ) => Promise<unknown>;
  await assertRejects(() => misuse(5), TypeError, "number");
  await assertRejects(
    () => misuse(Promise.resolve()),
    TypeError,
    "fromPromise",
  );
  await assertRejects(() => misuse(time.sleep(1), 2), TypeError, "arguments");
});

rtTest("tasks run beside Deno.serve, fetch and setTimeout", async () => {
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    async () => {
      await time.sleep(2);
      return new Response("served");
    },
  );
  let ticks = 0;
  const ticking = setInterval(() => ticks++, 1);
  try {
    const texts = await run(function* () {
      const { port } = server.addr;
      function* get(): Coroutine<string> {
        const response = yield* fromPromise(fetch(`http://127.0.0.1:${port}`));
        yield* time.sleep(1);
        return yield* fromPromise(response.text());
      }
      const handles = [1, 2, 3, 4, 5].map(() => spawn(get));
      while (ticks < 5) yield* yieldNow();
      return yield* join(...handles);
    });
    assertEquals(texts, new Array(5).fill("served"));
  } finally {
    clearInterval(ticking);
  }
});

rtTest(
  "tasks that never stop yielding do not keep Deno's loop waiting",
  async () => {
    let fired = 0;
    const timer = setInterval(() => fired++, 1);
    await run(function* () {
      for (let i = 0; i < 10; i++) {
        spawn(function* () {
          while (true) yield* yieldNow();
        });
      }
      spawn(
        new PollFn<never>((cx) => {
          cx.waker.wake();
          return never().poll(cx);
        }),
      );
      while (fired < 5) yield* yieldNow();
    });
    clearInterval(timer);
  },
);

rtTest(
  "a promise that settles late wakes the task that waits for it",
  async () => {
    const values = await run(function* () {
      const slow = spawn(() => fromPromise(after(5, "slow")));
      const quick = spawn(() => fromPromise(Promise.resolve("quick")));
      return [yield* quick, yield* slow];
    });
    assertEquals(values, ["quick", "slow"]);
  },
);

rtTest("an async function is a task like any other in run", async () => {
  const value = await run(function* () {
    const handle = spawn(async (n: number) => {
      await time.sleep(1);
      return n + (await after(1, 1));
    }, 1);
    return yield* handle;
  });
  assertEquals(value, 2);
  const error = await run(function* () {
    const failing = spawn(async () => {
      await time.sleep(1);
      throw new Error("async");
    });
    return yield* caught(failing[Symbol.iterator]() as Coroutine<never>);
  });
  assertEquals(((error as JoinError).cause as Error).message, "async");
});

rtTest("run inside run works, each with a scope of its own", async () => {
  const order: string[] = [];
  const value = await run(function* () {
    const inner = run(function* () {
      spawn(function* () {
        try {
          yield* never();
        } finally {
          order.push("inner task");
        }
      });
      yield* time.sleep(1);
      return "inner";
    });
    const outer = spawn(function* () {
      yield* time.sleep(5);
      order.push("outer task");
      return "outer";
    });
    return [yield* fromPromise(inner), yield* outer];
  });
  assertEquals(value, ["inner", "outer"]);
  assertEquals(order, ["inner task", "outer task"]);
});

rtTest(
  "an error of a run inside a run inside a run arrives outside as it is",
  async () => {
    const error = new Error("innermost");
    const thrown = await assertRejects(() =>
      run(() =>
        fromPromise(run(() =>
          fromPromise(run(function* () {
            yield* yieldNow();
            throw error;
          }))
        ))
      )
    );
    assertEquals(thrown, error);
  },
);

rtTest(
  "block_on between two awaits of an async function blocks and works",
  async () => {
    const value = await run(async () => {
      await time.sleep(1);
      const inner = blockOn(function* () {
        yield* time.sleep(1);
        return "blocked";
      });
      await time.sleep(1);
      return inner;
    });
    assertEquals(value, "blocked");
  },
);

rtTest(
  "what came due while block_on held the thread runs afterwards, in order",
  async () => {
    const order: string[] = [];
    const cleared = setTimeout(() => order.push("cleared"), 1);
    // Each is set after and lasts longer than the one before: however long the
    // thread is kept waiting in between, it is due later.
    const timers = [1, 2, 3].map((ms) =>
      new Promise<void>((resolve) =>
        setTimeout(() => {
          order.push(`timer ${ms}`);
          resolve();
        }, ms)
      )
    );
    Promise.resolve().then(() => order.push("promise"));
    blockOn(time.sleep(15));
    order.push("block_on returned");
    clearTimeout(cleared);
    await Promise.all(timers);
    assertEquals(order, [
      "block_on returned",
      "promise",
      "timer 1",
      "timer 2",
      "timer 3",
    ]);
  },
);

rtTest("a wake from ordinary code is heard by an idle runtime", async () => {
  const gate = new Gate<string>();
  const running = run(function* () {
    spawn(() => time.sleep(600_000));
    return yield* gate.wait();
  });
  await turns(100);
  gate.open("woken");
  assertEquals(await running, "woken");
});

rtTest(
  "a hosted failure that nobody joins is reported while the rest goes on",
  async () => {
    using failures = new Failures();
    await run(function* () {
      spawn(function* broken() {
        yield* time.sleep(1);
        throw new Error("unjoined");
      });
      while (failures.seen.length === 0) yield* time.sleep(1);
      yield* yieldTimes(10);
    });
    assertEquals(failures.names, ['task "broken"']);
  },
);
