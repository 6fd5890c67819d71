import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  blockOn,
  type Coroutine,
  join,
  type JoinHandle,
  Pending,
  spawn,
  time,
  yieldNow,
} from "../../mod.ts";
import { everyFlavour, rtTest } from "./flavours.ts";
import { Gate, PollFn, yieldTimes } from "./support.ts";

everyFlavour(
  "a chain of spawns returns its value through every level",
  async (rt) => {
    function* level(depth: number): Coroutine<number> {
      if (depth === 0) return 0;
      yield* yieldNow();
      return 1 + (yield* spawn(level, depth - 1));
    }
    assertEquals(await rt.start(level, 200), 200);
  },
);

everyFlavour(
  "a chain of 50,000 spawns, each joined at once, does not overflow the stack",
  async (rt) => {
    function* level(depth: number): Coroutine<number> {
      return depth === 0 ? 0 : 1 + (yield* spawn(level, depth - 1));
    }
    assertEquals(await rt.start(level, 50_000), 50_000);
  },
);

everyFlavour("500 tasks spawned inside one task all finish", async (rt) => {
  const sum = await rt.start(function* () {
    return yield* spawn(function* () {
      const handles = [];
      for (let i = 0; i < 500; i++) {
        handles.push(spawn(function* () {
          yield* yieldNow();
          return 1;
        }));
      }
      let sum = 0;
      for (const handle of handles) sum += yield* handle;
      return sum;
    });
  });
  assertEquals(sum, 500);
});

everyFlavour(
  "50,000 spawned tasks each run once and can be joined in order",
  async (rt) => {
    const COUNT = 50_000;
    const runs = new Uint8Array(COUNT);
    // deno-lint-ignore require-yield
    function* body(i: number): Coroutine<number> {
      runs[i]!++;
      return i;
    }
    await rt.start(function* () {
      const handles: JoinHandle<number>[] = [];
      for (let i = 0; i < COUNT; i++) handles.push(spawn(body, i));
      for (let i = 0; i < COUNT; i++) {
        const value = yield* handles[i]!;
        if (value !== i) assertEquals(value, i);
      }
    });
    assert(runs.every((count) => count === 1));
  },
);

everyFlavour("50,000 waiting tasks are all woken by one event", async (rt) => {
  const gate = new Gate<number>();
  function* body(): Coroutine<number> {
    return yield* gate.wait();
  }
  const sum = await rt.start(function* () {
    const handles: JoinHandle<number>[] = [];
    for (let i = 0; i < 50_000; i++) handles.push(spawn(body));
    while (gate.waiting < 50_000) yield* yieldNow();
    gate.open(1);
    let sum = 0;
    for (const handle of handles) sum += yield* handle;
    return sum;
  });
  assertEquals(sum, 50_000);
  assertEquals(gate.polls, 100_000);
});

everyFlavour(
  "an error in the middle of spawning many leaves the executor usable",
  async (rt) => {
    let finished = 0;
    await rt.start(function* () {
      const handles: JoinHandle<void>[] = [];
      try {
        for (let i = 0; i < 100; i++) {
          if (i === 50) throw new Error("in the middle");
          handles.push(spawn(function* () {
            yield* yieldNow();
            finished++;
          }));
        }
      } catch {
        // The tasks that were spawned before must not mind.
      }
      yield* join(...handles);
    });
    assertEquals(finished, 50);
  },
);

everyFlavour(
  "spawn takes plain functions, futures and generators not started",
  async (rt) => {
    function* three(): Coroutine<number> {
      yield* yieldNow();
      return 3;
    }
    const values = await rt.start(function* () {
      return [
        yield* spawn(() => 1),
        yield* spawn((a: number, b: number) => a + b, 1, 1),
        yield* spawn(three()),
        yield* spawn(join(three(), three())),
        yield* spawn(() => time.timeout(10_000, three())),
      ];
    });
    assertEquals(values, [1, 2, 3, [3, 3], 3]);
  },
);

everyFlavour(
  "a task of nothing but an immediate value is finished after one turn",
  async (rt) => {
    const states = await rt.start(function* () {
      const handle = spawn(() => undefined);
      const before = handle.isFinished;
      yield* yieldNow();
      return [before, handle.isFinished, yield* handle];
    });
    assertEquals(states, [false, true, undefined]);
  },
);

everyFlavour("a spawned task runs not before its spawner waits", async (rt) => {
  const order: string[] = [];
  await rt.start(function* () {
    const handle = spawn(() => void order.push("task"));
    order.push("spawner");
    yield* handle;
  });
  assertEquals(order, ["spawner", "task"]);
});

everyFlavour("of tasks just spawned the newest runs first", async (rt) => {
  const order: number[] = [];
  const done = new Gate();
  await rt.start(function* () {
    for (let n = 0; n < 10; n++) {
      spawn(() => {
        order.push(n);
        if (order.length === 10) done.open();
      });
    }
    yield* done.wait();
  });
  // At the beginning of a turn the oldest has precedence once.
  if (order[0] === 0) order.push(order.shift()!);
  assertEquals(order, [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
});

everyFlavour(
  "woken tasks run in the order in which they were woken",
  async (rt) => {
    const gates = Array.from({ length: 10 }, () => new Gate());
    const order: number[] = [];
    const wakeOrder = [3, 1, 4, 0, 5, 9, 2, 6, 8, 7];
    await rt.start(function* () {
      const handles = gates.map((gate, n) =>
        spawn(function* () {
          yield* gate.wait();
          order.push(n);
        })
      );
      yield* yieldNow();
      for (const n of wakeOrder) gates[n]!.open();
      yield* join(...handles);
    });
    assertEquals(order, wakeOrder);
  },
);

everyFlavour(
  "a waiting task is polled once when spawned and once for each wake",
  async (rt) => {
    const polls = await rt.start(function* () {
      const seen: number[] = [];
      let wake = () => {};
      let left = 3;
      const future = new PollFn((cx) => {
        wake = () => cx.waker.wake();
        const { waker } = cx;
        wake = () => waker.wake();
        return left === 0 ? "done" : Pending;
      });
      const handle = spawn(future);
      yield* yieldTimes(5);
      seen.push(future.polls);
      for (; left > 0;) {
        left--;
        wake();
        wake();
        yield* yieldTimes(3);
        seen.push(future.polls);
      }
      yield* handle;
      wake();
      yield* yieldTimes(3);
      seen.push(future.polls);
      return seen;
    });
    assertEquals(polls, [1, 2, 3, 4, 4]);
  },
);

everyFlavour(
  "a root that waits is not polled because other tasks run",
  async (rt) => {
    const gate = new Gate();
    await rt.start(function* () {
      spawn(function* () {
        yield* yieldTimes(24);
        gate.open();
      });
      yield* gate.wait();
    });
    assertEquals(gate.polls, 2);
  },
);

everyFlavour(
  "a generator that waits is resumed once for each wake",
  async (rt) => {
    const gates = [new Gate(), new Gate(), new Gate()];
    await rt.start(function* () {
      const handle = spawn(function* () {
        for (const gate of gates) yield* gate.wait();
      });
      for (const gate of gates) {
        yield* yieldTimes(3);
        gate.open();
      }
      yield* handle;
    });
    assertEquals(gates.map(({ polls }) => polls), [2, 2, 2]);
  },
);

everyFlavour("a task that nobody joins runs all the same", async (rt) => {
  const gate = new Gate();
  await rt.start(function* () {
    spawn(function* () {
      yield* yieldNow();
      gate.open();
    }).detach();
    yield* gate.wait();
  });
});

everyFlavour("a task has the name of its function", async (rt) => {
  await rt.start(function* () {
    const named = spawn(function* worker() {
      yield* yieldNow();
    });
    const handles = [named, spawn(() => 1)];
    assertEquals(handles.map(({ name }) => name), ["worker", "anonymous"]);
    const ofFuture = spawn(time.sleep(0));
    const ofGenerator = spawn(yieldTimes(1));
    assertEquals([ofFuture.name, ofGenerator.name], ["future", "generator"]);
    yield* join(...handles, ofFuture, ofGenerator);
  });
});

rtTest(
  "spawn outside of a runtime is an error that names block_on and run",
  () => {
    const error = assertThrows(() => spawn(() => 1), Error, "Cannot spawn");
    assert(error.message.includes("block_on") && error.message.includes("run"));
  },
);

rtTest(
  "spawn of something that cannot run is an error that says what it is",
  () => {
    const misuse = spawn as unknown as (
      source: unknown,
      ...args: unknown[]
    ) => void;
    blockOn(() => {
      assertThrows(() => misuse(5), TypeError, "number");
      assertThrows(() => misuse(undefined), TypeError, "undefined");
      assertThrows(() => misuse(Promise.resolve()), TypeError, "fromPromise");
      assertThrows(() => misuse(time.sleep(1), 1), TypeError, "arguments");
    });
  },
);
