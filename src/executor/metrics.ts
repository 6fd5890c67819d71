import { SEAT, STATUS } from "./pool/layout.ts";
import type { PoolMemory } from "./pool/memory.ts";

/** What a runtime has done, counted since it was made. */
export interface Metrics {
  /** How many workers there are at the moment. */
  readonly workers: number;
  /** How many tasks were spawned. */
  readonly spawned: number;
  /** How many have ended with a value. */
  readonly completed: number;
  /** How many have thrown. */
  readonly failed: number;
  /** How many were cancelled. */
  readonly aborted: number;
  /** How many have gone with their worker. */
  readonly lost: number;
  /** How many times a worker has stolen from another. */
  readonly steals: number;
  /** How many times a worker went to sleep. */
  readonly parks: number;
}

/** Those of a runtime without workers, which counts nothing. */
export const NO_METRICS: Metrics = {
  workers: 0,
  spawned: 0,
  completed: 0,
  failed: 0,
  aborted: 0,
  lost: 0,
  steals: 0,
  parks: 0,
};

/** The metrics of a pool; counts wrap at 2^32. */
export function metricsOf(memory: PoolMemory): Metrics {
  const sum = (word: number) => memory.sum(word) >>> 0;
  let workers = 0;
  for (let seat = 1; seat <= memory.workers; seat++) {
    if (memory.loadSeat(seat, SEAT.STATUS) === STATUS.TAKEN) workers++;
  }
  // What has ended comes first: nothing ends that was not spawned.
  const completed = sum(SEAT.COMPLETED);
  const failed = sum(SEAT.FAILED);
  const aborted = sum(SEAT.ABORTED);
  const lost = sum(SEAT.LOST);
  return {
    workers,
    spawned: sum(SEAT.SPAWNED),
    completed,
    failed,
    aborted,
    lost,
    steals: sum(SEAT.STOLEN),
    parks: sum(SEAT.PARKED),
  };
}
