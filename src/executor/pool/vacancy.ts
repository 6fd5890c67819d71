import { isVacant, SEAT } from "./layout.ts";
import type { PoolMemory } from "./memory.ts";

/**
 * Blocks until the thread of a seat has left, or until `deadline`, a time of
 * `performance.now()`. Returns whether it has.
 */
export function awaitVacant(
  memory: PoolMemory,
  seat: number,
  deadline: number,
): boolean {
  const at = memory.layout.seat(seat) + SEAT.STATUS;
  for (;;) {
    const status = Atomics.load(memory.words, at);
    if (isVacant(status)) return true;
    const left = deadline - performance.now();
    if (left <= 0) return false;
    Atomics.wait(memory.words, at, status, left);
  }
}

/** The same without blocking the thread. */
export async function untilVacant(
  memory: PoolMemory,
  seat: number,
  deadline: number,
): Promise<boolean> {
  const at = memory.layout.seat(seat) + SEAT.STATUS;
  for (;;) {
    const status = Atomics.load(memory.words, at);
    if (isVacant(status)) return true;
    const left = deadline - performance.now();
    if (left <= 0) return false;
    const wait = Atomics.waitAsync(memory.words, at, status, left);
    if (!wait.async) continue;
    // A promise of this kind does not keep the process alive; a timer does.
    const alive = setInterval(() => {}, 2 ** 30);
    try {
      await wait.value;
    } finally {
      clearInterval(alive);
    }
  }
}
