/** Each task that was spawned is counted once, with one outcome, whatever ends. */
import { assertEquals } from "@std/assert";
import { SEAT, STATUS } from "../../src/executor/pool/layout.ts";
import { pollFor } from "../helpers/deadline.ts";
import {
  closes,
  double,
  first,
  GATE,
  spawnsAndCloses,
  spawnsStuck,
  STARTED,
  stuck,
} from "./fixtures/tasks.ts";
import { limitTest, PATIENCE_MS, type SmallPool, valueOf } from "./support.ts";

async function kindOf(handle: PromiseLike<unknown>): Promise<string> {
  try {
    await valueOf(handle);
  } catch (error) {
    return (error as { kind?: string }).kind ?? String(error);
  }
  return "value";
}

async function started(cells: SharedArrayBuffer): Promise<void> {
  await pollFor(
    () => new Int32Array(cells)[STARTED] === 1,
    PATIENCE_MS,
    "the start of the task",
  );
}

/** Lets the task that was given up end, and waits until its thread has gone. */
async function release(
  small: SmallPool,
  cells: SharedArrayBuffer,
  seat: number,
): Promise<void> {
  const words = new Int32Array(cells);
  Atomics.store(words, GATE, 1);
  Atomics.notify(words, GATE);
  const { memory } = small.pool;
  await pollFor(
    () => memory.loadSeat(seat, SEAT.STATUS) === STATUS.VACANT,
    PATIENCE_MS,
    "the end of the thread",
  );
  for (const worker of small.letGo) worker.terminate();
}

limitTest(
  "a task whose thread is let go is lost, also when it ends after all",
  {},
  async (small) => {
    const cells = new SharedArrayBuffer(8);
    const handle = small.spawn({ on: 1 }, stuck, cells);
    await started(cells);
    const outcome = kindOf(handle);
    const [{ worker, task } = {}] = await small.pool.shutdown(10);
    assertEquals([worker, task, await outcome], [1, "stuck", "lost"]);
    const before = small.metrics;
    assertEquals([before.spawned, before.completed, before.lost], [1, 0, 1]);
    await release(small, cells, 1);
    assertEquals({ ...small.metrics, workers: before.workers }, before);
  },
);

limitTest(
  "so is one that was spawned by a task on a worker that has left",
  {},
  async (small) => {
    const cells = new SharedArrayBuffer(8);
    const handle = small.spawn({ on: 1 }, spawnsStuck, cells);
    await started(cells);
    const outcome = kindOf(handle);
    await small.pool.shutdown(10);
    assertEquals(await outcome, "aborted");
    const before = small.metrics;
    assertEquals([before.spawned, before.aborted, before.lost], [2, 1, 1]);
    await release(small, cells, 2);
    assertEquals({ ...small.metrics, workers: before.workers }, before);
  },
);

limitTest(
  "tasks that wait behind one whose thread is let go are counted as well",
  {},
  async (small) => {
    const cells = new SharedArrayBuffer(8);
    small.spawn({ on: 1 }, stuck, cells).detach();
    await started(cells);
    const behind = [
      small.spawn({ on: 1 }, double, 1),
      small.spawn({ on: 1 }, first, cells),
    ].map(kindOf);
    await small.pool.shutdown(10);
    assertEquals(await Promise.all(behind), ["lost", "lost"]);
    const before = small.metrics;
    assertEquals([before.spawned, before.lost], [3, 3]);
    await release(small, cells, 1);
    assertEquals({ ...small.metrics, workers: before.workers }, before);
  },
);

limitTest(
  "what a worker that ends itself has no record for is lost, and nothing else",
  // The creator and the worker fetch half of them each.
  { records: 128 },
  async (small) => {
    assertEquals(await kindOf(small.spawn({}, spawnsAndCloses, 100)), "lost");
    assertEquals(await valueOf(small.spawn({}, double, 4)), 8);
    await pollFor(
      () => small.pool.memory.unended === 0,
      PATIENCE_MS,
      "the ends of all",
    );
    const { completed, lost } = small.metrics;
    assertEquals([completed, lost], [1 + 64, 1 + 36]);
  },
);

limitTest(
  "shared memory that was sent to a worker which dies loses its task",
  {},
  async (small) => {
    const cells = new SharedArrayBuffer(8);
    small.spawn({ on: 1 }, stuck, cells).detach();
    await started(cells);
    const ending = kindOf(small.spawn({ on: 1 }, closes));
    const sent = kindOf(small.spawn({ on: 1 }, first, cells));
    const plain = small.spawn({ on: 1 }, double, 4);
    const words = new Int32Array(cells);
    Atomics.store(words, GATE, 1);
    Atomics.notify(words, GATE);
    assertEquals([await ending, await sent], ["lost", "lost"]);
    assertEquals(await valueOf(plain), 8);
    // The worker that took its place gets what is sent to it.
    assertEquals(await valueOf(small.spawn({ on: 1 }, first, cells)), 1);
  },
);
