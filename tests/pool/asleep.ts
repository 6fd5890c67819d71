/**
 * When threads sleep: workers as their pool sees it, and any threads as Linux does.
 *
 * @module
 */
import type { Runtime } from "../../mod.ts";
import { SEAT } from "../../src/executor/pool/layout.ts";
import { PoolMemory } from "../../src/executor/pool/memory.ts";
import { pollFor } from "../helpers/deadline.ts";
import { isAsleep, sleepsOf } from "../helpers/proc.ts";
import { PATIENCE_MS } from "./support.ts";

/**
 * Waits until all workers of a runtime sleep, those that Deno's loop hosts too, and
 * have been counted. From then on the workers stay, as with any exported Handle.
 */
export async function allParked(rt: Runtime): Promise<void> {
  const memory = memoryOf(rt);
  const { sleepers } = memory;
  // A worker is counted right after it has gone idle: two looks agree on that.
  let parks = NaN;
  await pollFor(
    () => {
      const before = parks;
      parks = rt.metrics().parks;
      return asleepIn(memory) === memory.workers && sleepers.searching === 0 &&
        parks === before;
    },
    PATIENCE_MS,
    "the sleep of all workers",
    () => `; ${sleepers.idle} of ${memory.workers} are idle`,
  );
}

/**
 * Waits until workers of a runtime sleep in two looks, one after the other, or until
 * something else is over.
 */
export async function someParked(
  rt: Runtime,
  isOver: () => boolean,
): Promise<void> {
  const memory = memoryOf(rt);
  let looks = 0;
  await pollFor(
    () => isOver() || (asleepIn(memory) > 0 && ++looks === 2),
    PATIENCE_MS,
    "the sleep of a worker",
  );
}

function memoryOf(rt: Runtime): PoolMemory {
  return PoolMemory.open(rt.handle().export().memory);
}

/** How many workers sleep, those that Deno's loop hosts included. */
function asleepIn(memory: PoolMemory): number {
  let asleep = memory.sleepers.idle;
  for (let seat = 1; seat <= memory.workers; seat++) {
    asleep += memory.loadSeat(seat, SEAT.HOSTED);
  }
  return asleep;
}

/** Threads of a process, and how often each has gone to sleep. Linux only. */
export class Threads {
  readonly #pid: number;
  readonly #threads: readonly number[];

  constructor(pid: number, threads: readonly number[]) {
    this.#pid = pid;
    this.#threads = threads;
  }

  /** How often each has gone to sleep by itself. */
  sleeps(): number[] {
    return this.#threads.map((thread) => sleepsOf(this.#pid, thread));
  }

  /** Whether all sleep at this moment. */
  areAsleep(): boolean {
    return this.#threads.every((thread) => isAsleep(this.#pid, thread));
  }

  /** Waits until all sleep, and none has stirred between two looks. */
  async fallAsleep(): Promise<void> {
    let before: number[] = [];
    await pollFor(
      () => {
        const now = this.sleeps();
        const hasStirred = now.some((n, i) => n !== before[i]);
        before = now;
        return !hasStirred && this.areAsleep();
      },
      PATIENCE_MS,
      "the sleep of all threads",
    );
  }
}
