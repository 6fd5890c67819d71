/** Tasks that end by themselves. */
import { spawn } from "../../mod.ts";
import { described, isLoss, type TestedPool } from "./pools.ts";
import { checksum, fill, type Random } from "./random.ts";
import { anyPool, check, type Kind, LEFT_ALONE, type Soak } from "./soak.ts";
import {
  add,
  asyncThrows,
  awaits,
  countPrimes,
  counts,
  fetches,
  identity,
  leaves,
  mirror,
  naps,
  napsElsewhere,
  polite,
  sleeps,
  sums,
  threadName,
  throws,
  tree,
} from "./tasks.ts";

const MIB = 2 ** 20;

async function tiny(soak: Soak, random: Random): Promise<void> {
  const pool = anyPool(soak, random);
  const handles = Array.from(
    { length: 1 + random.size(400) },
    (_, n) => pool.spawn(add, n, 1),
  );
  for (const [n, handle] of handles.entries()) {
    await pool.expectValue(handle, n + 1);
  }
}

/** More than fit into a worker's queue, joined in no order. */
async function flood(soak: Soak, random: Random): Promise<void> {
  const pool = anyPool(soak, random);
  const count = random.between(4_000, 10_000);
  const handles = Array.from({ length: count }, (_, n) => {
    return random.chance(0.99) ? pool.spawn(add, n, n) : pool.spawn(polite, n);
  });
  await Promise.all(
    handles.map(async (handle) => void await pool.expect(handle)),
  );
}

async function computes(soak: Soak, random: Random): Promise<void> {
  const pool = anyPool(soak, random);
  const primes = [[10, 4], [100, 25], [1_000, 168], [20_000, 2_262]] as const;
  const tasks = Array.from({ length: random.between(1, 6) }, () => {
    const [below, count] = random.pick(primes);
    return [pool.spawn(countPrimes, below), count] as const;
  });
  for (const [handle, count] of tasks) await pool.expectValue(handle, count);
}

async function asyncTasks(soak: Soak, random: Random): Promise<void> {
  const pool = anyPool(soak, random);
  const fetching = Array.from({ length: random.below(4) }, () => {
    const path = `/${random.seed()}`;
    return [pool.spawn(fetches, soak.url + path), path] as const;
  });
  const awaiting = Array.from({ length: random.between(1, 4) }, () => {
    const n = random.below(1_000);
    return [pool.spawn(awaits, n, random.below(10)), 2 * n] as const;
  });
  for (const [handle, path] of fetching) await pool.expectValue(handle, path);
  for (const [handle, n] of awaiting) await pool.expectValue(handle, n);
}

async function failing(soak: Soak, random: Random): Promise<void> {
  const pool = anyPool(soak, random);
  const message = `no ${random.seed()}`;
  const handle = random.chance(0.5)
    ? pool.spawn(throws, message, random.below(3))
    : pool.spawn(asyncThrows, message);
  const outcome = await pool.outcome(handle);
  if (pool.mayLose && isLoss(outcome)) return;
  check(
    outcome.kind === "failed" && outcome.error instanceof RangeError &&
      outcome.error.message === message,
    () => `a task that threw "${message}" ${described(outcome)}`,
  );
}

/** Failures that nobody joins are told to the hook, once each. */
function failingAlone({ calm, counters }: Soak, random: Random): Promise<void> {
  const handle = calm.rt.spawn(throws, LEFT_ALONE, random.below(3));
  counters.failuresLeft++;
  handle.detach();
  return Promise.resolve();
}

async function sleeping(soak: Soak, random: Random): Promise<void> {
  const pool = anyPool(soak, random);
  const handles = Array.from({ length: random.between(1, 50) }, () => {
    const ms = random.below(40);
    return [pool.spawn(sleeps, ms), ms] as const;
  });
  for (const [handle, ms] of handles) await pool.expectValue(handle, ms);
}

async function nested(soak: Soak, random: Random): Promise<void> {
  const pool = anyPool(soak, random);
  const width = random.between(1, 5);
  const depth = random.between(1, width > 2 ? 4 : 7);
  let count = 0;
  for (let level = 0; level <= depth; level++) count += width ** level;
  await pool.expectValue(pool.spawn(tree, width, depth), count);
  if (random.chance(0.3)) await pool.expect(pool.spawn(leaves, count));
}

async function payloads(soak: Soak, random: Random): Promise<void> {
  const pool = anyPool(soak, random);
  const seed = random.seed();
  const handles = Array.from({ length: random.between(1, 6) }, () => {
    const bytes = new Uint8Array(random.size(MIB));
    fill(bytes, seed, 0);
    const isBlocking = random.chance(0.1);
    const handle = isBlocking
      ? pool.spawnBlocking(mirror, bytes)
      : pool.spawn(mirror, bytes);
    return [handle, bytes] as const;
  });
  for (const [handle, bytes] of handles) {
    const outcome = await pool.expect(handle);
    if (outcome === null) continue;
    const { value } = outcome;
    check(
      value.sum === checksum(bytes) && checksum(value.bytes) === value.sum,
      () => `${bytes.length} bytes came as others, or went back as others`,
    );
  }
}

/** Values of many kinds: strings of many lengths, nested ones, cycles. */
async function values(soak: Soak, random: Random): Promise<void> {
  const pool = anyPool(soak, random);
  const text = "é".repeat(random.size(20_000));
  const list: unknown[] = [text, 2n ** 80n, new Date(5), new Map([[1, text]])];
  list.push(list, { list, error: new TypeError(text) });
  const outcome = await pool.expect(pool.spawn(identity, list));
  if (outcome === null) return;
  const back = outcome.value as unknown[];
  const { error } = back[5] as { error: Error };
  check(
    back.length === 6 && back[0] === text && back[1] === 2n ** 80n &&
      back[4] === back && error instanceof TypeError &&
      error.message === text,
    () => `a list with ${text.length} letters came back as another`,
  );
}

async function transfers(soak: Soak, random: Random): Promise<void> {
  const pool = anyPool(soak, random);
  const bytes = new Uint8Array(random.size(4 * MIB));
  fill(bytes, random.seed(), 0);
  const sum = checksum(bytes);
  const handle = pool.spawnWith({ transfer: [bytes.buffer] }, sums, bytes);
  check(
    bytes.length === 0,
    () => "a buffer that was transferred is still here",
  );
  await pool.expectValue(handle, sum);
}

async function sharedMemory(soak: Soak, random: Random): Promise<void> {
  const pool = soak.calm;
  const memory = new SharedArrayBuffer(4);
  const times = Array.from({ length: random.between(1, 8) }, () => {
    return 1 + random.size(2_000);
  });
  const handles = times.map((n) => pool.spawn(counts, memory, n));
  for (const handle of handles) await pool.expect(handle);
  const sum = times.reduce((a, b) => a + b);
  const [found] = new Int32Array(memory);
  check(found === sum, () => `${sum} steps were counted as ${found}`);
}

async function blocking(soak: Soak, random: Random): Promise<void> {
  const pool = anyPool(soak, random);
  const handles = Array.from({ length: random.between(1, 4) }, () => {
    const ms = random.below(12);
    const handle = random.chance(0.7)
      ? pool.spawnBlocking(naps, ms)
      : pool.spawn(napsElsewhere, ms);
    return [handle, ms] as const;
  });
  for (const [handle, ms] of handles) await pool.expectValue(handle, ms);
}

async function named(soak: Soak, random: Random): Promise<void> {
  const pool = anyPool(soak, random);
  const handles = Array.from({ length: random.between(1, 20) }, () => {
    const on = random.between(1, pool.workers);
    return [pool.spawnWith({ on }, threadName), `edo ${on}`] as const;
  });
  for (const [handle, name] of handles) await pool.expectValue(handle, name);
  await pool.expect(pool.spawnWith({ on: "fewest" }, threadName));
}

/** Inside block_on, which serves what other lanes have spawned as well. */
async function blockOn(soak: Soak, random: Random): Promise<void> {
  const pool = soak.calm;
  const count = random.between(1, 50);
  const sum = pool.rt.block_on(function* () {
    const handles = Array.from({ length: count }, (_, n) => spawn(add, n, 1));
    let sum = 0;
    for (const handle of handles) sum += yield* handle;
    return sum;
  });
  note(pool, count);
  const expected = count * (count + 1) / 2;
  check(sum === expected, () => `block_on summed up ${sum}, not ${expected}`);
  await Promise.resolve();
}

/** Enters tasks that were spawned and joined without the book. */
function note(pool: TestedPool, count: number): void {
  pool.tally.spawned += count;
  pool.tally.value += count;
}

export const TASK_KINDS: readonly Kind[] = [
  { name: "tiny tasks", weight: 20, run: tiny },
  { name: "a flood of tasks", weight: 1, run: flood },
  { name: "computations", weight: 4, run: computes },
  { name: "async tasks", weight: 5, run: asyncTasks },
  { name: "failing tasks", weight: 4, run: failing },
  { name: "failing tasks that nobody joins", weight: 2, run: failingAlone },
  { name: "sleeping tasks", weight: 4, run: sleeping },
  { name: "nested tasks", weight: 6, run: nested },
  { name: "payloads", weight: 8, run: payloads },
  { name: "values", weight: 4, run: values },
  { name: "transfers", weight: 4, run: transfers },
  { name: "shared memory", weight: 2, run: sharedMemory },
  { name: "blocking tasks", weight: 3, run: blocking },
  { name: "tasks on a named worker", weight: 4, run: named },
  { name: "block_on", weight: 3, run: blockOn },
];
