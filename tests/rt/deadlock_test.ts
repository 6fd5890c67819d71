import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import {
  blockOn,
  type Context,
  type Coroutine,
  fromPromise,
  join,
  type JoinHandle,
  run,
  select,
  spawn,
  time,
  yieldNow,
} from "../../mod.ts";
import { reactorOf } from "../../src/reactor/mod.ts";
import { FLAVOURS, rtTest } from "./flavours.ts";
import { runProgram } from "./program.ts";
import { Failures, never, PollFn, yieldTimes } from "./support.ts";

/** What `block_on` says of a deadlock. */
function deadlock(body: () => Coroutine<unknown>): string {
  const error = assertThrows(() => blockOn(body), Error, "deadlock");
  return error.message;
}

rtTest("a root that nothing can wake is reported, not waited for", () => {
  const message = deadlock(function* stuck() {
    yield* never();
  });
  assert(message.startsWith("Cannot finish block_on: deadlock"), message);
  assert(message.includes("1 task(s) wait"), message);
  assert(message.includes('"stuck"'), message);
});

rtTest("a deadlock names the tasks that wait, oldest first", () => {
  const message = deadlock(function* main() {
    yield* join(
      spawn(function* reader() {
        yield* never();
      }),
      spawn(function* writer() {
        yield* never();
      }),
      spawn(() => 1),
    );
  });
  assertMatch(message, /3 task\(s\) .*"main", "reader", "writer"$/);
});

rtTest(
  "a deadlock of many tasks names the first few and how many there are",
  () => {
    const message = deadlock(function* main() {
      for (let i = 0; i < 1_000; i++) spawn(never());
      yield* never();
    });
    assert(message.includes("1001 task(s)"), message);
    assert(message.endsWith("…"), message);
    assert(message.length < 400, message);
  },
);

rtTest("two tasks that join each other are a deadlock", () => {
  const message = deadlock(function* main() {
    const handles: JoinHandle<void>[] = [];
    function* one(): Coroutine<void> {
      yield* handles[1]!;
    }
    function* other(): Coroutine<void> {
      yield* handles[0]!;
    }
    handles.push(spawn(one), spawn(other));
    yield* join(...handles);
  });
  assertMatch(message, /"main", "one", "other"/);
});

rtTest("a task that joins itself is a deadlock", () => {
  const message = deadlock(function* main() {
    const handle: JoinHandle<void> = spawn(function* selfish() {
      yield* yieldNow();
      yield* handle;
    });
    yield* handle;
  });
  assert(message.includes('"selfish"'), message);
});

rtTest(
  "what waits when a deadlock is found is cancelled, the root included",
  () => {
    const order: string[] = [];
    function* waiting(name: string): Coroutine<void> {
      try {
        yield* never();
      } finally {
        order.push(name);
      }
    }
    deadlock(function* () {
      spawn(waiting, "task");
      yield* waiting("root");
    });
    assertEquals(order, ["task", "root"]);
  },
);

rtTest(
  "a root's cleanup that throws after a deadlock is reported to the hook",
  () => {
    using failures = new Failures();
    deadlock(function* root() {
      try {
        yield* never();
      } finally {
        // deno-lint-ignore no-unsafe-finally
        throw new Error("in cleanup");
      }
    });
    assertEquals(failures.seen.map(({ error }) => (error as Error).message), [
      "in cleanup",
    ]);
  },
);

rtTest(
  "a timer that is still to fire is no deadlock, its cancelling makes one",
  () => {
    assertEquals(blockOn(() => time.timeout(5_000, time.sleep(5))), undefined);
    const start = performance.now();
    const message = deadlock(function* () {
      yield* select(time.sleep(60_000), yieldTimes(3));
      yield* never();
    });
    assert(message.includes("deadlock"));
    // Not after the minute that the loser would have taken: a deadline, which
    // nothing could enforce while the thread was blocked.
    assert(performance.now() - start < 30_000);
  },
);

rtTest(
  "a reactor without registrations and handles does not hide a deadlock",
  () => {
    deadlock(function* () {
      yield* new PollFn((cx: Context) => void reactorOf(cx));
      yield* never();
    });
  },
);

rtTest("after a deadlock the next block_on works", () => {
  deadlock(() => never() as unknown as Coroutine<unknown>);
  assertEquals(blockOn(() => 1), 1);
});

rtTest("a deadlocked future or generator has a name, too", () => {
  const future = assertThrows(() => blockOn(never()), Error, "deadlock");
  assert(future.message.includes('"future"'), future.message);
  const generator = assertThrows(
    () =>
      blockOn(
        (function* () {
          yield* never();
        })(),
      ),
    Error,
    "deadlock",
  );
  assert(generator.message.includes('"generator"'), generator.message);
});

for (const rt of FLAVOURS.filter(({ blocking }) => !blocking)) {
  rtTest(
    `hosted, a promise may still wake what looks like a deadlock [${rt.name}]`,
    async () => {
      const value = await rt.start(function* () {
        const { promise, resolve } = Promise.withResolvers<string>();
        setTimeout(() => resolve("woken"), 5);
        return yield* fromPromise(promise);
      });
      assertEquals(value, "woken");
    },
  );
}

rtTest(
  "a sleep of the hosted runtime cannot wake a blocked thread: a deadlock",
  async () => {
    const sleep = time.sleep(60_000);
    await run(function* () {
      sleep.poll((yield* new PollFn((cx) => cx)) as Context);
    });
    deadlock(function* () {
      yield* sleep;
    });
    sleep.cancel();
  },
);

/** A program that gets stuck, maybe after it has used sockets for a while. */
function stuckProgram(useSockets: boolean): string {
  return `
    import { Future, net, Pending, run, spawn, time } from "edo";
    class Never extends Future<void> {
      poll() { return Pending; }
    }
    function* sockets() {
      const listener = net.TcpListener.bind({ hostname: "127.0.0.1", port: 0 });
      const accepting = spawn(() => listener.accept());
      yield* time.sleep(20); // long enough to wait off the thread
      const client = yield* net.TcpStream.connect(listener.addr);
      (yield* accepting).close();
      client.close();
      listener.close();
    }
    await run(function* () {
      if (${useSockets}) yield* sockets();
      console.log("waiting");
      yield* new Never();
    });
  `;
}

for (const useSockets of [false, true]) {
  const after = useSockets ? " after sockets were used" : "";
  rtTest(
    `hosted, a deadlock${after} lets the process end, as any await that never settles`,
    async () => {
      const { code, stdout, stderr } = await runProgram(
        stuckProgram(useSockets),
      );
      assertEquals(stdout, "waiting\n", stderr);
      assert(code !== 0);
      assertMatch(stderr, /never resolved/);
    },
  );
}
