/**
 * What must hold whenever no action is under way, and what is measured then.
 *
 * @module
 */
import { pollFn, run, type Runtime, time } from "../../mod.ts";
import { SEAT, STATUS } from "../../src/executor/pool/layout.ts";
import { PoolMemory } from "../../src/executor/pool/memory.ts";
import type { Sample } from "./flat.ts";
import { canCount, countOf, holdings, releaseEndedWorker } from "./holdings.ts";
import { endedOf, type TestedPool } from "./pools.ts";
import { check, pause, type Soak } from "./soak.ts";
import { CLEANED, collectedHeap, heapUsed, STARTED } from "./tasks.ts";

/** How long what was left to itself may take to end, in milliseconds. */
const SETTLE_MS = 20_000;

/** Series of samples, by what was measured. */
export interface Measured {
  /** The main thread's heap after a collection, in MiB. */
  readonly heap: Sample[];
  /** The heaps of the workers that stay, in MiB. */
  readonly workerHeaps: Sample[];
  /** What the process has in RAM, in MiB. */
  readonly resident: Sample[];
  readonly descriptors: Sample[];
}

/** Nothing measured. */
export function nothingMeasured(): Measured {
  return { heap: [], workerHeaps: [], resident: [], descriptors: [] };
}

const MIB = 2 ** 20;

/** Looks at everything, and notes it. */
export async function lookAtRest(
  soak: Soak,
  measured: Measured,
  minutes: number,
): Promise<void> {
  const { calm, deadly, counters } = soak;
  for (const pool of [calm, deadly]) await settled(soak, pool);
  await holds(
    soak,
    () => calm.board[STARTED] === calm.board[CLEANED],
    () =>
      `${calm.board[STARTED]} tasks with a cleanup have started, and ` +
      `${calm.board[CLEANED]} have cleaned up`,
  );
  await holds(
    soak,
    () => counters.failuresLeft === counters.failuresReported,
    () =>
      `${counters.failuresLeft} tasks have failed that nobody joined, and ` +
      `${counters.failuresReported} were reported`,
  );
  await holds(
    soak,
    () => deadly.rt.metrics().workers === 0,
    () => `idle workers stay: ${JSON.stringify(deadly.rt.metrics())}`,
  );
  // The workers that stay, and the watchdog.
  const threads = calm.workers + 1;
  await holds(
    soak,
    () => !canCount || holdings().threads === threads,
    () =>
      `there are ${holdings().threads} threads of workers at rest, ` +
      `not ${threads}: calm ${seatsOf(calm.rt)}; ` +
      // Whoever exports a Handle of it to look at its seats has its workers start.
      `deadly ${JSON.stringify(deadly.rt.metrics())}`,
  );
  await releaseEndedWorker();
  const { armed, held } = await pendingTimers();
  if (armed + held > 0) {
    soak.complain(`${armed} timers are armed, and ${held} are held`);
  }
  const note = (series: Sample[], value: number) =>
    series.push({ minutes, value });
  note(measured.heap, collectedHeap() / MIB);
  note(measured.workerHeaps, await workerHeaps(calm) / MIB);
  note(measured.resident, Deno.memoryUsage().rss / MIB);
  note(measured.descriptors, countOf(holdings()));
}

/** Which seats of a runtime have a thread, and what these are about. */
function seatsOf(rt: Runtime): string {
  const memory = PoolMemory.open(rt.handle().export().memory);
  const { seats } = memory.layout.sizes;
  return Array.from({ length: seats }, (_, seat) => seat)
    .filter((seat) => memory.loadSeat(seat, SEAT.STATUS) !== STATUS.VACANT)
    .map((seat) => {
      const status = memory.loadSeat(seat, SEAT.STATUS);
      const parking = memory.loadSeat(seat, SEAT.PARKING);
      const waits = memory.loadSeat(seat, SEAT.WAITING);
      return `${seat}:${status} parking ${parking} waiting ${waits}`;
    })
    .join(", ");
}

async function settled(soak: Soak, { name, rt }: TestedPool): Promise<void> {
  await holds(
    soak,
    () => {
      const metrics = rt.metrics();
      return metrics.spawned === endedOf(metrics);
    },
    () => `the ${name} runtime is at rest with ${JSON.stringify(rt.metrics())}`,
  );
}

async function holds(
  soak: Soak,
  holds: () => boolean,
  what: () => string,
): Promise<void> {
  const end = performance.now() + SETTLE_MS;
  while (!holds()) {
    if (performance.now() > end) return soak.complain(what());
    await pause(2);
  }
}

/** The timers of this thread, on Deno's loop. */
export async function pendingTimers(): Promise<{
  armed: number;
  held: number;
}> {
  return await run(pollFn((cx) => {
    const timers = time.timersOf(cx);
    return { armed: timers.size, held: timers.held };
  }));
}

async function workerHeaps(pool: TestedPool): Promise<number> {
  let sum = 0;
  for (let on = 1; on <= pool.workers; on++) {
    const outcome = await pool.expect(pool.spawnWith({ on }, heapUsed));
    check(outcome !== null, () => `worker ${on} has gone`);
    sum += outcome.value;
  }
  return sum;
}
