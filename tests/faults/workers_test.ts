/** Faults on workers, and workers that cannot be started. */
// First: what it replaces must be replaced before the runtime opens it.
import { double } from "./double.ts";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  block_on,
  type JoinError,
  run,
  Runtime,
  setFailureHook,
  spawn,
  time,
} from "../../mod.ts";
import { edoTest, leavingNothing } from "../helpers/leaks.ts";
import { assertBalanced, joinErrorOf, valueOf } from "../pool/support.ts";
import { echoes, naps, type Seen } from "./fixtures/tasks.ts";
import { E, onLinux } from "./support.ts";
import {
  loadFixture,
  type Plan,
  type Start,
  startingWorkers,
} from "./workers.ts";

double.ledger.signalsOthers = true;
if (!onLinux.ignore) await loadFixture();

/** A test with a runtime whose workers start as `start` says. */
function workersTest(
  name: string,
  start: Start,
  fn: (rt: Runtime) => Promise<void>,
): void {
  edoTest(name, () => withWorkers(start, fn), onLinux);
}

/**
 * The same where workers end before they have taken their first message: Deno 2.9
 * leaves some of the ports that went with it open, which nobody can close then.
 */
function endingWorkersTest(
  ...[name, start, fn]: Parameters<typeof workersTest>
) {
  Deno.test({
    ...onLinux,
    name,
    sanitizeResources: false,
    fn: () => leavingNothing(() => withWorkers(start, fn)),
  });
}

async function withWorkers(
  start: Start,
  fn: (rt: Runtime) => Promise<void>,
): Promise<void> {
  const hook = setFailureHook(() => {});
  using _ = startingWorkers(start);
  const rt = new Runtime({ workers: 2 });
  try {
    await fn(rt);
  } finally {
    await rt.shutdown();
    // What nobody has received is reported in the next turn.
    await run(() => time.sleep(1));
    setFailureHook(hook);
  }
  assertBalanced(rt.metrics());
  const { workers } = rt.metrics();
  assertEquals([workers, double.ledger.violations], [0, []]);
}

const FOREVER = -1;

/** What a worker's program has to get over, and none of it concerns its tasks. */
const NUISANCES: [name: string, plans: Plan[]][] = [
  ["nothing fails", []],
  ["every second call is interrupted", [
    { name: "recv", errno: E.INTR, times: 50 },
    { name: "send", errno: E.INTR, times: 50 },
    { name: "accept4", errno: E.INTR, times: 50 },
    { name: "epoll_wait", errno: E.INTR, times: 50 },
    { name: "epoll_pwait2", errno: E.INTR, times: 50 },
  ]],
  ["sockets are said to be ready that are not", [
    { name: "recv", errno: E.AGAIN, times: 50 },
    { name: "send", errno: E.AGAIN, times: 50 },
    { name: "accept4", errno: E.AGAIN, times: 50 },
  ]],
  ["there are no descriptors to accept with", [
    { name: "accept4", errno: E.MFILE, times: 3 },
  ]],
  ["no close succeeds", [{ name: "close", errno: E.IO, times: FOREVER }]],
  ["its epoll cannot wait for less than a millisecond", [
    { name: "epoll_pwait2", errno: E.NOSYS, times: FOREVER },
  ]],
];

for (const [name, plans] of NUISANCES) {
  workersTest(
    `a worker serves its sockets although ${name}`,
    () => plans,
    async (rt) => {
      const results: Seen[] = await valueOf(Promise.all(
        [1, 2].flatMap((on) => [
          rt.spawnWith({ on }, echoes, 20_000),
          rt.spawnWith({ on }, naps, 2.5),
        ]),
      ));
      for (const { violations, counts } of results) {
        assertEquals(violations, []);
        assert(new Map(counts).get("epoll_create1")! > 0, "not the double");
      }
      const { completed, spawned } = rt.metrics();
      assertEquals([completed, spawned], [4, 4]);
    },
  );
}

for (const [name, errno] of [["socket", E.MFILE], ["recv", E.NOMEM]] as const) {
  workersTest(
    `a task on a worker fails with what its ${name} said, and others go on`,
    () => [{ name, errno }],
    async (rt) => {
      for (const on of [1, 2]) {
        const { kind, cause } = await joinErrorOf(
          rt.spawnWith({ on }, echoes, 10),
        );
        const { code, syscall } = causeOf(cause);
        assertEquals(kind, "failed");
        assertEquals([code, syscall], [
          errno === E.MFILE ? "EMFILE" : "ENOMEM",
          name,
        ]);
        await valueOf(rt.spawnWith({ on }, echoes, 10));
      }
      assertEquals(rt.metrics().failed, 2);
    },
  );
}

/** The system's error below what tasks made of it. */
function causeOf(error: unknown): { code?: string; syscall?: string } {
  let at = error as Error & { code?: string };
  while (at.code === undefined && at.cause !== undefined) {
    at = at.cause as JoinError;
  }
  return at;
}

for (const failing of [1, 2]) {
  endingWorkersTest(
    `when worker ${failing} of 2 cannot be made, spawn throws why, and nothing hangs`,
    (seat) => seat === failing ? new RangeError("no more threads") : [],
    async (rt) => {
      const error = assertThrows(() => rt.spawn(naps, 1), RangeError);
      assertEquals(error.message, "no more threads");
      // The runtime has ended by that.
      const { kind } = await joinErrorOf(rt.spawn(naps, 1));
      assertEquals(kind, "aborted");
    },
  );
}

edoTest(
  "inside block_on, spawn throws why no worker could be made",
  () => {
    using _ = startingWorkers(() => new RangeError("no more threads"));
    const hook = setFailureHook(() => {});
    try {
      const told = block_on(function* () {
        using rt = new Runtime({ workers: 1 });
        try {
          yield* rt.spawn(naps, 1);
        } catch (error) {
          return String(error);
        }
      });
      assertEquals(told, "RangeError: no more threads");
    } finally {
      setFailureHook(hook);
    }
  },
  onLinux,
);

/**
 * Workers' modules that do not work, and what the tasks are told. `deno test` looks
 * at the types first, and then that is what it says of a module that is not there.
 */
const MODULES: [name: string, module: string, told: RegExp][] = [
  ["throws", "data:text/javascript,throw Error('not today')", /not today/],
  [
    "is not there",
    "data:text/javascript,import 'file:///no_such.js'",
    /not found|Type checking/,
  ],
  [
    "is no module",
    "data:text/javascript,import {",
    /SyntaxError|Unexpected|parse/i,
  ],
];

for (const [name, module, told] of MODULES) {
  endingWorkersTest(
    `when a worker's module ${name} its tasks fail with that, and nothing hangs`,
    () => new URL(module),
    async (rt) => {
      const { kind, cause } = await joinErrorOf(rt.spawn(naps, 1));
      assertEquals(kind, "failed");
      assert(told.test(String(cause)), String(cause));
      assertEquals((await joinErrorOf(rt.spawn(naps, 1))).kind, "aborted");
    },
  );
}

/** Until the end of `using`, no shared memory can be had. */
function withoutSharedMemory(): Disposable {
  const before = globalThis.SharedArrayBuffer;
  globalThis.SharedArrayBuffer = new Proxy(before, {
    construct() {
      throw new RangeError("Array buffer allocation failed");
    },
  });
  return {
    [Symbol.dispose]() {
      globalThis.SharedArrayBuffer = before;
    },
  };
}

edoTest(
  "without shared memory a Runtime says so, and leaves nothing",
  async () => {
    {
      using _ = withoutSharedMemory();
      const make = () => new Runtime({ workers: 1 });
      assertThrows(make, RangeError, "Array buffer allocation failed");
    }
    using _workers = startingWorkers(() => []);
    await using rt = new Runtime({ workers: 1 });
    await valueOf(rt.spawn(naps, 1));
  },
  onLinux,
);

edoTest("without shared memory what needs a reactor says so", () => {
  using _ = withoutSharedMemory();
  assertThrows(
    () => block_on(() => spawn(naps, 1)),
    RangeError,
    "Array buffer allocation failed",
  );
}, onLinux);

edoTest("without shared memory a worker is not started halfway", async () => {
  let started = 0;
  using _ = startingWorkers(() => {
    started++;
    return [];
  });
  using _memory = withoutSharedMemory();
  // The default pool, which is made by the first spawn.
  await assertRejects(
    async () => await spawn(naps, 1),
    RangeError,
    "Array buffer allocation failed",
  );
  assertEquals(started, 0);
}, onLinux);
