/** Spawning from all kinds of places. */
import { assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { Handle, join, run, Runtime, spawn, spawnWith } from "../../mod.ts";
import { edoTest } from "../helpers/leaks.ts";
import { waitForEvent } from "../helpers/deadline.ts";
import {
  asyncEcho,
  blockingFromTask,
  chain,
  double,
  echo,
  plainEcho,
  sleep,
  spawnMany,
  viaAsync,
  viaBlocking,
  viaTask,
  where,
} from "./fixtures/tasks.ts";
import { PATIENCE_MS, poolTest, valueOf } from "./support.ts";

const EACH = [0, 1, 2, 4] as const;

/** Where tasks run: on a worker, or on the test's thread if there is none. */
function onPool(workers: number): RegExp {
  return workers === 0 ? /^main$/ : /^edo \d+$/;
}

poolTest(
  "ordinary async code spawns and awaits",
  async ({ rt, workers }) => {
    assertEquals(await valueOf(rt.spawn(double, 21)), 42);
    assertMatch(await valueOf(rt.spawn(where)), onPool(workers));
    assertEquals(
      await valueOf(Promise.all([1, 2, 3].map((n) => rt.spawn(double, n)))),
      [2, 4, 6],
    );
  },
  { on: EACH },
);

poolTest(
  "generator, async and plain functions are tasks alike",
  async ({ rt }) => {
    assertEquals(await valueOf(rt.spawn(echo, "a")), "a");
    assertEquals(await valueOf(rt.spawn(asyncEcho, "b")), "b");
    assertEquals(await valueOf(rt.spawn(plainEcho, "c")), "c");
  },
  { on: EACH },
);

poolTest(
  "block_on spawns into its runtime and joins, while the workers start",
  ({ rt, workers }) => {
    const results = rt.block_on(function* () {
      const slow = spawn(sleep, 20);
      const names = yield* join(spawn(where), spawn(where));
      return { names, slow: yield* slow, own: yield* rt.spawn(double, 4) };
    });
    for (const name of results.names) assertMatch(name, onPool(workers));
    assertEquals([results.slow, results.own], [20, 8]);
  },
  { on: EACH },
);

poolTest(
  "run spawns into its runtime",
  async ({ rt, workers }) => {
    const name = await rt.run(function* () {
      return yield* spawn(where);
    });
    assertMatch(name, onPool(workers));
    assertEquals(await rt.run(async () => await spawn(double, 3)), 6);
    assertEquals(await rt.run(() => spawn(double, 4)), 8);
  },
  { on: EACH },
);

poolTest(
  "tasks spawn tasks, and wait for them",
  async ({ rt, workers }) => {
    const [thread, value] = await valueOf(rt.spawn(viaTask, 5));
    assertMatch(String(thread), onPool(workers));
    assertEquals(value, 10);
    assertEquals(await valueOf(rt.spawn(chain, 40)), 40);
    assertEquals(await valueOf(rt.spawn(spawnMany, 500)), 500);
  },
  { on: EACH },
);

poolTest(
  "async tasks spawn, and await",
  async ({ rt }) => {
    const [thread, value] = await valueOf(rt.spawn(viaAsync, 6));
    assertMatch(String(thread), /^edo \d+$/);
    assertEquals(value, 12);
  },
  { on: [1, 2, 4] },
);

poolTest(
  "what a worker spawns goes to the runtime of its own",
  async ({ rt }) => {
    await using other = new Runtime({ workers: 1 });
    await valueOf(rt.spawn(viaTask, 1));
    await valueOf(rt.spawn(viaBlocking, 1));
    assertEquals(rt.metrics().spawned, 4);
    assertEquals(other.metrics().spawned, 0);
    await valueOf(other.spawn(viaTask, 1));
    assertEquals(rt.metrics().spawned, 4);
    assertEquals(other.metrics().spawned, 2);
  },
);

poolTest(
  "blocking tasks run on threads of their own, and spawn from there",
  async ({ rt, workers }) => {
    const [thread, value] = await valueOf(rt.spawnBlocking(viaBlocking, 7));
    const number = Number(/^edo (\d+)$/.exec(String(thread))?.[1]);
    assertEquals([number > workers, value], [true, 14]);
    const [worker, [blocking, inner]] = await valueOf(
      rt.spawn(blockingFromTask, 8),
    ) as [string, [string, number]];
    assertNotEquals(worker, blocking);
    assertEquals(inner, 16);
  },
  { on: [1, 2] },
);

poolTest(
  "a Handle spawns from anywhere on the thread, and imports where it was made",
  async ({ rt, workers }) => {
    const handle = rt.handle();
    assertEquals(await valueOf(handle.spawn(double, 1)), 2);
    assertMatch(
      await run(() => handle.spawn(where)),
      onPool(workers),
    );
    if (workers === 0) return;
    const imported = Handle.import(handle.export());
    assertEquals(await valueOf(imported.spawn(double, 2)), 4);
    assertEquals(
      await valueOf(imported.spawnWith({ on: workers }, where)),
      `edo ${workers}`,
    );
  },
  { on: EACH },
);

/** Starts a Worker of the user's own, which does what it is asked. */
class Outside implements AsyncDisposable {
  readonly #worker = new Worker(
    new URL("./fixtures/outside.ts", import.meta.url),
    { type: "module" },
  );

  async ask(request: unknown): Promise<unknown> {
    const answer = waitForEvent<MessageEvent>(
      this.#worker as EventTarget,
      "message",
      PATIENCE_MS,
      "an answer",
    );
    this.#worker.postMessage(request);
    return (await answer).data;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Not terminated: it could not give back what its loop waits with.
    this.#worker.postMessage({ how: "end" });
    await Promise.resolve();
  }
}

for (const how of ["hosted", "block_on"]) {
  poolTest(
    `a Worker of the user's spawns through an imported Handle [${how}]`,
    async ({ rt }) => {
      await using outside = new Outside();
      const message = rt.handle().export();
      assertEquals(
        await outside.ask({ how, message, count: 200 }),
        Array.from({ length: 200 }, (_, n) => 2 * n),
      );
      // Its place is the same with the second import.
      assertEquals(await outside.ask({ how, message, count: 3 }), [0, 2, 4]);
    },
    { on: [1, 2] },
  );
}

poolTest(
  "several Workers of the user's spawn at once, and so does the creator",
  async ({ rt }) => {
    await using a = new Outside();
    await using b = new Outside();
    await using c = new Outside();
    const message = rt.handle().export();
    const expected = Array.from({ length: 2_000 }, (_, n) => 2 * n);
    const [own, ...theirs] = await Promise.all([
      Promise.all(expected.map((_, n) => rt.spawn(double, n))),
      a.ask({ how: "hosted", message, count: 2_000 }),
      b.ask({ how: "block_on", message, count: 2_000 }),
      c.ask({ how: "hosted", message, count: 2_000 }),
    ]);
    assertEquals(own, expected);
    for (const values of theirs) assertEquals(values, expected);
    assertEquals(rt.metrics().spawned, 8_000);
  },
);

poolTest(
  "an imported Handle starts the workers, although its thread cannot",
  async ({ rt }) => {
    await using outside = new Outside();
    // Nothing was spawned before.
    const message = rt.handle().export();
    assertEquals(
      await outside.ask({ how: "block_on", message, count: 1 }),
      [0],
    );
  },
);

edoTest("a default runtime is made where there is none", async () => {
  const name = await valueOf(spawn(where));
  assertMatch(name, /^edo \d+$/);
  assertEquals(
    await run(function* () {
      return yield* spawn(viaTask, 2);
    }).then(([, value]) => value),
    4,
  );
  assertEquals(await valueOf(spawnWith({ on: 1 }, where)), "edo 1");
});
