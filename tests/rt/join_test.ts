import {
  assert,
  assertEquals,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import {
  blockOn,
  type Coroutine,
  join,
  JoinError,
  run,
  select,
  spawn,
  time,
  yieldNow,
} from "../../mod.ts";
import { everyFlavour, rtTest } from "./flavours.ts";
import { caught, Gate, yieldTimes } from "./support.ts";

everyFlavour(
  "a task that runs on the spot when it is joined leaves its joiner's wait alone",
  async (rt) => {
    const value = await rt.start(function* () {
      const gate = new Gate<string>();
      const parts = join(
        gate.wait(),
        spawn(function* () {
          yield* yieldNow();
          return "task";
        }),
        spawn(() => time.sleep(1)),
        gate.wait(),
      );
      const joiner = spawn(() => parts);
      spawn(function* () {
        yield* yieldTimes(3);
        gate.open("gate");
      });
      return yield* joiner;
    });
    assertEquals(value, ["gate", "task", undefined, "gate"]);
  },
);

everyFlavour(
  "a handle can be joined again, and by several tasks at once",
  async (rt) => {
    const values = await rt.start(function* () {
      const gate = new Gate<string>();
      const handle = spawn(function* () {
        return yield* gate.wait();
      });
      const joiners = [1, 2, 3].map(() =>
        spawn(function* () {
          return yield* handle;
        })
      );
      yield* yieldNow();
      gate.open("value");
      const first = yield* join(...joiners, handle, handle);
      return [...first, yield* handle, yield* handle.join()];
    });
    assertEquals(values, new Array(7).fill("value"));
  },
);

everyFlavour(
  "a handle can itself be spawned while others join it",
  async (rt) => {
    const values = await rt.start(function* () {
      const gate = new Gate<string>();
      const handle = spawn(function* () {
        return yield* gate.wait();
      });
      const again = [spawn(handle), spawn(handle), spawn(() => handle)];
      const joiner = spawn(function* () {
        return yield* handle;
      });
      yield* yieldTimes(2);
      gate.open("value");
      return yield* time.timeout(10_000, join(joiner, ...again));
    });
    assertEquals(values, new Array(4).fill("value"));
  },
);

rtTest(
  "a handle can be awaited by ordinary code while tasks join it",
  async () => {
    const gate = new Gate<string>();
    const values = await run(async () => {
      const inner = run(function* () {
        const handle = spawn(function* () {
          return yield* gate.wait();
        });
        const joiner = spawn(function* () {
          return yield* handle;
        });
        const awaited = (async () => await handle)();
        yield* yieldTimes(3);
        gate.open("value");
        const joined = yield* time.timeout(10_000, join(joiner, handle));
        return [awaited, ...joined] as const;
      });
      const [awaited, ...joined] = await inner;
      return [await awaited, ...joined];
    });
    assertEquals(values, ["value", "value", "value"]);
  },
);

everyFlavour(
  "giving up the wait for a task leaves the task alone",
  async (rt) => {
    const values = await rt.start(function* () {
      const gate = new Gate<string>();
      const handle = spawn(function* () {
        return yield* gate.wait();
      });
      const first = yield* select(handle, yieldNow());
      gate.open("value");
      return [first.index, yield* handle];
    });
    assertEquals(values, [1, "value"]);
  },
);

everyFlavour(
  "a loop over finished tasks gives way to the others",
  async (rt) => {
    for (const fails of [false, true]) {
      const joins = await rt.start(function* () {
        let stop = false;
        const finished = spawn(() => {
          if (fails) throw new Error("joined by many");
        });
        const looper = spawn(function* () {
          let joins = 0;
          for (; !stop && joins < 100_000; joins++) {
            try {
              yield* finished;
            } catch {
              // It counts as a result like any other.
            }
          }
          return joins;
        });
        yield* yieldTimes(3);
        stop = true;
        return yield* looper;
      });
      assert(joins < 100_000, `never gave way, fails: ${fails}`);
    }
  },
);

everyFlavour(
  "what a task returned can be joined after the runtime has ended",
  async (rt) => {
    const [finished, waiting, failed] = await rt.start(function* () {
      const finished = spawn(() => "value");
      const failed = spawn(() => {
        throw new Error("expected");
      });
      const waiting = spawn(function* () {
        yield* time.sleep(60_000);
      });
      yield* caught(failed[Symbol.iterator]() as Coroutine<never>);
      return [finished, waiting, failed] as const;
    });
    assertEquals(blockOn(finished), "value");
    assertEquals(await finished, "value");
    const aborted = assertThrows(() => blockOn(waiting), JoinError);
    assertEquals(aborted.kind, "aborted");
    const failure = assertThrows(() => blockOn(failed), JoinError);
    assertEquals((failure.cause as Error).message, "expected");
  },
);

rtTest(
  "an object thrown by a task is the JoinError's cause, not a copy",
  () => {
    const thrown = { reason: "any value can be thrown" };
    const error = blockOn(function* () {
      const handle = spawn(() => {
        throw thrown;
      });
      return yield* caught(handle[Symbol.iterator]() as Coroutine<never>);
    });
    assert(error instanceof JoinError);
    assertStrictEquals(error.cause, thrown);
  },
);
