import {
  assert,
  assertEquals,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import {
  block_on,
  blockOn,
  type Coroutine,
  Future,
  run,
  spawn,
  time,
  yieldNow,
} from "../../mod.ts";
import { everyFlavour, rtTest } from "./flavours.ts";
import { caught, Gate, never } from "./support.ts";

everyFlavour(
  "the root's value and its side effects are there when it ends",
  async (rt) => {
    let seen = 0;
    const value = await rt.start(function* () {
      yield* yieldNow();
      seen = 1;
      return "value";
    });
    assertEquals([value, seen], ["value", 1]);
  },
);

everyFlavour(
  "the root gets its arguments, and what it throws comes out as it is",
  async (rt) => {
    class Special extends Error {}
    const error = new Special("mine");
    let received: unknown[] = [];
    let thrown: unknown;
    try {
      await rt.start(
        function* (a: number, b: string) {
          received = [a, b];
          yield* yieldNow();
          throw error;
        },
        7,
        "seven",
      );
    } catch (e) {
      thrown = e;
    }
    assertEquals(received, [7, "seven"]);
    assertStrictEquals(thrown, error);
  },
);

everyFlavour(
  "a root that throws before its first wait is like any other",
  async (rt) => {
    let thrown: unknown;
    try {
      // deno-lint-ignore require-yield
      await rt.start(function* () {
        throw "not even an Error";
      });
    } catch (e) {
      thrown = e;
    }
    assertEquals(thrown, "not even an Error");
  },
);

rtTest(
  "block_on and run take plain functions, futures and generators not started",
  async () => {
    // deno-lint-ignore require-yield
    function* seven(): Coroutine<number> {
      return 7;
    }
    assertEquals(blockOn(() => 7), 7);
    assertEquals(blockOn(seven), 7);
    assertEquals(blockOn(seven()), 7);
    assertEquals(blockOn(time.timeout(1_000, seven())), 7);
    assertEquals(await run(() => 7), 7);
    assertEquals(await run(seven), 7);
    assertEquals(await run(seven()), 7);
    assertEquals(await run(time.timeout(1_000, seven())), 7);
    assertEquals(await run(async () => await time.timeout(1_000, seven())), 7);
  },
);

rtTest("block_on and blockOn are one function", () => {
  assertStrictEquals(block_on, blockOn);
});

everyFlavour(
  "block_on inside a task is an error at once, and the outer run goes on",
  async (rt) => {
    const [inRoot, inTask, value] = await rt.start(function* () {
      function* nested(): Coroutine<void> {
        yield* yieldNow();
        blockOn(function* () {
          yield* yieldNow();
        });
      }
      const inRoot = yield* caught(nested());
      const inTask = yield* caught(
        (function* () {
          yield* spawn(nested);
        })(),
      );
      return [inRoot, (inTask as Error).cause, "finished"];
    });
    for (const error of [inRoot, inTask]) {
      assert(error instanceof Error);
      assert(error.message.startsWith("Cannot block_on inside a task"));
    }
    assertEquals(value, "finished");
  },
);

rtTest(
  "block_on inside a cleanup at the end of another is an error, too",
  () => {
    let message = "";
    blockOn(function* () {
      spawn(function* () {
        try {
          yield* never();
        } finally {
          try {
            blockOn(() => 1);
          } catch (error) {
            message = (error as Error).message;
          }
        }
      });
      yield* yieldNow();
    });
    assert(message.startsWith("Cannot block_on inside a task"), message);
  },
);

rtTest(
  "block_on works again after one that threw, and after one that was misused",
  () => {
    assertThrows(
      () =>
        blockOn(() => {
          throw new Error("first");
        }),
      Error,
      "first",
    );
    assertThrows(() => blockOn(5 as unknown as () => void), TypeError);
    assertEquals(blockOn(time.timeout(50, time.sleep(1))), undefined);
  },
);

rtTest(
  "run called inside block_on fails at once and names what to write",
  () => {
    const error = assertThrows(
      () =>
        blockOn(() => {
          run(() => 1);
        }),
      Error,
      "Cannot run inside block_on",
    );
    assert(error.message.includes("yield*"));
  },
);

rtTest(
  "a future's then, called inside block_on, fails at once and names run()",
  () => {
    assertThrows(
      () =>
        blockOn(() => {
          time.sleep(1).then(() => {});
        }),
      Error,
      "run()",
    );
  },
);

rtTest(
  "a future whose then failed inside block_on can be awaited afterwards",
  async () => {
    const gate = new Gate<number>();
    const future = gate.wait();
    blockOn(() => {
      try {
        future.then(() => {}, () => {});
      } catch {
        // What it says is another test's concern.
      }
    });
    gate.open(3);
    assertEquals(await future, 3);
  },
);

rtTest(
  "an async function is refused by block_on, naming the function and run()",
  () => {
    async function fetchAll(): Promise<void> {
      await Promise.resolve();
    }
    const error = assertThrows(() => blockOn(fetchAll), TypeError);
    assert(error.message.includes('"fetchAll"'), error.message);
    assert(error.message.includes("run()"), error.message);
  },
);

rtTest(
  "a plain function that returns a promise is refused by block_on, naming run()",
  () => {
    assertThrows(() => blockOn(() => Promise.resolve(1)), Error, "run(");
  },
);

rtTest(
  "an async function spawned inside block_on is refused before it starts",
  () => {
    let started = false;
    async function inner(): Promise<void> {
      started = true;
      await Promise.resolve();
    }
    const error = blockOn(function* () {
      return yield* caught(
        (function* () {
          spawn(inner);
        })(),
      );
    });
    assert(error instanceof TypeError);
    assert(error.message.includes('Cannot spawn the async function "inner"'));
    assert(error.message.includes("run()"));
    assertEquals(started, false);
  },
);

rtTest(
  "an async generator function is refused, as it is neither one nor the other",
  async () => {
    async function* stream(): AsyncGenerator<number> {
      yield await Promise.resolve(1);
    }
    assertThrows(() => blockOn(stream), TypeError, "async generator");
    let thrown: unknown;
    try {
      await run(stream);
    } catch (error) {
      thrown = error;
    }
    assert(thrown instanceof TypeError);
    assert(thrown.message.includes("async generator"), thrown.message);
  },
);

rtTest(
  "what is neither a function nor a future is refused, with a hint",
  () => {
    const start = blockOn as (source: unknown, ...args: unknown[]) => unknown;
    assertThrows(() => start(5), TypeError, "number");
    assertThrows(() => start(null), TypeError, "null");
    assertThrows(() => start(undefined), TypeError, "undefined");
    assertThrows(() => start({}), TypeError, "object");
    assertThrows(() => start(Promise.resolve()), TypeError, "fromPromise");
    assertThrows(
      () => start(time.sleep(1), "argument"),
      TypeError,
      "arguments",
    );
  },
);

rtTest(
  "waiting for a future outside of any task is an error that names the cause",
  () => {
    function* body(): Coroutine<void> {
      yield* time.sleep(1);
    }
    assertThrows(() => body().next(), Error, "block_on");
    assertThrows(() => yieldNow()[Symbol.iterator]().next(), Error, "block_on");
    assert(yieldNow() instanceof Future);
  },
);
