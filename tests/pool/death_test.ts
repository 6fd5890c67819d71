/** Workers that end in the middle of their work. */
import { assertEquals, assertNotEquals } from "@std/assert";
import { board } from "./fixtures/board.ts";
import { Closable, hold } from "./fixtures/closable.ts";
import { closes, exits } from "./fixtures/faulty.ts";
import { threadNumber } from "./fixtures/scheduling.ts";
import { cleanup, double, gated, hog, sleep, where } from "./fixtures/tasks.ts";
import { increment } from "./fixtures/values.ts";
import { joinErrorOf, outcomeOf, poolTest, valueOf } from "./support.ts";

/** The cells of these tests. */
const [STARTED, GATE, CLEANED, CLOSED] = [0, 1, 2, 3];

for (
  const [fn, how] of [[closes, "self.close"], [exits, "Deno.exit"]] as const
) {
  poolTest(
    `${how} in a task loses the task, and its worker is replaced, ten times`,
    async ({ rt, workers }) => {
      for (let round = 1; round <= 10; round++) {
        const on = 1 + round % workers;
        const error = await joinErrorOf(
          rt.spawnWith({ on }, fn),
        );
        assertEquals([error.kind, error.task], ["lost", fn.name]);
        assertEquals(
          error.message,
          `Cannot join the task "${fn.name}": the worker that ran it has ended`,
        );
        assertEquals(await valueOf(rt.spawnWith({ on }, where)), `edo ${on}`);
        assertEquals(rt.metrics().lost, round);
      }
      assertEquals(rt.metrics().workers, workers);
    },
    { on: [1, 2] },
  );
}

poolTest(
  "with a worker go the tasks that have started there, and no others",
  async ({ rt }) => {
    const there = [1, 2, 3].map(() => {
      return rt.spawnWith({ on: 1 }, cleanup, STARTED, CLEANED);
    });
    const elsewhere = rt.spawnWith({ on: 2 }, gated, STARTED, GATE);
    await board.reaches(STARTED, 4, "the start of all");
    const ending = rt.spawnWith({ on: 1 }, closes);
    for (const handle of [...there, ending]) {
      assertEquals(await outcomeOf(handle), "lost");
    }
    assertEquals(board.get(CLEANED), 0);
    board.set(GATE, 1);
    assertEquals(await valueOf(elsewhere), "edo 2");
    assertEquals(rt.metrics().lost, 4);
  },
  { board: true },
);

poolTest(
  "tasks that wait for a worker that dies run on the one that replaces it",
  async ({ rt }) => {
    const before = await valueOf(rt.spawnWith({ on: 1 }, threadNumber));
    const busy = rt.spawnWith({ on: 1 }, hog, STARTED, GATE);
    await board.reaches(STARTED, 1, "the start of the task");
    const ending = rt.spawnWith({ on: 1 }, closes);
    const mailed = Array.from({ length: 20 }, () => {
      return rt.spawnWith({ on: 1 }, where);
    });
    const held = rt.spawnWith({ on: 1 }, hold, new Closable(CLOSED), 1, 5);
    board.set(GATE, 1);
    assertEquals(await valueOf(busy), "edo 1");
    assertEquals(await outcomeOf(ending), "lost");
    for (const handle of mailed) assertEquals(await valueOf(handle), "edo 1");
    // Its module has a board of its own on the new thread: that is not asked.
    assertEquals(await valueOf(held), "held");
    assertNotEquals(
      await valueOf(rt.spawnWith({ on: 1 }, threadNumber)),
      before,
    );
  },
  { board: true },
);

poolTest(
  "queued tasks that could run anywhere still run when workers die among them",
  async ({ rt, workers }) => {
    const handles = Array.from({ length: 500 }, (_, n) => {
      return n % 100 === 50 ? rt.spawn(closes) : rt.spawn(double, n);
    });
    for (const [n, handle] of handles.entries()) {
      const expected = n % 100 === 50 ? "lost" : `value ${2 * n}`;
      assertEquals(await outcomeOf(handle), expected);
    }
    for (let on = 1; on <= workers; on++) {
      assertEquals(await valueOf(rt.spawnWith({ on }, where)), `edo ${on}`);
    }
  },
  { on: [1, 2, 4] },
);

poolTest(
  "shared memory reaches the worker that replaces another, and leaves it",
  async ({ rt }) => {
    const memory = new SharedArrayBuffer(4);
    for (let round = 1; round <= 3; round++) {
      assertEquals(await outcomeOf(rt.spawnWith({ on: 1 }, closes)), "lost");
      const back = await valueOf(
        rt.spawnWith({ on: 1 }, increment, memory, 5),
      );
      assertEquals(new Int32Array(back)[0], 5 * round);
      await valueOf(rt.spawnWith({ on: 2 }, increment, memory, 0));
    }
  },
);

poolTest(
  "a blocking thread that ends itself loses its task, and others go on",
  async ({ rt }) => {
    const error = await joinErrorOf(rt.spawnBlocking(closes));
    assertEquals(error.kind, "lost");
    assertEquals(await valueOf(rt.spawnBlocking(double, 4)), 8);
    assertEquals(await valueOf(rt.spawn(double, 4)), 8);
  },
);

poolTest(
  "block_on hears of a worker that dies, and of its replacement",
  ({ rt }) => {
    rt.block_on(function* () {
      const beside = rt.spawnWith({ on: 2 }, sleep, 50);
      let kind = "";
      try {
        yield* rt.spawnWith({ on: 1 }, closes);
      } catch (error) {
        kind = (error as { kind: string }).kind;
      }
      assertEquals(kind, "lost");
      assertEquals(yield* rt.spawnWith({ on: 1 }, where), "edo 1");
      assertEquals(yield* beside, 50);
    });
  },
);

poolTest(
  "a runtime whose worker has just died shuts down",
  async ({ rt, workers }) => {
    rt.spawnWith({ on: 1 }, closes).detach();
    const mailed = rt.spawnWith({ on: 1 }, double, 1);
    await rt.shutdown();
    const outcome = await outcomeOf(mailed);
    assertEquals(["aborted", "value 2"].includes(outcome), true, outcome);
    assertEquals(rt.metrics().workers, 0, `of ${workers}`);
  },
  { on: [1, 2] },
);
