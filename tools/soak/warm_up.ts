/**
 * The largest bursts, before anything is measured. Lists by the number of a record,
 * queues, and the memory of a pool stay as large as the largest burst has made
 * them: a load that comes upon its largest burst late would seem to grow.
 *
 * @module
 */
import { run, spawn, yieldNow } from "../../mod.ts";
import { waits } from "./timer_kinds.ts";
import type { TestedPool } from "./pools.ts";
import { pause, type Soak } from "./soak.ts";
import { add, leaves, mirror, naps, tree } from "./tasks.ts";

/** More than actions that happen to meet: two floods of tasks, and some. */
const TASKS = 24_000;
/** What one action arms at most, with some of another's. */
const TIMERS = 24_000;
/** Of each size, of which an action sends few. */
const PAYLOADS = 6;
const PAYLOAD_BYTES = 2 ** 20;

/** Has a runtime, and this thread, meet more at a time than any action brings. */
export async function warmUp({ calm, deadly }: Soak): Promise<void> {
  for (const pool of [calm, deadly]) {
    await flood(pool);
    await nest(pool);
    await send(pool);
  }
  await run(function* () {
    for (let i = 0; i < TIMERS; i++) spawn(waits, 3_600_000);
    yield* yieldNow();
    yield* yieldNow();
  });
  await pause(1);
}

async function flood(pool: TestedPool): Promise<void> {
  const handles = Array.from({ length: TASKS }, () => pool.spawn(add, 1, 1));
  for (const handle of handles) await pool.expectValue(handle, 2);
  const blocking = Array.from(
    { length: 24 },
    () => pool.spawnBlocking(naps, 10),
  );
  for (const handle of blocking) await pool.expectValue(handle, 10);
}

/** Tasks that workers spawn, on each of them. */
async function nest(pool: TestedPool): Promise<void> {
  const handles = Array.from({ length: 2 * pool.workers }, (_, i) => {
    const on = 1 + i % pool.workers;
    return [
      pool.spawnWith({ on }, tree, 5, 5),
      pool.spawnWith({ on }, leaves, 4_000),
    ];
  });
  for (const handle of handles.flat()) await pool.expect<unknown>(handle);
}

async function send(pool: TestedPool): Promise<void> {
  for (let size = 256; size <= PAYLOAD_BYTES; size *= 2) {
    const bytes = new Uint8Array(size);
    const handles = Array.from(
      { length: PAYLOADS },
      () => pool.spawn(mirror, bytes),
    );
    for (const handle of handles) await pool.expect(handle);
  }
}
