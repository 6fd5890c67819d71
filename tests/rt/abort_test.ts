import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import {
  type Coroutine,
  fromPromise,
  join,
  JoinError,
  type JoinHandle,
  Pending,
  run,
  select,
  spawn,
  time,
  yieldNow,
} from "../../mod.ts";
import { edoTest } from "../helpers/leaks.ts";
import { everyFlavour } from "./flavours.ts";
import {
  caught,
  Failures,
  Gate,
  never,
  PollFn,
  Resource,
  yieldTimes,
} from "./support.ts";

/** How joining a task ends, as a word. */
function* outcome(handle: JoinHandle<unknown>): Coroutine<string> {
  try {
    return `value ${yield* handle}`;
  } catch (error) {
    assert(error instanceof JoinError);
    if (error.kind === "aborted") {
      assertEquals(error.cause, undefined);
      return "aborted";
    }
    return `failed ${(error.cause as Error).message}`;
  }
}

everyFlavour(
  "aborting a sleeping task ends it, its cleanup run before a joiner hears of it",
  async (rt) => {
    const order: string[] = [];
    await rt.start(function* () {
      const handle = spawn(function* sleeper() {
        try {
          yield* time.sleep(100_000);
        } finally {
          order.push("cleanup");
        }
      });
      const joiner = spawn(function* () {
        const error = yield* caught(
          (function* () {
            yield* handle;
          })(),
        );
        order.push("joined");
        return error;
      });
      yield* yieldNow();
      handle.abort();
      order.push("abort returned");
      const error = yield* joiner;
      assert(error instanceof JoinError);
      assertEquals([error.kind, error.task], ["aborted", "sleeper"]);
      assertEquals(handle.isFinished, true);
    });
    assertEquals(order, ["abort returned", "cleanup", "joined"]);
  },
);

everyFlavour(
  "cleanups run from the inside out, and the leaf is cancelled first",
  async (rt) => {
    const order: string[] = [];
    const leaf = new PollFn(() => Pending);
    await rt.start(function* () {
      function* inner(): Coroutine<void> {
        using _ = { [Symbol.dispose]: () => void order.push("inner using") };
        try {
          yield* leaf;
        } finally {
          order.push(`inner finally, leaf cancelled ${leaf.cancels} time(s)`);
        }
      }
      const handle = spawn(function* () {
        try {
          yield* inner();
        } finally {
          order.push("outer finally");
        }
      });
      yield* yieldNow();
      handle.abort();
      yield* outcome(handle);
    });
    assertEquals(order, [
      "inner finally, leaf cancelled 1 time(s)",
      "inner using",
      "outer finally",
    ]);
  },
);

everyFlavour(
  "a task aborted before its first poll never starts, and its arguments are closed once",
  async (rt) => {
    const resources = [new Resource(), new Resource()];
    let started = 0;
    await rt.start(function* () {
      const handle = spawn(
        function* (..._args: unknown[]) {
          started++;
          yield* never();
        },
        resources[0],
        "a string",
        null,
        resources[1],
      );
      handle.abort();
      handle.abort();
      assertEquals(yield* outcome(handle), "aborted");
    });
    assertEquals(started, 0);
    assertEquals(resources.map(({ closed }) => closed), [1, 1]);
  },
);

everyFlavour(
  "a task that has started closes its arguments itself",
  async (rt) => {
    const resource = new Resource();
    await rt.start(function* () {
      const handle = spawn(function* (_: Resource) {
        yield* never();
      }, resource);
      yield* yieldNow();
      handle.abort();
      assertEquals(yield* outcome(handle), "aborted");
    });
    assertEquals(resource.closed, 0);
  },
);

everyFlavour(
  "a future given to spawn is cancelled when its task is",
  async (rt) => {
    const future = new PollFn(() => Pending);
    await rt.start(function* () {
      const handle = spawn(future);
      yield* yieldNow();
      handle.abort();
      assertEquals(yield* outcome(handle), "aborted");
    });
    assertEquals([future.polls, future.cancels], [1, 1]);
  },
);

everyFlavour(
  "a generator given to spawn and aborted before its first poll never starts",
  async (rt) => {
    let started = 0;
    await rt.start(function* () {
      // deno-lint-ignore require-yield
      const handle = spawn(function* (): Coroutine<void> {
        started++;
      }());
      handle.abort();
      assertEquals(yield* outcome(handle), "aborted");
    });
    assertEquals(started, 0);
  },
);

everyFlavour("abort of a finished task changes nothing", async (rt) => {
  await rt.start(function* () {
    const handle = spawn(() => 5);
    yield* yieldNow();
    handle.abort();
    assertEquals(yield* outcome(handle), "value 5");
    handle.abort();
    assertEquals(yield* outcome(handle), "value 5");
  });
});

everyFlavour(
  "abort, then letting go of the handle, cancels all the same",
  async (rt) => {
    const cleaned = new Gate<string>();
    await rt.start(function* () {
      function start(): void {
        const handle = spawn(function* () {
          try {
            yield* time.sleep(100_000);
          } finally {
            cleaned.open("cleaned");
          }
        });
        spawn(function* () {
          yield* yieldNow();
          handle.abort();
          handle.detach();
        });
      }
      start();
      assertEquals(yield* cleaned.wait(), "cleaned");
    });
  },
);

everyFlavour(
  "a task that aborts itself goes on to its next wait and ends there",
  async (rt) => {
    const order: string[] = [];
    const gate = new Gate();
    await rt.start(function* () {
      const handle: JoinHandle<void> = spawn(function* () {
        yield* yieldNow();
        try {
          handle.abort();
          order.push("after abort");
          yield* gate.wait();
          order.push("never");
        } finally {
          order.push("cleanup");
        }
      });
      assertEquals(yield* outcome(handle), "aborted");
    });
    assertEquals(order, ["after abort", "cleanup"]);
    assertEquals([gate.polls, gate.cancels, gate.waiting], [1, 1, 0]);
  },
);

everyFlavour(
  "a task that aborts itself and then returns keeps its value",
  async (rt) => {
    await rt.start(function* () {
      const returning: JoinHandle<string> = spawn(function* () {
        yield* yieldNow();
        returning.abort();
        return "kept";
      });
      assertEquals(yield* outcome(returning), "value kept");
      const throwing: JoinHandle<void> = spawn(function* () {
        yield* yieldNow();
        throwing.abort();
        throw new Error("kept, too");
      });
      assertEquals(yield* outcome(throwing), "failed kept, too");
    });
  },
);

everyFlavour(
  "a future that aborts its own task while it is polled is not polled again",
  async (rt) => {
    await rt.start(function* () {
      const future = new PollFn(() => {
        handle.abort();
        return Pending;
      });
      const handle: JoinHandle<unknown> = spawn(future);
      assertEquals(yield* outcome(handle), "aborted");
      assertEquals([future.polls, future.cancels], [1, 1]);
    });
  },
);

everyFlavour(
  "a task woken and aborted in one turn is cancelled, whichever came first",
  async (rt) => {
    for (const first of ["wake", "abort"]) {
      await rt.start(function* () {
        const gate = new Gate<string>();
        const handle = spawn(function* () {
          return yield* gate.wait();
        });
        yield* yieldNow();
        if (first === "wake") gate.open("value");
        handle.abort();
        if (first === "abort") gate.open("value");
        assertEquals(yield* outcome(handle), "aborted");
      });
    }
  },
);

everyFlavour("a task can abort the one that joins it", async (rt) => {
  const order: string[] = [];
  await rt.start(function* () {
    const joiner: JoinHandle<void> = spawn(function* () {
      const handle = spawn(function* () {
        joiner.abort();
        order.push("task");
        yield* yieldNow();
        order.push("task goes on");
      });
      try {
        yield* handle;
        order.push("never");
      } finally {
        order.push("joiner's cleanup");
      }
    });
    assertEquals(yield* outcome(joiner), "aborted");
    yield* yieldTimes(3);
  });
  assertEquals(order, ["task", "joiner's cleanup", "task goes on"]);
});

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
  "aborting ten thousand waiting tasks leaves nothing registered",
  async (rt) => {
    const gate = new Gate();
    await rt.start(function* () {
      const handles = Array.from(
        { length: 10_000 },
        () => spawn(() => gate.wait()),
      );
      while (gate.waiting < 10_000) yield* yieldNow();
      for (const handle of handles) handle.abort();
      for (const handle of handles) {
        const error = yield* caught(
          handle[Symbol.iterator]() as Coroutine<never>,
        );
        assertEquals((error as JoinError).kind, "aborted");
      }
    });
    assertEquals([gate.waiting, gate.cancels], [0, 10_000]);
  },
);

everyFlavour(
  "aborting a task that joins others leaves those alone",
  async (rt) => {
    const gate = new Gate<number>();
    await rt.start(function* () {
      const inner = spawn(() => gate.wait());
      const outer = spawn(() => join(inner, inner));
      yield* yieldTimes(2);
      outer.abort();
      assertEquals(yield* outcome(outer), "aborted");
      gate.open(4);
      assertEquals(yield* outcome(inner), "value 4");
    });
  },
);

edoTest(
  "aborting an async task in run ends it, whatever its promise does later",
  async () => {
    using failures = new Failures();
    const { promise, reject } = Promise.withResolvers<void>();
    const said = await run(function* () {
      const handle = spawn(async () => await promise);
      yield* yieldTimes(2);
      handle.abort();
      const said = yield* outcome(handle);
      reject(new Error("too late"));
      yield* fromPromise(
        new Promise<void>((resolve) => setTimeout(resolve, 1)),
      );
      return said;
    });
    assertEquals(said, "aborted");
    assertEquals(failures.seen, []);
  },
);
