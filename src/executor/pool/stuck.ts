import { reportFailure } from "../../future/mod.ts";

/** A thread that did not end in time, and what it was doing. */
export interface Stuck {
  /** The seat of its worker. */
  readonly worker: number;
  /** The name of the task that it polled last. */
  readonly task: string;
}

/** Tells the failure hook which tasks kept a pool from ending in time. */
export function reportStuck(stuck: readonly Stuck[], timeout: number): void {
  if (stuck.length === 0) return;
  const names = stuck
    .map(({ worker, task }) => `"${task}" on worker ${worker}`)
    .join(", ");
  reportFailure(
    "the shutdown of a runtime",
    new Error(
      `Cannot shut the runtime down within ${timeout} ms: ${names} did not ` +
        "come to an end; nothing can stop a loop, so the thread was let go",
    ),
  );
}
