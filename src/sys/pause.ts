/** What a pause waits on: nobody wakes it. */
const CELL = new Int32Array(new SharedArrayBuffer(4));

/** How often `pauseUntil` looks: the events that it is for take some ten microseconds. */
const LOOK_MS = 0.05;

/** Blocks the thread for so many milliseconds. */
export function pause(ms: number): void {
  Atomics.wait(CELL, 0, 0, ms);
}

/**
 * Blocks the thread until something holds that the system or another thread brings
 * about without a wake, for `ms` milliseconds at most. Returns whether it holds.
 */
export function pauseUntil(holds: () => boolean, ms: number): boolean {
  const deadline = performance.now() + ms;
  while (!holds()) {
    if (performance.now() > deadline) return false;
    pause(LOOK_MS);
  }
  return true;
}
