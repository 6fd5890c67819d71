/** Tasks that fail, and tasks that cannot be run. */
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { JoinError, run, spawn, task } from "../../mod.ts";
import { edoTest } from "../helpers/leaks.ts";
import { pollFor } from "../helpers/deadline.ts";
import { startDeno } from "../helpers/subprocess.ts";
import { board } from "./fixtures/board.ts";
import {
  asyncThrows,
  catches,
  leavesFailures,
  relays,
  throws,
  throwsLater,
  throwsQuota,
  throwsValue,
} from "./fixtures/faulty.ts";
import { gone } from "./fixtures/gone.ts";
import { declare, present } from "./fixtures/late.ts";
import { double, sleep } from "./fixtures/tasks.ts";
import { twin } from "./fixtures/twice.ts";
import { joinErrorOf, PATIENCE_MS, poolTest, valueOf } from "./support.ts";

const EACH = { on: [0, 1, 2] };

poolTest(
  "a task that throws fails its join with the error, and others go on",
  async ({ rt }) => {
    const beside = rt.spawn(sleep, 20);
    for (const fn of [throws, throwsLater, asyncThrows]) {
      const error = await joinErrorOf(rt.spawn(fn, "no"));
      assertEquals([error.kind, error.task], ["failed", fn.name]);
      assertEquals(
        error.message,
        `Cannot join the task "${fn.name}": it threw RangeError: no`,
      );
      assertInstanceOf(error.cause, RangeError);
      assertEquals(error.cause.message, "no");
      assert(error.cause.stack!.includes("faulty.ts"), error.cause.stack);
    }
    assertEquals(await valueOf(beside), 20);
  },
  EACH,
);

poolTest(
  "the class, own fields and causes of an error survive",
  async ({ rt }) => {
    const { cause } = await joinErrorOf(rt.spawn(throwsQuota));
    assertInstanceOf(cause, RangeError);
    const { limit, used } = cause as unknown as Record<string, unknown>;
    assertEquals(
      [cause.name, cause.message, limit, used],
      ["QuotaError", "over 7", 7, { bytes: 8 }],
    );
    assertInstanceOf(cause.cause, TypeError);
    assertEquals([cause.cause.message, cause.cause.cause], ["why", [1n]]);
    assert(cause.stack!.includes("faulty.ts"));
  },
  EACH,
);

poolTest(
  "what is thrown need not be an error",
  async ({ rt }) => {
    for (const value of [undefined, null, 7, "text", { code: 1 }]) {
      const error = await joinErrorOf(rt.spawn(throwsValue, value));
      assertEquals([error.kind, error.cause], ["failed", value]);
    }
  },
  EACH,
);

poolTest(
  "a failure goes up through all who join, and can be caught on the way",
  async ({ rt }) => {
    let error: unknown = await joinErrorOf(rt.spawn(relays, 3));
    const tasks: string[] = [];
    while (error instanceof JoinError) {
      tasks.push(error.task);
      error = error.cause;
    }
    assertEquals(tasks, ["relays", "relays", "relays", "relays", "throws"]);
    assertEquals(String(error), "RangeError: deep");
    assertEquals(
      await valueOf(rt.spawn(catches)),
      "failed RangeError: caught",
    );
  },
  { on: [1, 2] },
);

poolTest(
  "a failure that nobody joins reaches the hook of the thread that spawned",
  async ({ rt, failures }) => {
    rt.spawn(throws, "left");
    rt.spawn(throws, "detached").detach();
    await run(() => void rt.spawn(throwsLater, "left in run"));
    rt.block_on(function* () {
      rt.spawn(throws, "left in block_on");
      yield* rt.spawn(sleep, 5);
    });
    await pollFor(() => failures.length >= 4, PATIENCE_MS, "four reports");
    assertEquals(
      failures.map(({ what, error }) => `${what}: ${error}`).sort(),
      [
        'task "throws": RangeError: detached',
        'task "throws": RangeError: left',
        'task "throws": RangeError: left in block_on',
        'task "throwsLater": RangeError: left in run',
      ],
    );
  },
  { on: [1, 2], fails: true },
);

poolTest(
  "on a worker, a failure that nobody joins reaches the hook of that thread",
  async ({ rt, failures }) => {
    const [REPORTED] = [0];
    assertEquals(
      await valueOf(rt.spawn(leavesFailures, REPORTED)),
      ["RangeError: detached by a worker", "RangeError: left by a worker"],
    );
    assertEquals([board.get(REPORTED), failures.length], [2, 0]);
    assertEquals(await valueOf(rt.spawn(double, 2)), 4);
    assertEquals(rt.metrics().failed, 2);
  },
  { on: [1, 2], board: true },
);

poolTest(
  "a module that throws when it is imported fails its tasks, again and again",
  async ({ rt, workers }) => {
    for (let round = 0; round < 3; round++) {
      for (let on = 1; on <= workers; on++) {
        const { kind, cause } = await joinErrorOf(rt.spawnWith({ on }, gone));
        assertEquals(kind, "failed");
        assertInstanceOf(cause, Error);
        assertEquals(
          cause.message,
          `Cannot run the task "gone" of ${
            import.meta.resolve("./fixtures/gone.ts")
          }: importing the module failed: TypeError: no import on a worker`,
        );
        assertInstanceOf(cause.cause, TypeError);
        assertEquals(await valueOf(rt.spawnWith({ on }, double, 3)), 6);
      }
    }
  },
  { on: [1, 2] },
);

poolTest(
  "a task that is not declared when its module is imported fails, and says why",
  async ({ rt }) => {
    const hidden = declare("hidden");
    const { kind, cause } = await joinErrorOf(rt.spawn(hidden as typeof gone));
    assertEquals(kind, "failed");
    assertEquals(
      String(cause),
      `Error: Cannot run the task "hidden" of ${
        import.meta.resolve("./fixtures/late.ts")
      }: the module declares no such task; declare it at module level, with ` +
        '`export const x = task(import.meta, …)`. It declares "present"',
    );
    assertEquals(await valueOf(rt.spawn(present)), "is here");
  },
);

poolTest(
  "a task that is declared twice fails, and says so",
  async ({ rt }) => {
    const { kind, cause } = await joinErrorOf(rt.spawn(twin));
    assertEquals(kind, "failed");
    assert(
      String(cause).includes('Cannot declare the task "twin" of'),
      String(cause),
    );
  },
);

poolTest("a module that does not exist fails its tasks", async ({ rt }) => {
  const url = "file:///no/such/module.ts";
  const nowhere = task({ url }, "nowhere", () => 1);
  for (let round = 0; round < 2; round++) {
    const { kind, cause } = await joinErrorOf(rt.spawn(nowhere));
    assertEquals(kind, "failed");
    const expected = `Error: Cannot run the task "nowhere" of ${url}: ` +
      "importing the module failed: ";
    assert(String(cause).startsWith(expected), String(cause));
  }
  assertEquals(await valueOf(rt.spawn(double, 2)), 4);
});

edoTest(
  "a script without the guard gets one error that shows the guard",
  async () => {
    const path = new URL("fixtures/unguarded.ts", import.meta.url).href;
    await using process = startDeno(["run", "-A", "--no-config", path]);
    const { code } = await process.status();
    const stderr = (await process.stderr.rest()).join("\n");
    assertEquals([await process.stdout.rest(), code], [[], 1]);
    assert(stderr.includes("Cannot make a Runtime while a worker imports"));
    assert(stderr.includes("if (import.meta.main) { … }"), stderr);
  },
);

edoTest("the default runtime's tasks fail in the same way", async () => {
  const error = await joinErrorOf(spawn(throws, "by default"));
  assertEquals([error.kind, String(error.cause)], [
    "failed",
    "RangeError: by default",
  ]);
});
