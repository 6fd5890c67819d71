/** Timers of this thread, in quantity. */
import {
  type Coroutine,
  fromPromise,
  join,
  run,
  select,
  spawn,
  time,
  yieldNow,
} from "../../mod.ts";
import type { Random } from "./random.ts";
import { check, type Counters, type Kind, pause, type Soak } from "./soak.ts";

/** Longer than any action. */
const LONG_MS = 3_600_000;

/** Sleeps that fire, and are not early. */
function* fires(ms: number, counters: Counters): Coroutine<void> {
  const start = performance.now();
  counters.timersArmed++;
  yield* time.sleep(ms);
  counters.timersFired++;
  const passed = performance.now() - start;
  check(passed >= ms, () => `a sleep of ${ms} ms was over after ${passed}`);
}

/** A sleep that is set anew while it is waited for. */
function* reset(random: Random, counters: Counters): Coroutine<void> {
  const sleep = time.sleep(LONG_MS);
  counters.timersArmed++;
  const waiting = spawn(function* () {
    yield* sleep;
  });
  for (let i = random.below(5); i > 0; i--) {
    yield* yieldNow();
    sleep.reset(random.below(LONG_MS));
  }
  const ms = random.below(10);
  const start = performance.now();
  sleep.reset(ms);
  yield* waiting;
  counters.timersFired++;
  const passed = performance.now() - start;
  check(passed >= ms, () => `a sleep set to ${ms} ms was over after ${passed}`);
}

/** Timeouts that lose, and timeouts that win. */
function* timeouts(random: Random, counters: Counters): Coroutine<void> {
  counters.timersArmed += 2;
  const { index } = yield* select(
    time.sleep(LONG_MS),
    time.sleep(random.below(5)),
  );
  check(index === 1, () => "an hour passed before some milliseconds");
  counters.timersFired++;
  counters.timersCancelled++;
  try {
    counters.timersArmed += 2;
    yield* time.timeout(random.below(4), time.sleep(LONG_MS));
    check(false, () => "an hour passed within some milliseconds");
  } catch (error) {
    if (!(error instanceof time.TimeoutError)) throw error;
    counters.timersFired++;
    counters.timersCancelled++;
  }
}

function* ticks(random: Random, counters: Counters): Coroutine<void> {
  const interval = time.interval(random.between(1, 4));
  for (let i = random.between(1, 5); i > 0; i--) {
    yield* interval.tick();
    counters.timersArmed++;
    counters.timersFired++;
  }
}

/**
 * One function for all of those tasks. V8 lists what every generator function has
 * as its prototype, and that list stays as long as it was when most of them were
 * waiting to be collected: functions by the thousand would make it grow for long.
 */
export function* waits(ms: number): Coroutine<void> {
  yield* time.sleep(ms);
}

/** Many timers far away, all of them given up with their task. */
function* cancelled(random: Random, counters: Counters): Coroutine<void> {
  const count = random.between(1, 2_000);
  const tasks = Array.from({ length: count }, () => {
    return spawn(waits, random.size(LONG_MS) + 1_000);
  });
  yield* yieldNow();
  yield* yieldNow();
  counters.timersArmed += count;
  counters.timersCancelled += count;
  // What is left at the end is given up with the run.
  const kept = random.below(count);
  for (const task of tasks.slice(kept)) task.abort();
}

async function timers({ counters }: Soak, random: Random): Promise<void> {
  await run(function* () {
    const parts = Array.from({ length: random.between(1, 10) }, () => {
      switch (random.below(5)) {
        case 0:
          return reset(random, counters);
        case 1:
          return timeouts(random, counters);
        case 2:
          return ticks(random, counters);
        case 3:
          return cancelled(random, counters);
        default:
          return fires(random.next() * 20, counters);
      }
    });
    yield* join(...parts);
  });
}

/** Futures that are awaited one by one, and promises inside of futures. */
async function awaited({ counters }: Soak, random: Random): Promise<void> {
  await Promise.all(Array.from({ length: random.between(1, 30) }, async () => {
    const ms = random.below(15);
    counters.timersArmed++;
    if (random.chance(0.5)) await time.sleep(ms);
    else await run(() => fromPromise(pause(ms)));
    counters.timersFired++;
  }));
}

export const TIMER_KINDS: readonly Kind[] = [
  { name: "timers", weight: 10, run: timers },
  { name: "awaited futures", weight: 4, run: awaited },
];
