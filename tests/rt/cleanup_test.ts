import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import {
  type Coroutine,
  JoinError,
  select,
  spawn,
  yieldNow,
} from "../../mod.ts";
import { everyFlavour, FLAVOURS, rtTest } from "./flavours.ts";
import {
  caught,
  Failures,
  Gate,
  never,
  outcome,
  Resource,
  yieldTimes,
} from "./support.ts";

everyFlavour(
  "a cleanup that throws makes the task fail instead of being aborted",
  async (rt) => {
    const error = new Error("in cleanup");
    using failures = new Failures();
    const seen = await rt.start(function* () {
      const handle = spawn(function* () {
        try {
          yield* never();
        } finally {
          // deno-lint-ignore no-unsafe-finally
          throw error;
        }
      });
      yield* yieldNow();
      handle.abort();
      const sibling = spawn(() => "unharmed");
      return [
        yield* caught(handle[Symbol.iterator]() as Coroutine<never>),
        yield* sibling,
      ];
    });
    assert(seen[0] instanceof JoinError);
    assertEquals(seen[0].kind, "failed");
    assertStrictEquals(seen[0].cause, error);
    assertEquals(seen[1], "unharmed");
    assertEquals(failures.seen, []);
  },
);

everyFlavour(
  "a using declaration that throws while being cancelled makes the task fail",
  async (rt) => {
    await rt.start(function* () {
      const handle = spawn(function* () {
        using _ = {
          [Symbol.dispose](): void {
            throw new Error("in dispose");
          },
        };
        yield* never();
      });
      yield* yieldNow();
      handle.abort();
      assertEquals(yield* outcome(handle), "failed in dispose");
    });
  },
);

everyFlavour(
  "an argument whose disposal throws is reported, and the others are closed",
  async (rt) => {
    using failures = new Failures();
    const resource = new Resource();
    await rt.start(function* () {
      const broken = {
        [Symbol.dispose](): void {
          throw new Error("argument");
        },
      };
      const handle = spawn((..._args: unknown[]) => {}, broken, resource);
      handle.abort();
      assertEquals(yield* outcome(handle), "aborted");
    });
    assertEquals(resource.closed, 1);
    assertEquals(failures.seen.map(({ error }) => (error as Error).message), [
      "argument",
    ]);
  },
);

everyFlavour(
  "a cleanup that waits is cut off with an error, and the outer cleanups run",
  async (rt) => {
    const order: string[] = [];
    const gate = new Gate();
    await rt.start(function* () {
      const handle = spawn(function* () {
        try {
          try {
            yield* never();
          } finally {
            order.push("inner begins");
            yield* gate.wait();
            order.push("never");
          }
        } finally {
          order.push("outer");
        }
      });
      yield* yieldNow();
      handle.abort();
      const said = yield* outcome(handle);
      assert(said.startsWith("failed Cannot wait while being cancelled"), said);
    });
    assertEquals(order, ["inner begins", "outer"]);
    // What it began to wait for was given up.
    assertEquals([gate.polls, gate.cancels, gate.waiting], [1, 1, 0]);
  },
);

everyFlavour(
  "a cleanup may use what is ready at once, however much of it",
  async (rt) => {
    let joins = 0;
    await rt.start(function* () {
      const finished = spawn(() => 1);
      const handle = spawn(function* () {
        try {
          yield* never();
        } finally {
          for (let i = 0; i < 1_000; i++) joins += yield* finished;
        }
      });
      yield* yieldTimes(2);
      handle.abort();
      assertEquals(yield* outcome(handle), "aborted");
    });
    assertEquals(joins, 1_000);
  },
);

everyFlavour(
  "the cleanup of a loser does not depend on what is left of the winner's budget",
  async (rt) => {
    using failures = new Failures();
    await rt.start(function* () {
      const finished = spawn(() => 1);
      let cleaned = 0;
      function* loser(): Coroutine<void> {
        try {
          yield* never();
        } finally {
          cleaned += yield* finished;
        }
      }
      // 0, 1, 2, … joins before the last one: the budget ends in some of them.
      for (let joins = 0; joins < 300; joins++) {
        const winner = (function* () {
          for (let i = 0; i < joins; i++) yield* finished;
        })();
        yield* select(loser(), winner);
      }
      assertEquals(cleaned, 300);
    });
    assertEquals(failures.seen, []);
  },
);

everyFlavour(
  "a generator that yields for ever while being cancelled is left alone",
  async (rt) => {
    await rt.start(function* () {
      const handle = spawn(function* () {
        while (true) {
          try {
            yield* never();
          } catch {
            // It will not be stopped.
          } finally {
            // deno-lint-ignore no-unsafe-finally
            continue;
          }
        }
      });
      yield* yieldNow();
      handle.abort();
      const said = yield* outcome(handle);
      assert(said.startsWith("failed Cannot wait while being cancelled"), said);
    });
  },
);

everyFlavour(
  "a cleanup that returns a value is still a cancellation",
  async (rt) => {
    await rt.start(function* () {
      const handle = spawn(function* () {
        try {
          yield* never();
        } finally {
          // deno-lint-ignore no-unsafe-finally
          return "from cleanup";
        }
      });
      yield* yieldNow();
      handle.abort();
      assertEquals(yield* outcome(handle), "aborted");
    });
  },
);

everyFlavour("a cleanup may abort and spawn other tasks", async (rt) => {
  await rt.start(function* () {
    const other = spawn(never());
    const spawned = new Gate<string>();
    const handle = spawn(function* () {
      try {
        yield* never();
      } finally {
        other.abort();
        spawn(() => spawned.open("spawned"));
      }
    });
    yield* yieldNow();
    handle.abort();
    assertEquals(yield* outcome(handle), "aborted");
    assertEquals(yield* outcome(other), "aborted");
    assertEquals(yield* spawned.wait(), "spawned");
  });
});

everyFlavour(
  "a cleanup that waits for another task at the end is cut off, and reported",
  async (rt) => {
    using failures = new Failures();
    const order: string[] = [];
    await rt.start(function* () {
      const other = spawn(never());
      spawn(function* waiting() {
        try {
          try {
            yield* never();
          } finally {
            yield* other;
          }
        } finally {
          order.push("outer cleanup");
        }
      });
      yield* yieldTimes(2);
    });
    assertEquals(order, ["outer cleanup"]);
    assertEquals(failures.names, ['task "waiting"']);
    const error = failures.seen[0]!.error as Error;
    assert(error.message.startsWith("Cannot wait while being cancelled"));
  },
);

everyFlavour(
  "a cleanup at the end may use what is ready, whatever the last task left of its budget",
  async (rt) => {
    using failures = new Failures();
    for (let joins = 120; joins < 136; joins++) {
      let cleaned = 0;
      await rt.start(function* () {
        const finished = spawn(() => 1);
        yield* finished;
        spawn(function* () {
          try {
            yield* never();
          } finally {
            cleaned += yield* finished;
          }
        });
        yield* yieldNow();
        for (let i = 0; i < joins; i++) yield* finished;
      });
      assertEquals(cleaned, 1, `after ${joins} joins`);
    }
    assertEquals(failures.seen, []);
  },
);

everyFlavour("all cleanups run though some of them throw", async (rt) => {
  using failures = new Failures();
  let cleanups = 0;
  await rt.start(function* () {
    for (let i = 0; i < 10; i++) {
      spawn(function* () {
        try {
          yield* never();
        } finally {
          cleanups++;
          // deno-lint-ignore no-unsafe-finally
          if (i % 2 === 0) throw new Error("in cleanup");
        }
      });
    }
    yield* yieldNow();
  });
  assertEquals([cleanups, failures.seen.length], [10, 5]);
});

for (const rt of FLAVOURS) {
  rtTest(
    `a cleanup that never stops waiting does not block the end [${rt.name}]`,
    async () => {
      using failures = new Failures();
      await rt.start(function* () {
        spawn(function* stubborn() {
          while (true) {
            try {
              yield* never();
            } catch {
              // Goes on all the same.
            } finally {
              // deno-lint-ignore no-unsafe-finally
              continue;
            }
          }
        });
        yield* yieldNow();
      });
      assertEquals(failures.names, ['task "stubborn"']);
    },
  );
}
