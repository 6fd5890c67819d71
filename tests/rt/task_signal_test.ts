import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  abortable,
  block_on,
  type Coroutine,
  fromPromise,
  intoFuture,
  JoinError,
  type JoinHandle,
  net,
  run,
  spawn,
  taskSignal,
  time,
  yieldNow,
} from "../../mod.ts";
import { HeldServer } from "../helpers/held_server.ts";
import { rtTest } from "./flavours.ts";
import { caught, Failures, Gate, never, yieldTimes } from "./support.ts";

const ABORTED = 'AbortError: Cannot go on: the task "task" was aborted';

/** What an `await` throws, as text. */
async function thrown(promise: PromiseLike<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    return String(error);
  }
  return "nothing";
}

/**
 * Runs an async function as a task, aborts it when it waits at the gate, joins it,
 * and waits until its code has come to its end.
 */
async function aborting(
  gate: Gate,
  body: () => Promise<unknown>,
): Promise<void> {
  const ended = Promise.withResolvers<void>();
  await run(function* () {
    const handle = spawn(async function task() {
      await body().finally(ended.resolve);
    });
    yield* waited(gate);
    handle.abort();
    const error = yield* caught(function* () {
      yield* handle;
    }());
    assert(error instanceof JoinError);
    assertEquals(error.kind, "aborted");
    yield* fromPromise(ended.promise);
  });
}

/** Waits until somebody waits at a gate. */
function* waited(gate: Gate): Coroutine<void> {
  while (gate.waiting === 0) yield* yieldNow();
}

rtTest(
  "taskSignal is the same before and after awaits, and in what the task calls, and another one in each task",
  async () => {
    const deeper = async () => {
      await time.sleep(1);
      return taskSignal();
    };
    async function task() {
      const first = taskSignal();
      await null;
      assertEquals(taskSignal() === first, true);
      await time.sleep(1);
      assertEquals(taskSignal() === first, true);
      assertEquals(await deeper() === first, true);
      await new Promise((resolve) => setTimeout(resolve, 1));
      assertEquals(taskSignal() === first, true);
      assertEquals(first.aborted, false);
      return first;
    }
    const signals = await run(function* () {
      const handles = [1, 2, 3].map(() => spawn(task));
      const signals: AbortSignal[] = [];
      for (const handle of handles) signals.push(yield* handle);
      return signals;
    });
    assertEquals(new Set(signals).size, 3);
    assert(signals.every((signal) => !signal.aborted));
  },
);

rtTest("the root of run is such a task as well", async () => {
  const signal = await run(async function task() {
    await time.sleep(1);
    return taskSignal();
  });
  assertEquals(signal.aborted, false);
});

rtTest("taskSignal says where it cannot be used", async () => {
  const message = "no async task is running here";
  assertThrows(() => taskSignal(), Error, message);
  block_on(function* () {
    yield* yieldNow();
    assertThrows(() => taskSignal(), Error, message);
  });
  await run(function* () {
    assertThrows(() => taskSignal(), Error, message);
    yield* time.sleep(1);
    assertThrows(() => taskSignal(), Error, message);
  });
});

rtTest(
  "a generator has no signal, even if an async task awaits it or happened to wake the executor",
  async () => {
    const seen: string[] = [];
    const look = () => {
      try {
        taskSignal();
        seen.push("a signal");
      } catch {
        seen.push("none");
      }
    };
    const helper = async () => {
      await null;
      look();
    };
    function* generator() {
      look();
      yield* time.sleep(1);
      look();
      yield* fromPromise(helper());
    }
    await run(async function task() {
      // From here on it is no part of a poll, so that futures are polled at once.
      await null;
      await intoFuture(generator());
      await spawnIn(generator);
      await run(generator);
      await time.sleep(1);
    });
    assertEquals(seen, new Array(9).fill("none"));
  },
);

/** Spawns from within `run`, and awaits the handle in the async task. */
function spawnIn<T>(fn: () => Generator<never, T> | unknown): PromiseLike<T> {
  return run(function* () {
    return yield* spawn(fn) as JoinHandle<T>;
  });
}

rtTest(
  "aborting an async task fires its signal, cancels the future that it awaits, and rejects",
  async () => {
    const gate = new Gate();
    const log: string[] = [];
    await aborting(gate, async () => {
      taskSignal().addEventListener("abort", ({ target }) => {
        log.push(`event: ${(target as AbortSignal).reason}`);
        assertEquals(gate.cancels, 1);
      });
      log.push(await thrown(gate.wait()));
      log.push(String(taskSignal().reason));
    });
    assertEquals(log, [`event: ${ABORTED}`, ABORTED, ABORTED]);
    assertEquals([gate.waiting, gate.cancels], [0, 1]);
  },
);

rtTest(
  "what it awaits after that rejects at once, and is never polled",
  async () => {
    const [first, gate] = [new Gate(), new Gate()];
    const log: string[] = [];
    await aborting(first, async () => {
      try {
        await first.wait();
      } finally {
        let hasTurned = false;
        setImmediate(() => hasTurned = true);
        log.push(await thrown(time.sleep(1e6)));
        log.push(await thrown(gate.wait()));
        log.push(await thrown(Promise.all([gate.wait(), time.sleep(1e6)])));
        // Nothing but promise jobs has run.
        assertEquals(hasTurned, false);
        // Promises are none of Edo's: a timer of Deno's still comes.
        await new Promise((resolve) => setTimeout(resolve, 0));
        log.push("end");
      }
    });
    assertEquals(log, [ABORTED, ABORTED, ABORTED, "end"]);
    assertEquals(gate.polls, 0);
  },
);

rtTest(
  "all that it waits for at the same time ends: sleeps, sockets, tasks",
  async () => {
    using listener = net.TcpListener.bind({ port: 0 });
    let results: PromiseSettledResult<unknown>[] = [];
    const ended: string[] = [];
    await run(function* () {
      function* sleeper() {
        try {
          yield* never();
        } finally {
          ended.push("sleeper");
        }
      }
      const other = spawn(sleeper);
      using stream = yield* net.TcpStream.connect(listener.addr);
      using peer = yield* listener.accept();
      const last = new Gate();
      async function task() {
        results = await Promise.allSettled([
          time.sleep(1e6),
          stream.read(new Uint8Array(1)),
          listener.accept(),
          other,
          other,
          abortable(new AbortController().signal, never()),
          // Their waits begin in this order.
          last.wait(),
        ]);
      }
      const handle = spawn(task);
      yield* waited(last);
      handle.abort();
      yield* caught(function* () {
        yield* handle;
      }());
      // Nobody is left in its place: another may read.
      const reading = spawn(() => stream.read(new Uint8Array(1)));
      yield* yieldTimes(3);
      assertEquals(reading.isFinished, false);
      yield* peer.writeAll(new Uint8Array(1));
      assertEquals(yield* reading, 1);
      // Only the wait was given up, not the task that it was for.
      assertEquals([other.isFinished, ended], [false, []]);
    });
    assertEquals(
      results.map((result) =>
        result.status === "rejected" ? String(result.reason) : "value"
      ),
      new Array(7).fill(ABORTED),
    );
    assertEquals(ended, ["sleeper"]);
  },
);

rtTest(
  "two async tasks may await one handle, and one of them be aborted",
  async () => {
    const gate = new Gate<number>();
    const log: unknown[] = [];
    await run(function* () {
      const shared = spawn(gate.wait());
      const waiter = async function task() {
        try {
          return await shared;
        } catch (error) {
          log.push(String(error));
          throw error;
        }
      };
      const [one, two] = [spawn(waiter), spawn(waiter)];
      // Their awaits begin in promise jobs, which come between two turns.
      yield* yieldTimes(3);
      one.abort();
      while (log.length === 0) yield* yieldNow();
      assertEquals(log, [ABORTED]);
      gate.open(5);
      assertEquals(yield* two, 5);
    });
    assertEquals(log, [ABORTED]);
  },
);

rtTest("the end of a run aborts the async tasks in it", async () => {
  const gate = new Gate();
  const log: string[] = [];
  const ended = Promise.withResolvers<void>();
  await run(function* () {
    spawn(async function task() {
      taskSignal().addEventListener("abort", () => log.push("event"));
      log.push(await thrown(gate.wait()));
      ended.resolve();
    });
    yield* waited(gate);
  });
  await ended.promise;
  assertEquals(log, ["event", ABORTED]);
  assertEquals(gate.cancels, 1);
});

rtTest(
  "the signal of a task that was aborted before it asked is aborted already",
  async () => {
    const gate = new Gate();
    let signal: AbortSignal | null = null;
    await aborting(gate, async () => {
      await thrown(gate.wait());
      signal = taskSignal();
    });
    assertEquals(signal!.aborted, true);
    assertEquals(String(signal!.reason), ABORTED);
  },
);

rtTest(
  "a task that has ended is not aborted, and what it left behind goes on",
  async () => {
    using failures = new Failures();
    const { promise, resolve } = Promise.withResolvers<string>();
    let signal: AbortSignal | null = null;
    await run(function* () {
      const handle = spawn(async function task() {
        signal = taskSignal();
        time.sleep(5).then(() => resolve("slept"), () => resolve("no"));
        await null;
        return 1;
      });
      assertEquals(yield* handle, 1);
      handle.abort();
    });
    assertEquals(await promise, "slept");
    assertEquals(signal!.aborted, false);
    assertEquals(failures.seen, []);
  },
);

rtTest("fetch ends with its task, by the signal", async () => {
  await using server = new HeldServer();
  const outcome = Promise.withResolvers<string>();
  await run(function* () {
    const handle = spawn(async function task() {
      const { url } = server;
      outcome.resolve(await thrown(fetch(url, { signal: taskSignal() })));
    });
    yield* fromPromise(server.arrived);
    handle.abort();
    assertEquals(yield* fromPromise(outcome.promise), ABORTED);
  });
});

rtTest("an await in a task that is not async rejects as ever", async () => {
  // A plain function is no async task: there is nothing to fire.
  await assertRejects(() => run(() => Promise.reject(new RangeError("mine"))));
});
