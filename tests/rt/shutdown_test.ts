import { assert, assertEquals } from "@std/assert";
import {
  abortable,
  blockOn,
  type Context,
  type Coroutine,
  Future,
  join,
  JoinError,
  type JoinHandle,
  type Owner,
  Pending,
  type Poll,
  run,
  select,
  spawn,
  time,
  type Waker,
  yieldNow,
} from "../../mod.ts";
import { everyFlavour, rtTest } from "./flavours.ts";
import {
  caught,
  Failures,
  Gate,
  never,
  PollFn,
  Resource,
  turns,
  yieldTimes,
} from "./support.ts";

/** The owner of what is opened in this poll, which a socket would ask for. */
class OwnerOf extends Future<Owner> {
  override poll(cx: Context): Poll<Owner> {
    return cx.owner!;
  }
}

everyFlavour(
  "when the root returns, every waiting task has been cleaned up, once",
  async (rt) => {
    const gate = new Gate();
    const cleanups = new Uint8Array(1_000);
    await rt.start(function* () {
      for (let i = 0; i < cleanups.length; i++) {
        spawn(function* () {
          try {
            yield* gate.wait();
          } finally {
            cleanups[i]!++;
          }
        });
      }
      while (gate.waiting < cleanups.length) yield* yieldNow();
    });
    assert(cleanups.every((count) => count === 1));
    assertEquals([gate.waiting, gate.cancels], [0, 1_000]);
  },
);

everyFlavour("the same when the root throws", async (rt) => {
  const order: string[] = [];
  try {
    await rt.start(function* () {
      spawn(function* () {
        try {
          yield* never();
        } finally {
          order.push("cleanup");
        }
      });
      yield* yieldNow();
      throw new Error("root");
    });
  } catch (error) {
    order.push((error as Error).message);
  }
  assertEquals(order, ["cleanup", "root"]);
});

everyFlavour(
  "tasks are cancelled newest first, so that what was opened first is closed last",
  async (rt) => {
    const order: number[] = [];
    await rt.start(function* () {
      for (let i = 0; i < 5; i++) {
        spawn(function* () {
          try {
            yield* never();
          } finally {
            order.push(i);
          }
        });
        yield* yieldNow();
      }
    });
    assertEquals(order, [4, 3, 2, 1, 0]);
  },
);

everyFlavour(
  "tasks that never started are dropped, and their arguments closed",
  async (rt) => {
    const resources = Array.from({ length: 100 }, () => new Resource());
    let started = 0;
    const handles = await rt.start(function* () {
      yield* yieldNow();
      return resources.map((resource) =>
        spawn((_: Resource) => void started++, resource)
      );
    });
    assertEquals(started, 0);
    assert(resources.every(({ closed }) => closed === 1));
    for (const handle of handles) assertEquals(handle.isFinished, true);
  },
);

everyFlavour(
  "ready tasks that were woken are cancelled, not run, once the root has returned",
  async (rt) => {
    const order: string[] = [];
    await rt.start(function* () {
      const gate = new Gate();
      spawn(function* () {
        try {
          yield* gate.wait();
          order.push("ran");
        } finally {
          order.push("cleanup");
        }
      });
      yield* yieldNow();
      gate.open();
    });
    assertEquals(order, ["cleanup"]);
  },
);

everyFlavour(
  "a task that a cleanup spawns at the end never starts, and its arguments are closed",
  async (rt) => {
    const resource = new Resource();
    let handle: JoinHandle<void> | null = null;
    let started = false;
    await rt.start(function* () {
      spawn(function* () {
        try {
          yield* never();
        } finally {
          handle = spawn((_: Resource) => {
            started = true;
          }, resource);
        }
      });
      yield* yieldNow();
    });
    assertEquals([started, resource.closed, handle!.isFinished], [
      false,
      1,
      true,
    ]);
  },
);

everyFlavour(
  "two tasks that join each other are both cancelled at the end",
  async (rt) => {
    const order: string[] = [];
    await rt.start(function* () {
      const handles: JoinHandle<void>[] = [];
      function* joiner(name: string, other: number): Coroutine<void> {
        try {
          yield* yieldNow();
          yield* handles[other]!;
        } finally {
          order.push(name);
        }
      }
      handles.push(spawn(joiner, "first", 1), spawn(joiner, "second", 0));
      yield* yieldTimes(5);
    });
    assertEquals(order, ["second", "first"]);
  },
);

everyFlavour(
  "what was opened inside and not closed is closed at the end, newest first",
  async (rt) => {
    using failures = new Failures();
    const order: string[] = [];
    const resource = (name: string): Disposable => ({
      [Symbol.dispose](): void {
        order.push(name);
        if (name === "second") throw new Error("cannot be closed");
      },
    });
    await rt.start(function* () {
      const owner = yield* new OwnerOf();
      const released = resource("released");
      owner.adopt(resource("first"));
      owner.adopt(released);
      owner.adopt(resource("second"));
      yield* spawn(function* () {
        (yield* new OwnerOf()).adopt(resource("of a task"));
      });
      owner.release(released);
    });
    assertEquals(order, ["of a task", "second", "first"]);
    assertEquals(failures.seen.map(({ error }) => (error as Error).message), [
      "cannot be closed",
    ]);
  },
);

everyFlavour("wakers kept beyond the end do nothing", async (rt) => {
  const wakers: Waker[] = [];
  let polls = 0;
  const keep = () =>
    new PollFn<never>((cx) => {
      polls++;
      wakers.push(cx.waker);
      return Pending;
    });
  await rt.start(function* () {
    spawn(keep());
    spawn(function* () {
      yield* keep();
    });
    spawn(() => join(keep(), keep()));
    spawn(() => select(keep(), keep()));
    const aborted = spawn(keep());
    yield* yieldNow();
    aborted.abort();
    yield* yieldNow();
  });
  const before = polls;
  for (const waker of wakers) waker.wake();
  await rt.start(() => yieldTimes(3));
  assertEquals([wakers.length, polls], [7, before]);
});

everyFlavour(
  "the handle of a task cancelled at the end says so",
  async (rt) => {
    const [handle] = await rt.start(function* () {
      const handle = spawn(never());
      yield* yieldNow();
      // Not as it is: a promise would wait for it.
      return [handle];
    });
    assertEquals(handle.isFinished, true);
    const error = await rt.start(() =>
      caught(handle[Symbol.iterator]() as Coroutine<never>)
    );
    assert(error instanceof JoinError);
    assertEquals(error.kind, "aborted");
  },
);

everyFlavour(
  "a sleep that outlives its runtime fails, whoever polls it next",
  async (rt) => {
    // A hosted one lives as long as the thread.
    if (!rt.blocking) return;
    const sleep = time.sleep(60_000);
    await rt.start(function* () {
      yield* select(sleep, yieldNow());
      sleep.poll((yield* new PollFn((cx) => cx)) as Context);
    });
    const error = await rt.start(() =>
      caught(sleep[Symbol.iterator]() as Coroutine<never>)
    );
    assert((error as Error).message.startsWith("Cannot sleep"), String(error));
  },
);

rtTest(
  "each run has a scope of its own: the end of one leaves another's tasks alone",
  async () => {
    const gate = new Gate<string>();
    const order: string[] = [];
    const long = run(function* () {
      const handle = spawn(function* () {
        try {
          return yield* gate.wait();
        } finally {
          order.push("long");
        }
      });
      return yield* handle;
    });
    await run(function* () {
      spawn(function* () {
        try {
          yield* never();
        } finally {
          order.push("short");
        }
      });
      yield* yieldTimes(2);
    });
    order.push("short has ended");
    gate.open("value");
    assertEquals(await long, "value");
    assertEquals(order, ["short", "short has ended", "long"]);
  },
);

rtTest("the executor is usable again after each of 1,000 runs", async () => {
  for (let i = 0; i < 1_000; i++) {
    assertEquals(blockOn(() => spawn(() => i)), i);
    if (i % 10 === 0) assertEquals(await run(() => spawn(() => i)), i);
  }
});

rtTest(
  "a run that is aborted through a signal cleans up and leaves nothing",
  async () => {
    const controller = new AbortController();
    let cleanups = 0;
    const running = run(function* () {
      yield* abortable(
        controller.signal,
        (function* () {
          try {
            yield* time.sleep(60_000);
          } finally {
            cleanups++;
          }
        })(),
      );
    });
    await turns(1);
    controller.abort(new Error("enough"));
    let thrown: unknown;
    try {
      await running;
    } catch (error) {
      thrown = error;
    }
    assertEquals([(thrown as Error).message, cleanups], ["enough", 1]);
  },
);
