/** Tasks whose arguments and outcomes find no room wait for it, and none is refused. */
import { assertEquals } from "@std/assert";
import { waitForEvent } from "../helpers/deadline.ts";
import { double, make, pattern, sum, sumAll, sumOf } from "./fixtures/tasks.ts";
import { limitTest, PATIENCE_MS, type SmallPool, valueOf } from "./support.ts";

/** Room for the names of functions and for one large payload, or a few. */
const SMALL_HEAP = { heap: 64 * 1024 };
/** More than a quarter of that, so that two have room at most. */
const LENGTH = 20_000;
const COUNT = 8;
const SUM = sumOf(pattern(LENGTH));

limitTest(
  "blocking tasks whose arguments find no room wait for it",
  SMALL_HEAP,
  async (small) => {
    const bytes = pattern(LENGTH);
    const handles = Array.from({ length: COUNT }, () => {
      return small.spawn({ blocking: true }, sum, bytes);
    });
    // What was spawned was read: later changes are not seen.
    bytes.fill(0);
    for (const handle of handles) assertEquals(await valueOf(handle), SUM);
  },
);

limitTest(
  "blocking tasks whose results find no room on their way back all arrive",
  SMALL_HEAP,
  async (small) => {
    const handles = Array.from({ length: COUNT }, () => {
      return small.spawn({ blocking: true }, make, LENGTH);
    });
    for (const handle of handles) {
      assertEquals(sumOf(await valueOf(handle)), SUM);
    }
  },
);

limitTest(
  "a task on a worker spawns more blocking tasks than there is room for",
  SMALL_HEAP,
  async (small) => {
    assertEquals(
      await valueOf(small.spawn({}, sumAll, LENGTH, COUNT)),
      Array(COUNT).fill(SUM),
    );
  },
);

limitTest(
  "tasks of all kinds wait for the few records that there are",
  { records: 8 },
  async (small) => {
    const handles = Array.from({ length: 300 }, (_, n) => {
      return small.spawn(
        [{}, { on: 1 }, { blocking: true }][n % 3]!,
        double,
        n,
      );
    });
    for (const [n, handle] of handles.entries()) {
      assertEquals(await valueOf(handle), 2 * n);
    }
  },
);

limitTest(
  "a task that is spawned for the first time while the heap is full waits too",
  // So little that the name of a second function finds no room.
  { heap: 256 },
  async (small) => {
    const first = small.spawn({}, double, 21);
    const second = small.spawn({ blocking: true }, make, 1);
    assertEquals(await valueOf(first), 42);
    second.abort();
    await assertAborted(second);
  },
);

async function assertAborted(handle: PromiseLike<unknown>): Promise<void> {
  try {
    await valueOf(handle);
  } catch (error) {
    assertEquals((error as { kind?: string }).kind, "aborted");
    return;
  }
  throw new Error("it has a value");
}

limitTest(
  "a task that waits for room can be aborted, and the others go on",
  SMALL_HEAP,
  async (small) => {
    const bytes = pattern(LENGTH);
    const handles = Array.from({ length: COUNT }, () => {
      return small.spawn({ blocking: true }, sum, bytes);
    });
    const aborted = handles.splice(COUNT / 2, COUNT / 2);
    for (const handle of aborted) handle.abort();
    for (const handle of aborted) await assertAborted(handle);
    for (const handle of handles) assertEquals(await valueOf(handle), SUM);
  },
);

limitTest(
  "what waits for room when the runtime ends is aborted",
  SMALL_HEAP,
  async (small) => {
    const handles = Array.from({ length: COUNT }, () => {
      return small.spawn({ blocking: true }, sum, pattern(LENGTH));
    });
    const outcomes = Promise.allSettled(handles);
    await small.pool.shutdown(PATIENCE_MS);
    for (const { status } of (await outcomes).slice(4)) {
      assertEquals(status, "rejected");
    }
  },
);

limitTest(
  "what no room could ever hold reaches a blocking task by a message",
  {},
  async (small) => {
    const bytes = new Uint8Array(2 ** 26).fill(1);
    const task = small.spawn({ blocking: true }, sum, bytes);
    assertEquals(await valueOf(task), 2 ** 26);
  },
);

class Outside implements AsyncDisposable {
  readonly #worker = new Worker(
    new URL("./fixtures/outside.ts", import.meta.url),
    { type: "module" },
  );

  async ask(small: SmallPool, request: object): Promise<unknown> {
    const { memory } = small.pool;
    memory.setExported();
    small.pool.start();
    const message = { kind: "edo.Handle", memory: memory.shared };
    const answer = waitForEvent<MessageEvent>(
      this.#worker,
      "message",
      PATIENCE_MS,
      "an answer",
    );
    this.#worker.postMessage({ ...request, message });
    return (await answer).data;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Not terminated: it could not give back what its loop waits with.
    this.#worker.postMessage({ how: "end" });
    await Promise.resolve();
  }
}

for (const how of ["arguments", "results"]) {
  limitTest(
    `${how} of tasks that a Worker of the user's spawns wait for room`,
    SMALL_HEAP,
    async (small) => {
      await using outside = new Outside();
      assertEquals(
        await outside.ask(small, { how, length: LENGTH, count: COUNT }),
        Array(COUNT).fill(SUM),
      );
    },
  );
}

limitTest(
  "what a Worker of the user's can never send is refused with its size",
  {},
  async (small) => {
    await using outside = new Outside();
    assertEquals(
      await outside.ask(small, { how: "too much", length: 2 ** 26, count: 1 }),
      `RangeError: Cannot spawn "sum": its arguments take ${2 ** 26 + 56} ` +
        `bytes, and ${
          2 ** 26
        } at most can go from a thread that has imported ` +
        "its Handle",
    );
  },
);
