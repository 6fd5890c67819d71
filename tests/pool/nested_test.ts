/** Runtimes inside of each other, and on a thread that is not in any. */
import { assertEquals, assertThrows } from "@std/assert";
import { Runtime, spawn } from "../../mod.ts";
import { board } from "./fixtures/board.ts";
import { nests } from "./fixtures/nested.ts";
import { count, double, sleep } from "./fixtures/tasks.ts";
import { outcomeOf, poolTest, valueOf } from "./support.ts";

const MESSAGE =
  "Cannot block_on inside a task: it would block every other task of the " +
  "thread; use `yield*` on the future instead";

poolTest(
  "block_on of a Runtime inside a task is an error at once, of the same one or of another, and the outer one finishes",
  async ({ rt, workers }) => {
    await using other = new Runtime({ workers });
    const value = rt.block_on(function* () {
      const nested = () => {
        for (const runtime of [rt, other]) {
          const error = assertThrows(() => runtime.block_on(() => 1), Error);
          assertEquals(error.message, MESSAGE);
        }
        return "nested";
      };
      const inTask = yield* spawn(nested);
      return [inTask, nested(), yield* rt.spawn(double, 2)];
    });
    assertEquals(value, ["nested", "nested", 4]);
    assertEquals(other.metrics().spawned, 0);
    assertEquals(await valueOf(other.spawn(double, 3)), 6);
  },
  { on: [0, 1, 2] },
);

poolTest(
  "block_on inside a task on a worker is an error at once, and its worker goes on",
  async ({ rt }) => {
    assertEquals(await valueOf(rt.spawn(nests)), [MESSAGE, MESSAGE]);
    assertEquals(await valueOf(rt.spawn(double, 2)), 4);
  },
  { on: [1, 2] },
);

poolTest(
  "a Runtime may be made, used and ended inside the block_on of another",
  ({ rt, workers }) => {
    const value = rt.block_on(function* () {
      using inner = new Runtime({ workers });
      const sleeping = inner.spawn(sleep, 600_000);
      const value = (yield* inner.spawn(double, 2)) +
        (yield* rt.spawn(double, 3));
      sleeping.abort();
      return value;
    });
    assertEquals(value, 10);
  },
  { on: [0, 1, 2] },
);

poolTest(
  "tasks spawned in a block_on that has returned run to their ends on the workers",
  async ({ rt }) => {
    const [RAN] = [0];
    const handles = rt.block_on(function* () {
      const handles = Array.from({ length: 200 }, () => spawn(count, RAN));
      yield* spawn(double, 1);
      // Not as they are: a single one would be waited for.
      return { handles };
    }).handles;
    for (const handle of handles) {
      assertEquals(await outcomeOf(handle), "value undefined");
    }
    assertEquals(board.get(RAN), 200);
  },
  { on: [1, 2, 4], board: true },
);

poolTest(
  "without workers a task makes no progress while its thread does something else, and then ends",
  async ({ rt }) => {
    const [RAN, NEVER] = [0, 1];
    board.set(RAN, 0);
    const handle = rt.spawn(count, RAN);
    // Time enough for another thread, if there were one.
    board.block(NEVER, 50);
    assertEquals([handle.isFinished, board.get(RAN)], [false, 0]);
    await valueOf(handle);
    assertEquals(board.get(RAN), 1);
  },
  { on: [0] },
);
