import { assert, assertEquals } from "@std/assert";
import {
  type Context,
  type Coroutine,
  join,
  Pending,
  select,
  spawn,
  time,
  type Waker,
  yieldNow,
} from "../../mod.ts";
import { everyFlavour } from "./flavours.ts";
import {
  contextWith,
  CountingWaker,
  Gate,
  PollFn,
  yieldTimes,
} from "./support.ts";

everyFlavour(
  "a handle polled with one waker and then with another wakes the second only",
  async (rt) => {
    const counts = await rt.start(function* () {
      const gate = new Gate();
      const handle = spawn(() => gate.wait());
      yield* yieldNow();
      const wakers = [new CountingWaker(), new CountingWaker()];
      for (const waker of wakers) {
        assertEquals(handle.poll(yield* contextWith(waker)), Pending);
      }
      gate.open();
      yield* yieldTimes(2);
      return wakers.map(({ count }) => count);
    });
    assertEquals(counts, [0, 1]);
  },
);

everyFlavour(
  "a handle polled by hand can still be joined by others",
  async (rt) => {
    await rt.start(function* () {
      const gate = new Gate<number>();
      const handle = spawn(() => gate.wait());
      yield* yieldNow();
      const waker = new CountingWaker();
      const cx = yield* contextWith(waker);
      assertEquals(handle.poll(cx), Pending);
      const joiner = spawn(function* () {
        return yield* handle;
      });
      yield* yieldTimes(2);
      gate.open(5);
      assertEquals(yield* joiner, 5);
      assertEquals([waker.count, handle.poll(cx)], [1, 5]);
    });
  },
);

everyFlavour(
  "a wait for a task that is given up takes its waker back",
  async (rt) => {
    const counts = await rt.start(function* () {
      const gate = new Gate();
      const handle = spawn(() => gate.wait());
      yield* yieldNow();
      const wakers = [1, 2, 3, 4].map(() => new CountingWaker());
      const waits = [];
      for (const waker of wakers) {
        const wait = handle.join();
        assertEquals(wait.poll(yield* contextWith(waker)), Pending);
        waits.push(wait);
      }
      waits[0]!.cancel();
      waits[2]!.cancel();
      waits[2]!.cancel();
      gate.open();
      yield* yieldTimes(2);
      return wakers.map(({ count }) => count);
    });
    assertEquals(counts, [0, 1, 0, 1]);
  },
);

everyFlavour(
  "a wake from inside a task's own poll leads to one further poll, not to recursion",
  async (rt) => {
    for (const wakes of [1, 2, 100]) {
      let depth = 0;
      let deepest = 0;
      const future: PollFn<string> = new PollFn((cx) => {
        deepest = Math.max(deepest, ++depth);
        if (future.polls === 1) {
          for (let i = 0; i < wakes; i++) cx.waker.wake();
        }
        depth--;
        return future.polls === 1 ? Pending : "done";
      });
      const polls = await rt.start(function* () {
        yield* spawn(future);
        yield* yieldTimes(3);
        return future.polls;
      });
      assertEquals([polls, deepest], [2, 1]);
    }
  },
);

everyFlavour("many wakes before a poll lead to one poll", async (rt) => {
  const polls = await rt.start(function* () {
    let waker: Waker | null = null;
    const future = new PollFn((cx) => {
      waker = cx.waker;
      return Pending;
    });
    const handle = spawn(future);
    yield* yieldNow();
    for (let i = 0; i < 1_000; i++) waker!.wake();
    yield* yieldTimes(3);
    handle.abort();
    return future.polls;
  });
  assertEquals(polls, 2);
});

everyFlavour("a wake before the first poll adds none", async (rt) => {
  const future = new PollFn(() => "done");
  await rt.start(function* () {
    const handle = spawn(future);
    let polls = 0;
    const other = spawn(function* () {
      polls++;
      yield* yieldNow();
    });
    // Both are queued; to abort and to join them does not queue them again.
    yield* join(handle, other, handle);
    yield* yieldTimes(2);
    assertEquals([future.polls, polls], [1, 1]);
  });
});

everyFlavour("a spurious wake leaves the true one to come", async (rt) => {
  const gate = new Gate<string>();
  const value = await rt.start(function* () {
    const handle = spawn(() => gate.wait());
    for (let i = 0; i < 5; i++) {
      yield* yieldTimes(2);
      gate.wakeSpuriously();
    }
    yield* yieldTimes(2);
    gate.open("true event");
    return yield* handle;
  });
  assertEquals([value, gate.polls], ["true event", 7]);
});

everyFlavour(
  "spurious wakes of sleeps, joins and timeouts make none of them end early",
  async (rt) => {
    await rt.start(function* () {
      const gate = new Gate();
      const wakers: Waker[] = [];
      const note = new PollFn<never>((cx) => {
        wakers.push(cx.waker);
        return Pending;
      });
      const start = performance.now();
      const inner = spawn(() => gate.wait());
      const handle = spawn(() =>
        select(join(note, time.sleep(15)), inner, note)
      );
      const sleeping = spawn(function* () {
        yield* select(note, time.sleep(15));
        return performance.now() - start;
      });
      for (let i = 0; i < 10; i++) {
        yield* yieldNow();
        for (const waker of wakers.splice(0)) waker.wake();
      }
      assertEquals(handle.isFinished, false);
      assert((yield* sleeping) >= 15);
      gate.open();
      assertEquals((yield* handle).index, 1);
    });
  },
);

everyFlavour(
  "wakers of finished, failed and aborted tasks do nothing",
  async (rt) => {
    await rt.start(function* () {
      const wakers: Waker[] = [];
      const gate = new Gate();
      function* body(how: string): Coroutine<string> {
        yield* new PollFn<void>((cx) => {
          wakers.push(cx.waker);
        });
        yield* gate.wait();
        if (how === "failed") throw new Error(how);
        return how;
      }
      const handles = ["finished", "failed", "aborted"].map((how) =>
        spawn(body, how)
      );
      yield* yieldTimes(2);
      handles[2]!.abort();
      gate.open();
      for (const handle of handles) {
        try {
          yield* handle;
        } catch {
          // Which of them fails is no matter here.
        }
      }
      const polls = gate.polls;
      for (const waker of wakers) waker.wake();
      yield* yieldTimes(3);
      assertEquals([wakers.length, gate.polls], [3, polls]);
      assert(handles.every(({ isFinished }) => isFinished));
    });
  },
);

everyFlavour(
  "a waker may be called at any moment: from another task, a timer, a cleanup",
  async (rt) => {
    await rt.start(function* () {
      const gates = [new Gate(), new Gate(), new Gate()] as const;
      const handle = spawn(function* () {
        for (const gate of gates) yield* gate.wait();
        return "all";
      });
      yield* yieldNow();
      spawn(() => gates[0].open());
      yield* yieldTimes(3);
      const cx = yield* contextWith({ wake: () => gates[1].open() });
      const sleep = time.sleep(1);
      sleep.poll(cx);
      yield* time.sleep(2);
      const cleaning = spawn(function* () {
        try {
          yield* time.sleep(60_000);
        } finally {
          gates[2].open();
        }
      });
      yield* yieldNow();
      cleaning.abort();
      assertEquals(yield* handle, "all");
    });
  },
);

everyFlavour(
  "what a task waited for holds no waker once the task is over, however it ended",
  async (rt) => {
    const gate = new Gate();
    const early = new Gate();
    await rt.start(function* () {
      const finish = spawn(() =>
        select(early.wait(), gate.wait(), gate.wait())
      );
      const fail = spawn(() =>
        join(
          gate.wait(),
          (function* () {
            yield* early.wait();
            throw new Error("expected");
          })(),
        )
      );
      const late = spawn(() =>
        time.timeout(20, join(gate.wait(), gate.wait()))
      );
      const aborted = spawn(() => join(gate.wait(), select(gate.wait())));
      yield* yieldTimes(2);
      assertEquals(gate.waiting, 7);
      early.open();
      aborted.abort();
      for (const handle of [finish, fail, late, aborted]) {
        try {
          yield* handle;
        } catch {
          // All but the first have no value.
        }
      }
      assertEquals(gate.waiting, 0);
    });
    assertEquals([gate.waiting, early.waiting], [0, 0]);
  },
);

everyFlavour(
  "inside a context made by withWaker the budget and the drivers are the task's",
  async (rt) => {
    await rt.start(function* () {
      const outer = (yield* new PollFn((cx) => cx)) as Context;
      const child: Context = yield* contextWith(new CountingWaker());
      assertEquals(child.drivers, outer.drivers);
      assertEquals(child.blocking, rt.blocking);
      assertEquals(child.owner, outer.owner);
    });
  },
);
