/** The clock jumps, stands still, or goes back: nothing is early, nothing is stuck. */
// First: the runtime keeps what it finds.
import { clock } from "./clock.ts";
import { assert, assertEquals } from "@std/assert";
import {
  block_on,
  type Coroutine,
  join,
  net,
  run,
  spawn,
  time,
} from "../../mod.ts";
import { edoTest } from "../helpers/leaks.ts";

const HOUR_MS = 3_600_000;

/** Tests the same on a blocked thread and on Deno's event loop. */
function clockTest(name: string, body: () => Coroutine<void>): void {
  edoTest(`inside block_on, ${name}`, () => {
    using _ = clock;
    block_on(body);
  });
  edoTest(`inside run, ${name}`, async () => {
    using _ = clock;
    await run(body);
  });
}

/** Sleeps, and checks on the runtime's own clock that it was not too short. */
function* sleepFor(ms: number): Coroutine<void> {
  const start = time.now();
  yield* time.sleep(ms);
  const took = time.now() - start;
  if (took < ms) throw new Error(`${took} ms instead of ${ms}`);
}

/** A bit of everything that has to do with time. */
function* program(): Coroutine<void> {
  using listener = net.TcpListener.bind({ port: 0 });
  const accepting = spawn(() => listener.accept());
  const far = spawn(() => time.sleep(1_000 * HOUR_MS));
  const ticks = time.interval(1.5);
  yield* join(
    sleepFor(0),
    sleepFor(1),
    sleepFor(2.5),
    (function* () {
      for (let i = 0; i < 3; i++) yield* sleepFor(0.5);
    })(),
    (function* () {
      for (let i = 0; i < 3; i++) yield* ticks.tick();
    })(),
    time.timeout(500 * HOUR_MS, sleepFor(2)),
  );
  assert(!far.isFinished, "a sleep of 1000 hours is over");
  far.abort();
  accepting.abort();
}

/** What becomes of a clock at one of its first reads. */
const MISHAPS: [name: string, mishap: () => void, after: () => void][] = [
  ["jumps ahead by three hours", () => clock.jump(3 * HOUR_MS), () => {}],
  ["jumps ahead by a millisecond", () => clock.jump(1), () => {}],
  ["goes back by three milliseconds", () => clock.jump(-3), () => {}],
  ["goes back by the smallest fraction", () => clock.jump(-1e-6), () => {}],
  ["stands still for twelve reads", () => clock.stop(), () => clock.goOn()],
];

for (const [name, mishap, after] of MISHAPS) {
  clockTest(
    `nothing is early and nothing is stuck when the clock ${name}, at any read`,
    function* () {
      for (let at = 1; at <= 20; at++) {
        clock.atRead((reads) => {
          if (reads === at) mishap();
          if (reads === at + 12) after();
        });
        yield* program();
        after();
      }
    },
  );
}

clockTest(
  "a jump ahead fires what is due by then, in order, and nothing else",
  function* () {
    const fired: number[] = [];
    const tasks = [5, 1, 3, 4, 2].map((hours) =>
      spawn(function* () {
        yield* time.sleep(hours * HOUR_MS);
        fired.push(hours);
      })
    );
    yield* time.sleep(1);
    clock.jump(3.5 * HOUR_MS);
    yield* time.sleep(1);
    assertEquals(fired, [1, 2, 3]);
    clock.jump(1.6 * HOUR_MS);
    yield* join(...tasks);
    assertEquals(fired, [1, 2, 3, 4, 5]);
  },
);

clockTest(
  "a jump ahead of 300 years is one step, and timers go on",
  function* () {
    const start = clock.real();
    const far = spawn(() => time.sleep(100 * 365 * 24 * HOUR_MS));
    yield* time.sleep(1);
    clock.jump(300 * 365 * 24 * HOUR_MS);
    yield* far;
    yield* sleepFor(2);
    assert(clock.real() - start < 10_000, "it walked through the years");
  },
);

clockTest(
  "while the clock stands still no timer fires, and the thread does not spin",
  function* () {
    const end = clock.real() + 60;
    yield* time.sleep(1); // so that the next one is measured from here
    clock.stop();
    clock.atRead(() => {
      if (clock.real() >= end) clock.goOn();
    });
    yield* sleepFor(4);
    assert(clock.real() >= end, "it fired while no time passed");
    // Each wait of 4 ms is followed by a look at the clock.
    assert(clock.reads < 2_000, `${clock.reads} reads in 60 ms`);
  },
);

clockTest(
  "a timeout that a jump makes due still prefers the value that is there",
  function* () {
    const value = yield* time.timeout(
      HOUR_MS,
      (function* () {
        yield* time.sleep(1);
        clock.jump(2 * HOUR_MS);
        return "there";
      })(),
    );
    assertEquals(value, "there");
  },
);

clockTest("an interval goes on after a jump, and is never early", function* () {
  for (const missed of ["skip", "burst", "delay"] as const) {
    const ticks = time.interval(2, { missed });
    let before = yield* ticks.tick();
    clock.jump(HOUR_MS);
    for (let i = 0; i < 5; i++) {
      const due = yield* ticks.tick();
      assert(time.now() >= due, `${missed}: early by ${due - time.now()} ms`);
      assert(due >= before + 2, `${missed}: ${due - before} ms apart`);
      before = due;
    }
  }
});
