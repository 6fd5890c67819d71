import { assert, assertEquals } from "@std/assert";
import {
  type Coroutine,
  fromPromise,
  join,
  JoinError,
  type JoinHandle,
  Pending,
  run,
  spawn,
  time,
  yieldNow,
} from "../../mod.ts";
import { everyFlavour, rtTest } from "./flavours.ts";
import {
  caught,
  Failures,
  Gate,
  never,
  outcome,
  PollFn,
  Resource,
  yieldTimes,
} from "./support.ts";

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

rtTest(
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
      // What it does comes in promise jobs, and a report with the next turn.
      yield* fromPromise(Promise.allSettled([promise]));
      yield* yieldTimes(3);
      return said;
    });
    assertEquals(said, "aborted");
    assertEquals(failures.seen, []);
  },
);
