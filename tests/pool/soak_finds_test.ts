/** Defects that a soak has found, each of which has come back as a test. */
import { assertEquals } from "@std/assert";
import { block_on, net, type Runtime, time } from "../../mod.ts";
import { HEADER } from "../../src/executor/pool/layout.ts";
import { PoolMemory } from "../../src/executor/pool/memory.ts";
import { BlockingSeat } from "../../src/executor/pool/blocking_seat.ts";
import { Seat } from "../../src/executor/pool/seat.ts";
import {
  type WorkerHost,
  WorkerSeat,
} from "../../src/executor/pool/worker_seat.ts";
import { Context, noopWaker } from "../../src/future/mod.ts";
import { Scope, shareableOf } from "../../src/task/mod.ts";
import type { TaskFunction } from "../../src/task/task.ts";
import { pollFor } from "../helpers/deadline.ts";
import { edoTest } from "../helpers/leaks.ts";
import { board, useBoard } from "./fixtures/board.ts";
import { closes, throws } from "./fixtures/faulty.ts";
import {
  awaitsOften,
  connectLater,
  type End,
  endsLater,
  holdStream,
  weighAndTell,
} from "./fixtures/soak_finds.ts";
import { double, hog, viaTask } from "./fixtures/tasks.ts";
import { outcomeOf, PATIENCE_MS, poolTest, valueOf } from "./support.ts";

/** The cells of these tests. */
const [STARTED, GATE, ROUNDS, TOLD] = [0, 1, 2, 3];

/** Keeps worker 1 to itself until the function that it returns is called. */
async function occupy(rt: Runtime): Promise<() => Promise<void>> {
  board.set(STARTED, 0);
  board.set(GATE, 0);
  const busy = rt.spawnWith({ on: 1 }, hog, STARTED, GATE);
  await board.reaches(STARTED, 1, "the start of the task before");
  return async () => {
    board.set(GATE, 1);
    await valueOf(busy);
    board.set(STARTED, 0);
  };
}

/** Two ends of a connection. */
async function connected(): Promise<[net.TcpStream, net.TcpStream]> {
  using listener = net.TcpListener.bind({ hostname: "127.0.0.1", port: 0 });
  const near = await valueOf(net.TcpStream.connect(listener.addr));
  return [near, await valueOf(listener.accept())];
}

/** Checks that the other end of a connection was closed. */
async function assertEnds(stream: net.TcpStream): Promise<void> {
  assertEquals(await valueOf(stream.read(new Uint8Array(1))), null);
  stream.close();
}

for (const kind of ["transferred", "shared"] as const) {
  poolTest(
    `the message of a task that was aborted before its start is not the next task's: ${kind}`,
    async ({ rt }) => {
      const send = (n: number) => {
        const bytes = kind === "shared"
          ? new Uint8Array(new SharedArrayBuffer(100))
          : new Uint8Array(100);
        bytes.fill(n);
        const transfer = kind === "shared" ? [] : [bytes.buffer as ArrayBuffer];
        return rt.spawnWith({ on: 1, transfer }, weighAndTell, bytes, TOLD);
      };
      for (let round = 0; round < 5; round++) {
        const free = await occupy(rt);
        const gone = send(1);
        const beside = send(2);
        gone.abort();
        assertEquals(await outcomeOf(gone), "aborted");
        await free();
        assertEquals(await valueOf(beside), [100, 2]);
        // One of them has the record that the first one had, as nothing is freed
        // while this thread is blocked; nor do several messages arrive at once.
        const later = [3, 4, 5].map((n) => {
          board.set(TOLD, 0);
          const handle = send(n);
          board.block(TOLD, PATIENCE_MS);
          return { n, handle };
        });
        for (const { n, handle } of later) {
          assertEquals(await valueOf(handle), [100, n]);
        }
      }
    },
    { on: [1], board: true },
  );
}

for (const how of ["alone", "beside a transferred buffer"]) {
  poolTest(
    `a stream that moved to a task which is aborted before its start is closed, and nothing is reported: ${how}`,
    async ({ rt }) => {
      for (let round = 0; round < 3; round++) {
        const free = await occupy(rt);
        const [near, far] = await connected();
        const bytes = new Uint8Array(10);
        const gone = how === "alone"
          ? rt.spawnWith({ on: 1 }, holdStream, far, STARTED)
          : rt.spawnWith(
            { on: 1, transfer: [bytes.buffer] },
            holdStream,
            far,
            STARTED,
            bytes,
          );
        gone.abort();
        assertEquals(await outcomeOf(gone), "aborted");
        await free();
        await assertEnds(near);
        assertEquals(board.get(STARTED), 0);
      }
    },
    { on: [1], board: true },
  );
}

/** A worker's seat on this thread, and what polls its jobs: the test. */
function seatOf(memory: PoolMemory, kind: "worker" | "blocking"): WorkerSeat {
  const scheduler = {
    schedule() {},
    scheduleSpawned() {},
    runIfNext() {},
    noteUnjoined() {},
    queuedIn: () => [],
  };
  const host: WorkerHost = {
    scope: new Scope(scheduler),
    runNested() {},
    isHosted: false,
    holdLoop() {},
    keepLooking() {},
    noteUnjoined() {},
    lookAgain() {},
  };
  return kind === "worker"
    ? new WorkerSeat(memory, 1, host, () => {})
    : new BlockingSeat(memory, memory.firstBlocking, host, () => {});
}

for (const kind of ["worker", "blocking"] as const) {
  edoTest(
    `a task that arrives while the pool retires is left to those that come next: ${kind}`,
    async () => {
      const memory = PoolMemory.create(1);
      const host = { keepLooking() {}, noteUnjoined() {}, lookAgain() {} };
      const spawner = new Seat(memory, 0, host, () => {});
      const placement = kind === "blocking" ? { blocking: true } : {};
      const spawn = () => {
        const declaration = shareableOf(double as unknown as TaskFunction)!;
        return spawner.spawn(declaration, [4], placement);
      };
      const seat = seatOf(memory, kind);
      const cx = new Context(noopWaker);
      memory.life.wakeUp();
      const first = spawn();
      // The first time the module has to be imported.
      (await pollFor(() => seat.next(true), PATIENCE_MS, "a task")).run(cx);
      assertEquals([spawner.drain(), first.isComplete], [true, true]);
      assertEquals(memory.life.retire(() => true, 1), true);
      // This one has not noticed yet, and finds a task that was not there before.
      const second = spawn();
      assertEquals(seat.next(true), null);
      seat.retreat();
      assertEquals([spawner.drain(), second.isComplete], [false, false]);
      assertEquals(memory.life.wakeUp(), true);
      const next = seatOf(memory, kind);
      (await pollFor(() => next.next(true), PATIENCE_MS, "a task")).run(cx);
      assertEquals([spawner.drain(), second.join(cx)], [true, 8]);
    },
  );
}

poolTest(
  "a stream that a task returns stays open when a run ends that has not spawned it",
  async ({ rt }) => {
    using listener = net.TcpListener.bind({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr as Deno.NetAddr;
    for (let round = 0; round < 5; round++) {
      board.set(GATE, 0);
      const handle = rt.spawn(connectLater, GATE, port);
      // Its outcome comes while this one is the last to be polled.
      await rt.run(function* () {
        board.set(GATE, 1);
        while (!handle.isFinished) yield* time.sleep(1);
      });
      using stream = await valueOf(handle);
      assertEquals(stream.isClosed, false);
      (await valueOf(listener.accept())).close();
    }
  },
  { on: [1, 2], board: true },
);

poolTest(
  "a stream that a task returns is closed with the run that has spawned it",
  async ({ rt }) => {
    using listener = net.TcpListener.bind({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr as Deno.NetAddr;
    board.set(GATE, 1);
    const stream = await rt.run(function* () {
      const stream = yield* rt.spawn(connectLater, GATE, port);
      assertEquals(stream.isClosed, false);
      return stream;
    });
    assertEquals(stream.isClosed, true);
    await assertEnds(await valueOf(listener.accept()));
  },
  { on: [1, 2], board: true },
);

for (const how of ["sleeps", "is hosted by Deno's loop"]) {
  poolTest(
    `a stream that moved to a task is closed when its worker dies that ${how}`,
    async ({ rt }) => {
      for (let round = 0; round < 3; round++) {
        await valueOf(rt.spawnWith({ on: 1 }, useBoard, board.memory));
        board.set(STARTED, 0);
        board.set(ROUNDS, 0);
        if (how !== "sleeps") {
          rt.spawnWith({ on: 1 }, awaitsOften, ROUNDS).detach();
          await board.reaches(ROUNDS, 3, "some awaits");
        }
        const [near, far] = await connected();
        const held = rt.spawnWith({ on: 1 }, holdStream, far, STARTED);
        await board.reaches(STARTED, 1, "the start of the task");
        const ending = rt.spawnWith({ on: 1 }, closes);
        assertEquals(
          [await outcomeOf(ending), await outcomeOf(held)],
          ["lost", "lost"],
        );
        await assertEnds(near);
      }
    },
    { on: [1], board: true },
  );
}

poolTest(
  "workers that come and go number no function anew, not even what they spawn themselves",
  async ({ rt }) => {
    const { memory } = rt.handle().export() as { memory: SharedArrayBuffer };
    const { words } = PoolMemory.open(memory);
    const counts: number[] = [];
    for (let round = 0; round < 4; round++) {
      assertEquals(await valueOf(rt.spawn(viaTask, 4)), ["edo 1", 8]);
      assertEquals(await outcomeOf(rt.spawn(closes)), "lost");
      counts.push(Atomics.load(words, HEADER.FUNCTIONS));
    }
    assertEquals(counts, counts.map(() => counts[0]));
  },
  { on: [1] },
);

for (const how of ["self.close", "Deno.exit"] satisfies End[]) {
  // That nothing is left behind is what `edoTest` checks of each test.
  poolTest(
    `a worker that an async task ends with ${how} leaves no descriptors`,
    async ({ rt, workers }) => {
      for (let round = 0; round < 5; round++) {
        const on = 1 + round % workers;
        assertEquals(
          await outcomeOf(rt.spawnWith({ on }, endsLater, how)),
          "lost",
        );
      }
      assertEquals(await valueOf(rt.spawn(double, 2)), 4);
    },
    { on: [1, 2] },
  );
}

poolTest(
  "a failure that ordinary code awaits is not reported when it comes inside a block_on",
  async ({ rt, failures }) => {
    const waiting = (async () => await outcomeOf(rt.spawn(throws, "no")))();
    const { failed } = rt.metrics();
    block_on(function* () {
      while (rt.metrics().failed === failed) yield* time.sleep(1);
      // So many looks at what others have sent.
      for (let i = 0; i < 10; i++) yield* time.sleep(1);
    });
    assertEquals(await waiting, "failed RangeError: no");
    assertEquals(failures, []);
  },
  { on: [1, 2] },
);
