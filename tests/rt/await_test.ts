import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  blockOn,
  type Coroutine,
  join,
  run,
  select,
  spawn,
  time,
  type Waker,
  yieldNow,
} from "../../mod.ts";
import { waitFor } from "../helpers/deadline.ts";
import { rtTest } from "./flavours.ts";
import { Gate, PollFn, turns } from "./support.ts";

rtTest("one future can be awaited by itself, and again", async () => {
  const start = performance.now();
  const sleep = time.sleep(5);
  await sleep;
  assert(performance.now() - start >= 5);
  await sleep;
  const value = time.timeout(
    1_000,
    (function* () {
      yield* time.sleep(1);
      return "value";
    })(),
  );
  assertEquals([await value, await value], ["value", "value"]);
});

rtTest(
  "an awaited future that fails rejects each time, with the same error",
  async () => {
    const failing = join((function* () {
      yield* yieldNow();
      throw new Error("each time");
    })());
    const first = await assertRejects(async () => await failing);
    const second = await assertRejects(async () => await failing);
    assertEquals(first, second);
  },
);

rtTest(
  "then, with and without its arguments, is that of a promise",
  async () => {
    const one = () =>
      join((function* () {
        yield* yieldNow();
        return 1;
      })());
    assertEquals(await one().then(([n]) => n + 1), 2);
    assertEquals(await one().then(), [1]);
    const failing = () =>
      join((function* () {
        yield* yieldNow();
        throw 5;
      })());
    assertEquals(
      await failing().then(null, (reason) => `caught ${reason}`),
      "caught 5",
    );
    assertEquals(await Promise.all([one(), time.sleep(1), 3]), [
      [1],
      undefined,
      3,
    ]);
  },
);

rtTest("a thousand awaits at once each get their own value", async () => {
  const waits = Array.from({ length: 1_000 }, (_, n) => {
    function* wait(): Coroutine<number> {
      yield* time.sleep(n % 7);
      return n;
    }
    return time.timeout(60_000, wait());
  });
  const values = await Promise.all(waits);
  assertEquals(values, waits.map((_, n) => n));
});

rtTest(
  "wakers of awaits that were ready at once disturb none of the later ones",
  async () => {
    const kept: Waker[] = [];
    for (let round = 0; round < 20; round++) {
      const ready = new PollFn((cx) => {
        kept.push(cx.waker);
        cx.waker.wake();
        return round;
      });
      assertEquals(await ready, round);
      const gate = new Gate<string>();
      const waiting = (async () => await gate.wait())();
      for (const waker of kept) waker.wake();
      await turns(2);
      assertEquals(gate.waiting, 1);
      gate.open("opened");
      assertEquals(await waiting, "opened");
    }
  },
);

rtTest("a future that fails at its first poll rejects its await", async () => {
  const failing = new PollFn(() => {
    throw new RangeError("at once");
  });
  await assertRejects(async () => await failing, RangeError, "at once");
  await assertRejects(async () => await failing, RangeError, "at once");
  assertEquals(failing.polls, 1);
});

rtTest(
  "awaits that are always ready do not keep a setTimeout waiting for ever",
  async () => {
    let fired = false;
    setTimeout(() => fired = true, 1);
    const ready = () => join();
    let awaits = 0;
    for (; !fired && awaits < 10_000_000; awaits++) await ready();
    assert(fired, `${awaits} awaits and no timeout`);
  },
);

rtTest("a sleep awaited before block_on is over right after it", async () => {
  const slept = (async () => await time.sleep(2))();
  blockOn(time.sleep(10));
  await waitFor(slept, 5_000, "the end of the sleep");
});

rtTest(
  "an await on a shorter sleep is not held up by a longer one",
  async () => {
    const gate = new Gate();
    const long = run(function* () {
      yield* select(gate.wait(), time.sleep(600_000));
    });
    await turns(100);
    await waitFor(
      (async () => await time.sleep(3))(),
      10_000,
      "the short sleep",
    );
    gate.open();
    await long;
  },
);

rtTest("a sleep that ordinary code makes shorter ends in time", async () => {
  const sleep = time.sleep(600_000);
  const slept = (async () => await sleep)();
  await turns(100);
  sleep.reset(1);
  await waitFor(slept, 10_000, "the sleep");
});

rtTest(
  "a task spawned by an awaited future goes on while it is joined",
  async () => {
    const [handle] = await join((function* () {
      const handle = spawn(function* () {
        yield* time.sleep(5);
        return "background";
      });
      yield* yieldNow();
      return [handle] as const;
    })()).then(([made]) => made);
    assertEquals(await handle, "background");
  },
);

rtTest(
  "a task spawned by an awaited future goes on when that is over",
  async () => {
    const done = Promise.withResolvers<string>();
    await join((function* () {
      spawn(function* () {
        yield* time.sleep(5);
        done.resolve("background");
      });
      yield* yieldNow();
    })());
    assertEquals(await waitFor(done.promise, 5_000, "the task"), "background");
  },
);
