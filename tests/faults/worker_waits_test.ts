/** Workers that cannot sleep as they should, and threads that cannot be started later. */
// First: what it replaces must be replaced before the runtime opens it.
import { double } from "./double.ts";
import { assert, assertEquals } from "@std/assert";
import {
  type Coroutine,
  type Future,
  Runtime,
  setFailureHook,
  time,
} from "../../mod.ts";
import { edoTest, leavingNothing } from "../helpers/leaks.ts";
import { closes } from "../pool/fixtures/faulty.ts";
import { assertBalanced, joinErrorOf, valueOf } from "../pool/support.ts";
import { echoes, naps } from "./fixtures/tasks.ts";
import { E, onLinux } from "./support.ts";
import {
  loadFixture,
  type Plan,
  type Start,
  startingWorkers,
} from "./workers.ts";

double.ledger.signalsOthers = true;
if (!onLinux.ignore) await loadFixture();

function inside<T>(
  where: "blockOn" | "run",
  rt: Runtime,
  body: () => Future<T>,
): T | Promise<T> {
  return where === "run" ? rt.run(body) as Promise<T> : rt.blockOn(body) as T;
}

/** Runs the same in `block_on` and on Deno's loop. */
function bothWays(
  name: string,
  start: () => Start,
  body: (rt: Runtime) => Coroutine<void>,
): void {
  for (const where of ["blockOn", "run"] as const) {
    Deno.test({
      ...onLinux,
      name: `inside ${where}, ${name}`,
      sanitizeResources: false,
      fn: () =>
        leavingNothing(async () => {
          const hook = setFailureHook(() => {});
          using _ = startingWorkers(start());
          const rt = new Runtime({ workers: 2 });
          try {
            await inside(where, rt, () => time.timeout(30_000, body(rt)));
          } finally {
            await rt.shutdown();
            setFailureHook(hook);
          }
          assertBalanced(rt.metrics());
        }),
    });
  }
}

for (
  const [code, errno] of [["EMFILE", E.MFILE], ["ENFILE", E.NFILE]] as const
) {
  for (const name of ["epoll_create1", "eventfd"]) {
    bothWays(
      `workers without a reactor, as ${name} says ${code}, run tasks and end`,
      () => () => [{ name, errno, times: -1 }],
      function* (rt) {
        for (const on of [1, 2]) {
          yield* rt.spawnWith({ on }, naps, 20);
          const failed = rt.spawnWith({ on }, echoes, 10);
          try {
            yield* failed;
            throw new Error("it has a value");
          } catch (error) {
            assert(String((error as Error).cause).includes(code), `${error}`);
          }
        }
      },
    );
  }
}

bothWays(
  "a worker that had no descriptors for a while serves sockets afterwards",
  () => () => [{ name: "epoll_create1", errno: E.MFILE, times: 3 }],
  function* (rt) {
    for (const on of [1, 2]) {
      yield* rt.spawnWith({ on }, naps, 50);
      yield* rt.spawnWith({ on }, echoes, 1_000);
    }
  },
);

edoTest(
  "the thread that awaits its workers' tasks may have no descriptors",
  async () => {
    using _ = startingWorkers(() => []);
    for (const where of ["blockOn", "run"] as const) {
      await using rt = new Runtime({ workers: 1 });
      using _fault = double.fails("epoll_create1", E.MFILE, {
        times: Infinity,
      });
      const value = await inside(where, rt, () => rt.spawn(naps, 30));
      assertEquals(value.violations, []);
    }
  },
  onLinux,
);

bothWays(
  "a worker whose wait fails ends, and another one takes its seat",
  () => {
    let failing = 2;
    const plans: Plan[] = [{ name: "epoll_wait", errno: E.BADF }];
    return () => failing-- > 0 ? plans : [];
  },
  function* (rt) {
    const lost = [1, 2].map((on) => rt.spawnWith({ on }, naps, 60_000));
    for (const handle of lost) {
      try {
        yield* handle;
      } catch (error) {
        assertEquals((error as { kind: string }).kind, "lost");
      }
    }
    for (const on of [1, 2]) yield* rt.spawnWith({ on }, naps, 1);
  },
);

for (
  const [name, isFailing] of [
    ["no thread for a blocking task can be made", (seat: number) => seat > 2],
    ["no worker can be made in place of one that ended", () => false],
  ] as const
) {
  edoTest(`when ${name}, tasks are told and nothing hangs`, async () => {
    let made = 0;
    const hook = setFailureHook(() => {});
    using _ = startingWorkers((seat) => {
      const isReplacement = ++made > 2;
      return isFailing(seat) || isReplacement
        ? new RangeError("no thread")
        : [];
    });
    const rt = new Runtime({ workers: 2 });
    await valueOf(rt.spawn(naps, 1));
    const tasks = [rt.spawn(naps, 60_000)];
    if (name.includes("blocking")) tasks.push(rt.spawnBlocking(naps, 1));
    else rt.spawn(closes).detach();
    for (const task of tasks) {
      const { kind } = await joinErrorOf(task);
      assert(["failed", "lost", "aborted"].includes(kind), kind);
    }
    await rt.shutdown();
    assertBalanced(rt.metrics());
    setFailureHook(hook);
  }, onLinux);
}
