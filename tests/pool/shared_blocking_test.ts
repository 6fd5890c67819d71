/** Shared memory, and buffers that move, for tasks that may block their threads. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { type JoinHandle, net } from "../../mod.ts";
import { pollFor } from "../helpers/deadline.ts";
import {
  awaitsGate,
  COME,
  endsBeforeAnswer,
  firstOf,
  GATE,
  GONE,
  listensAtGate,
  meetFromWorker,
  sharesFromBlocking,
} from "./fixtures/shared_blocking.ts";
import { double, where } from "./fixtures/tasks.ts";
import { outcomeOf, PATIENCE_MS, poolTest, valueOf } from "./support.ts";

function sharedWords(): Int32Array<SharedArrayBuffer> {
  return new Int32Array(new SharedArrayBuffer(12));
}

function open(words: Int32Array): void {
  Atomics.store(words, GATE, 1);
  Atomics.notify(words, GATE);
}

/** A clone is another object: what is written by one can be read by the other. */
function assertShared(memory: SharedArrayBuffer, words: Int32Array): void {
  const before = words[GATE]!;
  const theirs = new Int32Array(memory);
  theirs[GATE] = before + 1;
  assertEquals(words[GATE], before + 1);
  words[GATE] = before;
  assertEquals(theirs[GATE], before);
}

poolTest(
  "blocking tasks wait in shared memory for what others do, all at the same time",
  async ({ rt }) => {
    const words = sharedWords();
    const handles = Array.from(
      { length: 8 },
      () => rt.spawnBlocking(awaitsGate, words.buffer),
    );
    await pollFor(
      () => Atomics.load(words, COME) === 8,
      PATIENCE_MS,
      "all at the gate",
    );
    // Neither they nor what they wait for hold others up.
    assertEquals(await valueOf(rt.spawn(double, 4)), 8);
    assertEquals(await valueOf(rt.spawnBlocking(double, 5)), 10);
    open(words);
    for (const handle of handles) assertShared(await valueOf(handle), words);
    assertEquals(words[GONE], 8);
  },
  { on: [1, 2], settleMs: 10_000 },
);

poolTest(
  "a task on a worker, and one in block_on, share memory with blocking ones",
  async ({ rt }) => {
    assertEquals(await valueOf(rt.spawn(meetFromWorker, 3)), 3);
    assertEquals(rt.block_on(meetFromWorker, 2), 2);
  },
  { on: [2], settleMs: 10_000 },
);

poolTest(
  "a buffer moves to a blocking task",
  async ({ rt }) => {
    for (let n = 1; n <= 3; n++) {
      const bytes = new Uint8Array(1_000).fill(n);
      const transfer = [bytes.buffer];
      const handle = rt.spawnWith({ blocking: true, transfer }, firstOf, bytes);
      assertEquals(bytes.length, 0);
      assertEquals(await valueOf(handle), [n, 1_000]);
    }
    const thread = await valueOf(rt.spawnWith({ blocking: true }, where));
    assert(thread !== "edo 1" && thread !== "main", thread);
  },
  { on: [1] },
);

poolTest(
  "blocking tasks that are aborted before they have their memory leave nothing",
  async ({ rt }) => {
    const words = sharedWords();
    for (let round = 1; round <= 20; round++) {
      const handles = Array.from({ length: 2 }, () => {
        return rt.spawnBlocking(awaitsGate, words.buffer);
      });
      for (const handle of handles) handle.abort();
      for (const handle of handles) {
        assertEquals(await outcomeOf(handle), "aborted");
      }
    }
    assertEquals(words[COME], 0);
    open(words);
    const last = rt.spawnBlocking(awaitsGate, words.buffer);
    assertShared(await valueOf(last), words);
    assertEquals(rt.metrics().aborted, 40);
  },
  { on: [1, 2] },
);

poolTest(
  "a task whose thread has asked for its memory can still be aborted",
  async ({ rt }) => {
    const words = sharedWords();
    open(words);
    for (let round = 0; round < 200; round++) {
      const handle = rt.spawnBlocking(awaitsGate, words.buffer);
      // Its thread is at it, more or less far, and this one has not answered.
      const until = performance.now() + (round % 20) / 20;
      while (performance.now() < until);
      handle.abort();
      assertEquals(await outcomeOf(handle), "aborted");
    }
    assertEquals(words[GONE], 0);
  },
  { on: [1] },
);

poolTest(
  "what was to move to a blocking task is closed when the runtime ends before",
  async ({ rt }) => {
    // Each takes a thread to start, if there is the time.
    const TASKS = 12;
    const words = sharedWords();
    const handles: JoinHandle<unknown>[] = [];
    for (let n = 0; n < TASKS; n++) {
      const listener = net.TcpListener.bind({ hostname: "127.0.0.1", port: 0 });
      handles.push(rt.spawnBlocking(listensAtGate, listener, words.buffer));
      assertThrows(() => listener.accept(), Error, "moved to another task");
    }
    const outcomes = Promise.all(handles.map(outcomeOf));
    const ended = rt.shutdown();
    open(words);
    await ended;
    const counts = new Map<string, number>();
    for (const outcome of await outcomes) {
      counts.set(outcome, 1 + (counts.get(outcome) ?? 0));
    }
    const known = (counts.get("aborted") ?? 0) +
      (counts.get("value undefined") ?? 0);
    assertEquals(known, TASKS, JSON.stringify([...counts]));
  },
  { on: [1, 2], settleMs: 15_000 },
);

poolTest(
  "a blocking task whose spawner ends before it has answered is lost",
  async ({ rt }) => {
    const words = sharedWords();
    for (let round = 0; round < 5; round++) {
      assertEquals(
        await outcomeOf(
          rt.spawnWith({ on: 1 }, endsBeforeAnswer, words.buffer),
        ),
        "lost",
      );
    }
    const all = () => {
      const { spawned, completed, lost } = rt.metrics();
      return completed + lost === spawned;
    };
    await pollFor(all, PATIENCE_MS, "an end of all", () => {
      return JSON.stringify(rt.metrics());
    });
    assertEquals(words[COME], 0);
    open(words);
    await valueOf(rt.spawnBlocking(awaitsGate, words.buffer));
  },
  { on: [1, 2] },
);

poolTest(
  "from one blocking task to another no memory can be shared, and the spawn says so",
  async ({ rt }) => {
    assertEquals(await valueOf(rt.spawnBlocking(sharesFromBlocking)), [
      'TypeError: Cannot spawn "awaitsGate" as a blocking task: shared and ' +
      "transferred buffers go there from workers and from the runtime's own " +
      "thread only",
      "value undefined",
    ]);
  },
);

poolTest("a blocking task has no worker, and the options say so", ({ rt }) => {
  assertThrows(
    () => rt.spawnWith({ blocking: true, on: 1 }, double, 1),
    TypeError,
    "Cannot spawn: the option on is 1, and a blocking task runs on a thread of " +
      "its own",
  );
  assertThrows(
    () => rt.spawnWith({ blocking: 1 as unknown as boolean }, double, 1),
    TypeError,
    "Cannot spawn: the option blocking is 1, expected true or false",
  );
  assertEquals(rt.metrics().spawned, 0);
});
