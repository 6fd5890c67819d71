/** The end of a runtime, and its idle times. */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { delay } from "@std/async/delay";
import {
  type JoinHandle,
  net,
  Runtime,
  setFailureHook,
  spawn,
  time,
} from "../../mod.ts";
import { waitFor } from "../helpers/deadline.ts";
import { edoTest } from "../helpers/leaks.ts";
import { board, layBoard } from "./fixtures/board.ts";
import { Closable, hold } from "./fixtures/closable.ts";
import { shutsDown } from "./fixtures/shutdown.ts";
import {
  cleanup,
  double,
  hog,
  sleep,
  spinner,
  where,
} from "./fixtures/tasks.ts";
import { shout } from "./fixtures/values.ts";
import {
  assertBalanced,
  outcomeOf,
  poolTest,
  retired,
  valueOf,
} from "./support.ts";

/** The cells of these tests. */
const [STARTED, CLEANED, CLOSED, GATE] = [0, 1, 2, 3];

const EACH = { on: [1, 2, 4], board: true };

/** How many outcomes there are of each kind. */
async function tally(
  handles: readonly JoinHandle<unknown>[],
): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const handle of handles) {
    const kind = (await outcomeOf(handle)).split(" ")[0]!;
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}

poolTest(
  "a shutdown cancels what sleeps, what runs and what has not started",
  async ({ rt, workers }) => {
    const sleeping = Array.from({ length: 30 }, () => {
      return rt.spawn(cleanup, STARTED, CLEANED);
    });
    const spinning = [1, 2].map(() => rt.spawn(spinner, STARTED, CLEANED));
    await board.reaches(STARTED, 32, "the start of those");
    // All workers are busy, so that the next ones stay where they are.
    const hogging = Array.from({ length: workers }, (_, n) => {
      return rt.spawnWith({ on: n + 1 }, hog, STARTED, GATE);
    });
    await board.reaches(STARTED, 32 + workers, "the start of the others");
    const waiting = [
      ...Array.from({ length: 20 }, () => {
        return rt.spawn(hold, new Closable(CLOSED), 1, STARTED);
      }),
      ...Array.from({ length: workers }, (_, n) => {
        return rt.spawnWith(
          { on: n + 1 },
          hold,
          new Closable(CLOSED),
          1,
          STARTED,
        );
      }),
    ];
    const ended = rt.shutdown();
    board.set(GATE, 1);
    await ended;
    assertEquals(await tally([...sleeping, ...spinning]), { aborted: 32 });
    assertEquals(await tally(hogging), { value: workers });
    assertEquals(await tally(waiting), { aborted: 20 + workers });
    assertEquals(
      [board.get(STARTED), board.get(CLEANED), board.get(CLOSED)],
      [32 + workers, 32, 20 + workers],
    );
    assertEquals(rt.metrics().workers, 0);
  },
  EACH,
);

poolTest(
  "a runtime that is shut down at once closes what it was given",
  async ({ rt, workers }) => {
    for (const cell of [STARTED, CLOSED]) board.set(cell, 0);
    const handles = Array.from({ length: workers }, (_, n) => {
      return rt.spawnWith(
        { on: n + 1 },
        hold,
        new Closable(CLOSED),
        1,
        STARTED,
      );
    });
    handles.push(rt.spawn(hold, new Closable(CLOSED), 1, STARTED));
    await rt.shutdown();
    const counts = await tally(handles);
    assertEquals((counts.aborted ?? 0) + (counts.value ?? 0), workers + 1);
    // Those that had started have closed theirs, on boards of their own.
    assert(board.get(CLOSED) <= workers + 1);
    if (counts.aborted === workers + 1 && board.get(STARTED) === 0) {
      assertEquals(board.get(CLOSED), workers + 1);
    }
  },
  { on: [1, 2, 4] },
);

edoTest(
  "a stream that has moved to a task that never starts is closed",
  async () => {
    for (const on of [undefined, 1]) {
      await using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      const connecting = valueOf(
        net.TcpStream.connect(listener.addr as Deno.NetAddr),
      );
      using accepted = await listener.accept();
      const stream = await connecting;
      const rt = new Runtime({ workers: 1 });
      const options = on === undefined ? {} : { on };
      const handle = rt.spawnWith(options, shout, stream);
      await rt.shutdown();
      assertEquals(await outcomeOf(handle), "aborted");
      // The other end sees the end of the stream.
      assertEquals(await accepted.read(new Uint8Array(1)), null);
    }
  },
);

poolTest(
  "what is spawned after a shutdown is cancelled at once, its arguments closed",
  async ({ rt, workers }) => {
    for (const cell of [STARTED, CLOSED]) board.set(cell, 0);
    const handle = rt.handle();
    await valueOf(rt.spawn(double, 1));
    await rt.shutdown();
    const late = [
      rt.spawn(hold, new Closable(CLOSED), 1, STARTED),
      handle.spawn(hold, new Closable(CLOSED), 1, STARTED),
      rt.spawnBlocking(hold, new Closable(CLOSED), 1, STARTED),
    ];
    assertEquals(late.map((task) => task.isFinished), [true, true, true]);
    assertEquals(await tally(late), { aborted: 3 });
    assertEquals([board.get(CLOSED), board.get(STARTED)], [3, 0]);
    if (workers > 0) {
      assertEquals(
        await outcomeOf(rt.spawnWith({ on: 1 }, double, 1)),
        "aborted",
      );
    }
    for (
      const [verb, use] of [
        ["block_on", () => rt.block_on(time.sleep(1))],
        ["run", () => rt.run(time.sleep(1))],
        ["make a Handle", () => rt.handle()],
      ] as [string, () => unknown][]
    ) {
      assertEquals(
        assertThrows(use, Error).message,
        `Cannot ${verb}: the runtime was shut down`,
      );
    }
  },
  { on: [0, 1, 2] },
);

poolTest(
  "a shutdown that comes again, or meanwhile, does nothing",
  async ({ rt }) => {
    await valueOf(rt.spawn(double, 1));
    const both = [rt.shutdown(), rt.shutdown()];
    await Promise.all(both);
    await rt.shutdown({ timeout: 0 });
    rt[Symbol.dispose]();
    await rt[Symbol.asyncDispose]();
  },
  { on: [0, 1, 2] },
);

poolTest(
  "an idle runtime shuts down at once, whatever the timeout",
  async ({ rt, workers }) => {
    for (let on = 1; on <= workers; on++) {
      await valueOf(rt.spawnWith({ on }, where));
    }
    await waitFor(rt.shutdown({ timeout: 1e9 }), 5_000, "the shutdown");
  },
  EACH,
);

for (let round = 0; round < 3; round++) {
  poolTest(
    `spawns that race with the shutdown have an outcome each [${round}]`,
    async ({ rt }) => {
      const handles: JoinHandle<unknown>[] = [];
      for (let i = 0; i < 200; i++) {
        handles.push(rt.spawn(double, i), rt.spawn(sleep, i % 10));
        if (i % 50 === round) await rt.spawn(double, 1);
      }
      const ended = rt.shutdown();
      for (let i = 0; i < 200; i++) handles.push(rt.spawn(double, i));
      await ended;
      for (let i = 0; i < 10; i++) handles.push(rt.spawn(double, i));
      const counts = await tally(handles);
      assertEquals((counts.value ?? 0) + (counts.aborted ?? 0), 610);
    },
    { on: [1, 2] },
  );
}

poolTest(
  "inside block_on there is `using`, and shutdown is an error",
  async ({ rt }) => {
    const outcome = rt.block_on(function* () {
      const handle = rt.spawn(cleanup, STARTED, CLEANED);
      yield* board.opened(STARTED);
      const rejected = rt.shutdown();
      {
        using _ = rt;
      }
      try {
        yield* handle;
      } catch (error) {
        return { error, rejected };
      }
    })!;
    assertEquals((outcome.error as { kind: string }).kind, "aborted");
    assertEquals(board.get(CLEANED), 1);
    const error = await assertRejects(() => outcome.rejected, Error);
    assertEquals(
      error.message,
      "Cannot shut the runtime down inside block_on: its promise could never " +
        "settle; do so after block_on has returned",
    );
  },
  { board: true },
);

poolTest(
  "a runtime of a task's own lives and ends there",
  async ({ rt }) => {
    assertEquals(await valueOf(rt.spawn(shutsDown, 4)), [8, "aborted"]);
  },
  { on: [1, 2] },
);

edoTest(
  "`using` in ordinary code blocks until the workers have gone",
  async () => {
    let handle: JoinHandle<unknown>;
    let ended: Runtime;
    {
      using rt = new Runtime({ workers: 2 });
      ended = rt;
      await layBoard(rt, 2);
      handle = rt.spawn(cleanup, STARTED, CLEANED);
      await board.reaches(STARTED, 1, "the start of the task");
    }
    assertEquals([board.get(CLEANED), ended.metrics().workers], [1, 0]);
    assertEquals(await outcomeOf(handle), "aborted");
    assertBalanced(ended.metrics());
  },
);

edoTest(
  "a task blocked beyond the timeout is named, and shutdown returns",
  async () => {
    const failures: string[] = [];
    const hook = setFailureHook(({ what, error }) => {
      failures.push(`${what}: ${error}`);
    });
    const rt = new Runtime({ workers: 2 });
    try {
      await layBoard(rt, 2);
      const handle = rt.spawnWith({ on: 1 }, hog, STARTED, GATE);
      await board.reaches(STARTED, 1, "the start of the task");
      const start = performance.now();
      await waitFor(rt.shutdown({ timeout: 50 }), 5_000, "the shutdown");
      const took = performance.now() - start;
      assert(took >= 50, `it gave up after ${took} ms`);
      assertEquals(await outcomeOf(handle), "lost");
      assertEquals(failures, [
        "the shutdown of a runtime: Error: Cannot shut the runtime down within " +
        '50 ms: "hog" on worker 1 did not come to an end; nothing can stop a ' +
        "loop, so the thread was let go",
      ]);
      assertBalanced(rt.metrics());
    } finally {
      setFailureHook(hook);
      // Whatever the thread does with what it is told is its own affair by now.
      board.set(GATE, 1);
    }
  },
);

poolTest(
  "workers retire when idle, start again when needed, and keep counting",
  async ({ rt, workers }) => {
    for (let round = 1; round <= 2; round++) {
      assertEquals(await valueOf(rt.spawn(double, round)), 2 * round);
      if (round % 2 === 0) {
        rt.block_on(function* () {
          yield* rt.spawn(sleep, 1);
        });
      }
      await retired(rt);
    }
    for (let on = 1; on <= workers; on++) {
      assertEquals(await valueOf(rt.spawnWith({ on }, where)), `edo ${on}`);
    }
    assertEquals(rt.metrics().completed, 3 + workers);
  },
  { on: [1, 2, 4], idleTimeout: 10 },
);

poolTest(
  "workers that are about to retire take what comes in that moment",
  async ({ rt, workers }) => {
    for (let on = 1; on <= workers; on++) {
      await valueOf(rt.spawnWith({ on }, where));
    }
    for (let round = 0; round < 15; round++) {
      // As soon as one of them has gone: the others are on their way.
      while (rt.metrics().workers === workers) await nextTurn();
      assertEquals(await valueOf(rt.spawn(double, round)), 2 * round);
    }
    for (let round = 0; round < 15; round++) {
      // Before that there is nothing to be seen: a bit less than the time after
      // which they retire, just that time, and a bit more.
      await delay(round % 12);
      assertEquals(await valueOf(rt.spawn(double, round)), 2 * round);
    }
  },
  { on: [1, 2], idleTimeout: 5 },
);

poolTest(
  "an exported Handle keeps the workers",
  async ({ rt, workers }) => {
    for (let on = 1; on <= workers; on++) {
      await valueOf(rt.spawnWith({ on }, where));
    }
    rt.handle().export();
    // Others that have been idle for less time retire, each time.
    await using other = new Runtime({ workers, idleTimeout: 10 });
    for (let round = 0; round < 5; round++) {
      await valueOf(other.spawn(double, 1));
      await retired(other);
      assertEquals(rt.metrics().workers, workers);
    }
    assertEquals(await valueOf(rt.spawn(double, 2)), 4);
  },
  { on: [2], idleTimeout: 10 },
);

/** Lets Deno's loop go round once. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

edoTest("many runtimes come and go", async () => {
  const hook = setFailureHook(() => {});
  try {
    for (let round = 0; round < 6; round++) {
      const rt = new Runtime({ workers: 2 });
      const handle = rt.spawn(round % 3 === 0 ? sleep : double, 1);
      if (round % 2 === 0) await valueOf(handle);
      await rt.shutdown();
      assertBalanced(rt.metrics());
    }
  } finally {
    setFailureHook(hook);
  }
  assertEquals(await spawn(double, 1), 2);
});
