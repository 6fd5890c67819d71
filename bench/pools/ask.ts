// What a contender's process is asked to do, and what it measures. The questions in
// lib/pool_questions.ts are made of these.

import process from "node:process";
import type { ForkJoin, Load, Running, Work } from "./contender.ts";
import * as work from "./work.ts";

/** One measurement. It goes to the contender's process as JSON. */
export interface Ask {
  /**
   * "one": each call is awaited before the next is made. "batch": so many calls are
   * made, then all are awaited. "forkJoin": one call, and all that it spawns.
   */
  how: "one" | "batch" | "forkJoin";
  work: Work;
  /** Calls in a batch. */
  size: number;
  /** For how long to go on. A batch is always finished, so 0 asks for one. */
  seconds: number;
  /** How often `spin` turns; in every tenth call, `heavy` times as often. */
  loops: number;
  heavy: number;
  /** Length of the argument of `bytesIn` and `bytesBoth`. */
  bytes: number;
  /** Whose factorial. */
  n: number;
  fork: ForkJoin;
}

/** What came of it. */
export interface Figures {
  ops: number;
  seconds: number;
  /** User and system time of all threads of the process. */
  cpuSeconds: number;
}

/** A tenth of the calls, in no order that a round robin could be in step with. */
export function isHeavy(i: number): boolean {
  return (Math.imul(i + 1, 0x9e3779b1) >>> 0) % 10 === 0;
}

const valueOf = (result: unknown) => (result as work.Numbered).value;

function loadOf(ask: Ask): Load {
  const { loops, heavy, n } = ask;
  switch (ask.work) {
    case "empty":
      return {
        arg: (value) => ({ value }),
        weigh: valueOf,
        expected: (value) => value + 1,
      };
    case "next":
      return {
        arg: (value) => value,
        weigh: (result) => result as number,
        expected: (value) => value + 1,
      };
    case "spin":
      return {
        arg: (value) => ({
          value,
          loops: heavy !== 1 && isHeavy(value) ? heavy * loops : loops,
        }),
        weigh: valueOf,
        expected: (value) => value,
      };
    case "factorial": {
      const { value } = work.factorial({ n });
      return { arg: () => ({ n }), weigh: valueOf, expected: () => value };
    }
    case "bytesIn":
    case "bytesBoth": {
      const bytes = new Uint8Array(ask.bytes).fill(7);
      const arg = () => bytes;
      const weigh = (result: unknown) => (result as { length: number }).length;
      return { arg, weigh, expected: () => bytes.length };
    }
  }
}

function sumOf(count: number, term: (i: number) => number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += term(i);
  return sum;
}

function expectSum(is: number, expected: number): void {
  if (is !== expected) {
    throw new Error(`Wrong results: their sum is ${is}, not ${expected}`);
  }
}

/** Makes `count` calls, and looks at their results. */
type Drive = (load: Load, count: number) => number | Promise<number>;

function driveOf({ how, work }: Ask, running: Running): Drive {
  if (running.drive !== undefined) {
    const way = how === "one" ? "one" : "batch";
    return (load, count) => running.drive!(way, work, load, count);
  }
  const call = running.caller(work);
  if (how === "one") {
    return async ({ arg, weigh }, count) => {
      let sum = 0;
      for (let i = 0; i < count; i++) sum += weigh(await call(arg(i)));
      return sum;
    };
  }
  return async ({ arg, weigh }, count) => {
    const handles: PromiseLike<unknown>[] = [];
    for (let i = 0; i < count; i++) handles.push(call(arg(i)));
    const results = await Promise.all(handles);
    return sumOf(count, (i) => weigh(results[i]));
  };
}

async function oneByOne(ask: Ask, drive: Drive): Promise<number> {
  const load = loadOf(ask);
  const end = performance.now() + ask.seconds * 1e3;
  let ops = 0;
  // Reading the clock after each of the fastest calls would be seen in the figures.
  let chunk = 1;
  for (let now = performance.now(); now < end || ops === 0;) {
    expectSum(await drive(load, chunk), sumOf(chunk, load.expected));
    ops += chunk;
    const before = now;
    now = performance.now();
    if (now - before < 0.5) chunk *= 2;
  }
  return ops;
}

async function batches(ask: Ask, drive: Drive): Promise<number> {
  const load = loadOf(ask);
  const { size } = ask;
  const sum = sumOf(size, load.expected);
  const end = performance.now() + ask.seconds * 1e3;
  let ops = 0;
  do {
    expectSum(await drive(load, size), sum);
    ops += size;
  } while (performance.now() < end);
  return ops;
}

/** The calls of fib that become tasks. */
function forks({ n, cutOff }: ForkJoin): number {
  return n <= cutOff
    ? 1
    : 1 + forks({ n: n - 1, cutOff }) + forks({ n: n - 2, cutOff });
}

async function forkJoin(ask: Ask, running: Running): Promise<number> {
  const expected = work.fib(ask.fork.n);
  const end = performance.now() + ask.seconds * 1e3;
  let ops = 0;
  do {
    const { value } = await running.forkJoin!(ask.fork);
    expectSum(value, expected);
    ops += forks(ask.fork);
  } while (performance.now() < end);
  return ops;
}

/** Null if this pool has no way to do it. */
export async function measure(
  ask: Ask,
  running: Running,
): Promise<Figures | null> {
  if (ask.how === "forkJoin" && running.forkJoin === undefined) return null;
  const drive = driveOf(ask, running);
  const cpu = process.cpuUsage();
  const start = performance.now();
  let ops: number;
  if (ask.how === "forkJoin") ops = await forkJoin(ask, running);
  else if (ask.how === "one") ops = await oneByOne(ask, drive);
  else ops = await batches(ask, drive);
  const seconds = (performance.now() - start) / 1e3;
  const { user, system } = process.cpuUsage(cpu);
  return { ops, seconds, cpuSeconds: (user + system) / 1e6 };
}
