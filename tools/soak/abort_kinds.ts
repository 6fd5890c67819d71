/** Tasks that are aborted, at every stage, and threads that end. */
import type { JoinHandle } from "../../mod.ts";
import { described, isLoss, type TestedPool } from "./pools.ts";
import { fill, type Random } from "./random.ts";
import { anyPool, check, type Kind, pause, type Soak } from "./soak.ts";
import {
  add,
  awaitsSleep,
  careful,
  carefulParent,
  closesLater,
  closesThread,
  endless,
  exitsThread,
  minds,
  mirror,
  naps,
  sleeps,
  threadName,
} from "./tasks.ts";

/** Long enough not to end by itself. */
const LONG_MS = 600_000;

/** A task that would go on for long, of a kind that is chosen. */
function spawnLong(pool: TestedPool, random: Random): JoinHandle<unknown> {
  switch (random.below(pool.mayLose ? 3 : 5)) {
    case 0:
      return pool.spawn(endless);
    case 1:
      return pool.spawn(minds, LONG_MS);
    case 2:
      return pool.spawn(awaitsSleep, LONG_MS);
    case 3:
      return pool.spawn(careful, LONG_MS);
    default: {
      const on = random.between(1, pool.workers);
      return pool.spawnWith({ on }, careful, LONG_MS);
    }
  }
}

/** After some time, or none, to meet a task at every stage. */
async function stage(random: Random): Promise<void> {
  if (random.chance(0.3)) return;
  if (random.chance(0.3)) await Promise.resolve();
  else await pause(random.size(20));
}

async function expectAborted(
  pool: TestedPool,
  handle: JoinHandle<unknown>,
): Promise<void> {
  const outcome = await pool.outcome(handle);
  check(
    outcome.kind === "aborted" || pool.mayLose && isLoss(outcome),
    () => `the task "${handle.name}" was aborted, but ${described(outcome)}`,
  );
}

async function long(soak: Soak, random: Random): Promise<void> {
  const pool = anyPool(soak, random);
  const handles = Array.from({ length: random.between(1, 20) }, () => {
    return spawnLong(pool, random);
  });
  await stage(random);
  for (const handle of handles) handle.abort();
  if (random.chance(0.2)) { for (const handle of handles) handle.abort(); }
  for (const handle of handles) await expectAborted(pool, handle);
}

/** Those that may as well have ended. */
async function short(soak: Soak, random: Random): Promise<void> {
  const pool = anyPool(soak, random);
  const bytes = new Uint8Array(random.size(100_000));
  fill(bytes, 1, 0);
  const handles: JoinHandle<unknown>[] = [];
  for (let n = random.between(1, 100); n > 0; n--) {
    handles.push(
      random.chance(0.6)
        ? pool.spawn(add, n, n)
        : random.chance(0.7)
        ? pool.spawn(mirror, bytes)
        : random.chance(0.7)
        ? pool.spawn(sleeps, random.below(4))
        : pool.spawnBlocking(naps, random.below(4)),
    );
  }
  await stage(random);
  for (const handle of handles) if (random.chance(0.7)) handle.abort();
  for (const handle of handles) {
    const outcome = await pool.outcome(handle);
    check(
      outcome.kind === "value" || outcome.kind === "aborted" ||
        pool.mayLose && isLoss(outcome),
      () => `the task "${handle.name}" ${described(outcome)}`,
    );
  }
}

/** A task that waits for its child is aborted; the child ends by itself. */
async function parents({ calm }: Soak, random: Random): Promise<void> {
  const handles = Array.from({ length: random.between(1, 5) }, () => {
    return calm.spawn(carefulParent, random.below(10));
  });
  await stage(random);
  for (const handle of handles) handle.abort();
  for (const handle of handles) {
    const outcome = await calm.outcome(handle);
    check(
      outcome.kind === "value" || outcome.kind === "aborted",
      () => `a task that joins another ${described(outcome)}`,
    );
  }
}

/** A buffer that has moved to a task that may never start. */
async function moved(soak: Soak, random: Random): Promise<void> {
  const pool = anyPool(soak, random);
  const bytes = new Uint8Array(1 + random.size(1_000_000));
  const on = random.between(1, pool.workers);
  const handle = pool.spawnWith(
    { on, transfer: [bytes.buffer] },
    mirror,
    bytes,
  );
  await stage(random);
  handle.abort();
  const outcome = await pool.outcome(handle);
  check(
    outcome.kind === "value" || outcome.kind === "aborted" ||
      pool.mayLose && isLoss(outcome),
    () => `a task with a transferred buffer ${described(outcome)}`,
  );
}

async function death(soak: Soak, random: Random): Promise<void> {
  const { deadly, counters } = soak;
  const on = random.between(1, deadly.workers);
  const beside = Array.from({ length: random.below(30) }, (_, n) => {
    return random.chance(0.5)
      ? deadly.spawnWith({ on }, add, n, n)
      : deadly.spawn(sleeps, random.below(20));
  });
  const ms = random.below(5);
  const handle = random.chance(0.3)
    ? deadly.spawnWith({ on }, closesThread)
    : random.chance(0.4)
    ? deadly.spawn(exitsThread, ms)
    : random.chance(0.6)
    ? deadly.spawnWith({ on }, closesLater, ms)
    : deadly.spawnBlocking(closesThread);
  const outcome = await deadly.outcome(handle);
  counters.deaths++;
  check(
    outcome.kind === "lost",
    () => `a task that ended its thread ${described(outcome)}`,
  );
  for (const handle of beside) await deadly.expect(handle);
  // Its successor works.
  const name = await deadly.expect(deadly.spawnWith({ on }, threadName));
  check(
    name === null || name.value === `edo ${on}`,
    () => `worker ${on} says that it is "${name!.value}"`,
  );
}

export const ABORT_KINDS: readonly Kind[] = [
  { name: "aborts of long tasks", weight: 8, run: long },
  { name: "aborts of short tasks", weight: 8, run: short },
  { name: "aborts of tasks that join others", weight: 3, run: parents },
  { name: "aborts of tasks with moved buffers", weight: 3, run: moved },
  { name: "threads that end", weight: 1, run: death },
];
