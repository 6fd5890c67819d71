import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  abortable,
  block_on,
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
import { rtTest } from "./flavours.ts";
import { caught, Failures, Gate, never } from "./support.ts";

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

/** Runs an async function as a task, aborts it when it waits, and joins it. */
async function aborting(task: () => Promise<unknown>): Promise<void> {
  await run(function* () {
    const handle = spawn(task);
    yield* time.sleep(1);
    handle.abort();
    const error = yield* caught(function* () {
      yield* handle;
    }());
    assert(error instanceof JoinError);
    assertEquals(error.kind, "aborted");
    // What the task does then comes in promise jobs.
    yield* time.sleep(1);
  });
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
    await aborting(async function task() {
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
    const gate = new Gate();
    const log: string[] = [];
    await aborting(async function task() {
      try {
        await time.sleep(1e6);
      } finally {
        const before = performance.now();
        log.push(await thrown(time.sleep(1e6)));
        log.push(await thrown(gate.wait()));
        log.push(await thrown(Promise.all([gate.wait(), time.sleep(1e6)])));
        assert(performance.now() - before < 1_000);
        // Promises are none of Edo's.
        await new Promise((resolve) => setTimeout(resolve, 0));
        log.push("end");
      }
    });
    // The timer above has its turn after those of the runtime.
    while (log.length < 4) await new Promise((done) => setTimeout(done, 1));
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
      using _peer = yield* listener.accept();
      async function task() {
        results = await Promise.allSettled([
          time.sleep(1e6),
          stream.read(new Uint8Array(1)),
          listener.accept(),
          other,
          other,
          abortable(new AbortController().signal, never()),
        ]);
      }
      const handle = spawn(task);
      yield* time.sleep(2);
      handle.abort();
      yield* caught(function* () {
        yield* handle;
      }());
      // Nobody is left in its place: another may read.
      const reading = spawn(() => stream.read(new Uint8Array(1)));
      yield* time.sleep(1);
      assertEquals(reading.isFinished, false);
      // Only the wait was given up, not the task that it was for.
      assertEquals([other.isFinished, ended], [false, []]);
    });
    assertEquals(
      results.map((result) =>
        result.status === "rejected" ? String(result.reason) : "value"
      ),
      new Array(6).fill(ABORTED),
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
      yield* time.sleep(1);
      one.abort();
      yield* time.sleep(1);
      assertEquals(log, [ABORTED]);
      gate.open(5);
      assertEquals(yield* two, 5);
    });
    assertEquals(log, [ABORTED]);
  },
);

rtTest("the end of a run aborts the async tasks in it", async () => {
  const log: string[] = [];
  await run(function* () {
    spawn(async function task() {
      taskSignal().addEventListener("abort", () => log.push("event"));
      log.push(await thrown(time.sleep(1e6)));
    });
    yield* time.sleep(1);
  });
  // The promise jobs have their turn before that.
  await new Promise((done) => setTimeout(done, 0));
  assertEquals(log, ["event", ABORTED]);
});

rtTest(
  "the signal of a task that was aborted before it asked is aborted already",
  async () => {
    let signal: AbortSignal | null = null;
    await aborting(async function task() {
      await thrown(time.sleep(1e6));
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
  const { promise: arrived, resolve: arrive } = Promise.withResolvers<void>();
  const { promise: release, resolve: answer } = Promise.withResolvers<void>();
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    async () => {
      arrive();
      await release;
      return new Response("too late");
    },
  );
  let outcome = "";
  await run(function* () {
    const handle = spawn(async function task() {
      const url = `http://127.0.0.1:${server.addr.port}`;
      outcome = await thrown(fetch(url, { signal: taskSignal() }));
    });
    yield* fromPromise(arrived);
    handle.abort();
    yield* time.sleep(1);
  });
  answer();
  await server.shutdown();
  assertEquals(outcome, ABORTED);
});

rtTest("an await in a task that is not async rejects as ever", async () => {
  // A plain function is no async task: there is nothing to fire.
  await assertRejects(() => run(() => Promise.reject(new RangeError("mine"))));
});
