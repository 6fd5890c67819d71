/** What runtimes and spawns are asked for: where tasks run, and what is refused. */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  Handle,
  Runtime,
  type RuntimeOptions,
  type ShutdownOptions,
  spawnBlocking,
  type SpawnOptions,
  spawnWith,
} from "../../mod.ts";
import { edoTest } from "../helpers/leaks.ts";
import { board } from "./fixtures/board.ts";
import { double, gated, hog, spawnOn, where } from "./fixtures/tasks.ts";
import { poolTest, valueOf } from "./support.ts";

/** The cells of these tests. */
const [STARTED, GATE] = [0, 1];

poolTest(
  "a task that names its worker runs there, wherever it was spawned",
  async ({ rt, workers }) => {
    for (let round = 0; round < 20; round++) {
      for (let on = 1; on <= workers; on++) {
        assertEquals(await valueOf(rt.spawnWith({ on }, where)), `edo ${on}`);
      }
    }
    const names = Array.from({ length: workers }, (_, n) => `edo ${n + 1}`);
    for (let from = 1; from <= workers; from++) {
      assertEquals(
        await valueOf(rt.spawnWith({ on: from }, spawnOn, workers)),
        names,
      );
    }
    const inside = rt.block_on(function* () {
      return yield* spawnWith({ on: workers }, where);
    });
    assertEquals(inside, `edo ${workers}`);
  },
  { on: [1, 2, 4] },
);

poolTest(
  "a worker that is busy gets its tasks later, and nobody else runs them",
  async ({ rt }) => {
    const busy = rt.spawnWith({ on: 1 }, hog, STARTED, GATE);
    await board.reaches(STARTED, 1, "the start of a task");
    const mailed = Array.from({ length: 50 }, () => {
      return rt.spawnWith({ on: 1 }, where);
    });
    // The other worker is free and runs all that may run anywhere.
    for (let i = 0; i < 50; i++) {
      assertEquals(await valueOf(rt.spawn(where)), "edo 2");
    }
    assertEquals(mailed.some((handle) => handle.isFinished), false);
    board.set(GATE, 1);
    assertEquals(await valueOf(busy), "edo 1");
    for (const handle of mailed) assertEquals(await valueOf(handle), "edo 1");
  },
  { board: true },
);

poolTest(
  '"fewest" spreads tasks that stay over all workers alike',
  async ({ rt, workers }) => {
    const count = 4 * workers;
    const handles = Array.from({ length: count }, () => {
      return rt.spawnWith({ on: "fewest" }, gated, STARTED, GATE);
    });
    await board.reaches(STARTED, count, "the start of all tasks");
    board.set(GATE, 1);
    const tally = new Map<string, number>();
    for (const handle of handles) {
      const name = await valueOf(handle);
      tally.set(name, (tally.get(name) ?? 0) + 1);
    }
    assertEquals([...tally.values()], new Array(workers).fill(4));
  },
  { on: [1, 2, 4], board: true },
);

poolTest(
  '"fewest" takes the worker that has become free',
  async ({ rt }) => {
    const stays = rt.spawnWith({ on: 1 }, gated, STARTED, GATE);
    await board.reaches(STARTED, 1, "the start of a task");
    for (let i = 0; i < 20; i++) {
      const on = "fewest" as const;
      assertEquals(await valueOf(rt.spawnWith({ on }, where)), "edo 2");
    }
    board.set(GATE, 1);
    assertEquals(await valueOf(stays), "edo 1");
  },
  { board: true },
);

poolTest(
  "a worker that does not exist is refused, and nothing is spawned",
  ({ rt, workers }) => {
    const handle = rt.handle();
    const wrong = [0, workers + 1, -1, 1.5, NaN, Infinity, "1", "most", null];
    for (const on of wrong as SpawnOptions["on"][]) {
      const shown = typeof on === "string" ? `"${on}"` : on;
      for (const through of [rt, handle]) {
        assertThrows(
          () => through.spawnWith({ on } as SpawnOptions, double, 1),
          RangeError,
          `Cannot spawn: the option on is ${shown}, and the workers are ` +
            `numbered from 1 to ${workers}`,
        );
      }
    }
    assertEquals(rt.metrics().spawned, 0);
  },
  { on: [1, 2] },
);

poolTest(
  "what is not shareable is refused with a hint, and nothing is spawned",
  ({ rt }) => {
    const handle = rt.handle();
    const wrong: [unknown, string][] = [
      [function local() {}, '"local"'],
      [() => {}, '""'],
      [undefined, "undefined"],
      [null, "null"],
      [7, "7"],
    ];
    for (const [fn, name] of wrong) {
      const expected = `Cannot spawn ${name}: it is no shareable task; ` +
        "declare it at module level, with " +
        "`export const x = task(import.meta, …)`";
      const target = fn as typeof double;
      const spawns = [
        () => rt.spawn(target, 1),
        () => rt.spawnWith({ on: 1 }, target, 1),
        () => rt.spawnBlocking(target, 1),
        () => handle.spawn(target, 1),
        () => handle.spawnWith({}, target, 1),
        () => spawnWith({}, target, 1),
        () => spawnBlocking(target, 1),
      ];
      for (const call of spawns) assertThrows(call, TypeError, expected);
    }
    assertEquals(rt.metrics().spawned, 0);
  },
);

edoTest("a Runtime is not made with options that are none", () => {
  const workers: unknown[] = [-1, 1.5, NaN, Infinity, "2", 2000, null, true];
  for (const value of workers) {
    const shown = typeof value === "string" ? `"${value}"` : value;
    const error = assertThrows(
      () => new Runtime({ workers: value } as RuntimeOptions),
      RangeError,
    );
    assertEquals(
      error.message,
      `Cannot make a Runtime: workers is ${shown}, and must be a whole ` +
        "number from 0 to 1024",
    );
  }
  for (const value of [-1, NaN, "500", null] as unknown[]) {
    const shown = typeof value === "string" ? `"${value}"` : value;
    const error = assertThrows(
      () => new Runtime({ idleTimeout: value } as RuntimeOptions),
      RangeError,
    );
    assertEquals(
      error.message,
      `Cannot make a Runtime: idleTimeout is ${shown}, and must be a ` +
        "number of milliseconds from 0 on",
    );
  }
});

edoTest("no option, or undefined, is the default", async () => {
  const made = [
    new Runtime(),
    new Runtime({}),
    new Runtime({ workers: 1, idleTimeout: Infinity }),
    new Runtime({ workers: undefined } as unknown as RuntimeOptions),
    new Runtime(null as unknown as RuntimeOptions),
  ];
  for (const rt of made) {
    assertEquals(rt.metrics().workers, 0);
    await rt.shutdown();
  }
});

poolTest(
  "a shutdown with a wrong timeout changes nothing",
  async ({ rt }) => {
    for (const timeout of [-1, NaN, "10", null] as unknown[]) {
      const shown = typeof timeout === "string" ? `"${timeout}"` : timeout;
      const error = await assertRejects(
        () => rt.shutdown({ timeout } as ShutdownOptions),
        RangeError,
      );
      assertEquals(
        error.message,
        `Cannot shut the runtime down: timeout is ${shown}, and must be a ` +
          "number of milliseconds from 0 on",
      );
      assertEquals(await valueOf(rt.spawn(double, 4)), 8);
    }
    await rt.shutdown({ timeout: undefined } as unknown as ShutdownOptions);
  },
  { on: [0, 2] },
);

poolTest("a message that is no Handle's is refused", ({ rt }) => {
  const wrong = [null, undefined, 1, {}, { kind: "edo.Handle" }, {
    kind: "edo.Handle",
    memory: new ArrayBuffer(8),
  }];
  for (const message of wrong) {
    assertThrows(
      () => Handle.import(message as never),
      TypeError,
      "Cannot import a Handle: the message is not what export() returned",
    );
  }
  assertEquals(rt.handle().export().kind, "edo.Handle");
});

poolTest(
  "a Handle of a runtime without workers cannot be exported",
  ({ rt }) => {
    const error = assertThrows(() => rt.handle().export(), Error);
    assertEquals(
      error.message,
      "Cannot export a Handle: its runtime has no workers, and other threads " +
        "cannot run tasks on this one",
    );
  },
  { on: [0] },
);

poolTest("metrics count workers, spawns and parks", async ({ rt, workers }) => {
  assertEquals(rt.metrics().workers, 0);
  for (let i = 0; i < 10; i++) await valueOf(rt.spawn(double, i));
  const { spawned, completed, failed, aborted, lost, ...rest } = rt.metrics();
  assertEquals(
    [spawned, completed, failed, aborted, lost],
    [10, 10, 0, 0, 0],
  );
  assert(rest.workers >= 1 && rest.workers <= workers, `${rest.workers}`);
}, { on: [1, 2] });
