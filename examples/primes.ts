/**
 * Counting primes on every core, and how much faster that is than on one.
 *
 *     deno run --allow-ffi --allow-read examples/primes.ts --below 5000000
 *
 * `countPrimes` and `fanOut` are what to copy: a function that any worker can run,
 * and the one that hands out the work.
 *
 * @module
 */
import { type Coroutine, Runtime, spawn, task } from "../mod.ts";
import { exitWith, numberFlag, parseCommandLine } from "./lib/command_line.ts";
import { ProgressLine } from "./lib/progress_line.ts";

const USAGE = `primes.ts [flags]

--below    up to where to count           5000000
--workers  how many workers share the
           work, after one has done it    one for each processor
--part     how many numbers a task takes  50000`;

/** Counts the primes from one number up to another, which is not included. */
export const countPrimes = task(
  import.meta,
  function countPrimes(from: number, to: number): number {
    let count = 0;
    for (let n = from; n < to; n++) if (isPrime(n)) count++;
    return count;
  },
);

function isPrime(n: number): boolean {
  if (n < 2 || n % 2 === 0) return n === 2;
  for (let d = 3; d * d <= n; d += 2) if (n % d === 0) return false;
  return true;
}

/** Counts in parts, each of which goes to the first worker that is free. */
function* fanOut(
  below: number,
  part: number,
  progress: ProgressLine,
): Coroutine<number> {
  const counts = [];
  for (let from = 0; from < below; from += part) {
    counts.push(spawn(countPrimes, from, Math.min(from + part, below)));
  }
  let primes = 0;
  for (const [i, count] of counts.entries()) {
    primes += yield* count;
    progress.show((i + 1) / counts.length);
  }
  return primes;
}

/** Counts with so many workers, and tells how long that took. */
function count(workers: number, below: number, part: number): {
  primes: number;
  ms: number;
} {
  using runtime = new Runtime({ workers });
  using progress = new ProgressLine(`${workers} at work`);
  // Their start is not what is compared.
  runtime.block_on(function* () {
    for (let on = 1; on <= workers; on++) {
      yield* runtime.spawnWith({ on }, countPrimes, 0, part);
    }
  });
  const start = performance.now();
  const primes = runtime.block_on(fanOut, below, part, progress);
  return { primes, ms: performance.now() - start };
}

function main(): void {
  const { flags } = parseCommandLine(Deno.args, ["run"], {
    "below": "5000000",
    "workers": `${navigator.hardwareConcurrency}`,
    "part": "50000",
  });
  const below = numberFlag(flags, "below", { min: 1, max: 1e9, whole: true });
  const part = numberFlag(flags, "part", { min: 100, max: 1e9, whole: true });
  const workers = numberFlag(flags, "workers", {
    min: 1,
    max: 64,
    whole: true,
  });
  const alone = count(1, below, part);
  console.log(`1 worker counts ${alone.primes} in ${alone.ms.toFixed(0)} ms`);
  const all = count(workers, below, part);
  console.log(
    `${workers} workers count ${all.primes} in ${all.ms.toFixed(0)} ms, ` +
      `${(alone.ms / all.ms).toFixed(2)} times as fast`,
  );
}

if (import.meta.main) exitWith(main, USAGE);
