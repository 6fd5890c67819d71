// The questions about pools, and what Edo wants to reach in each.

import type { Ask } from "../pools/ask.ts";
import { CONTENDERS, EDO } from "../pools/contenders.ts";
import { spin } from "../pools/work.ts";
import type { PoolGoal, Unit } from "./answer.ts";

/** A column of a question's table. */
export interface Variant {
  label: string;
  threads: number;
  /** The label of the column of which this one is to be faster: "speed-up". */
  than?: string;
  /** Null for the time to the first result in a fresh process. */
  ask: Ask | null;
}

export interface PoolQuestion {
  name: string;
  title: string;
  unit: Unit;
  variants: readonly Variant[];
  goals: readonly PoolGoal[];
  /** Whether the work without any pool is to be a row too. */
  noPool: boolean;
  /** Rounds at most, where one takes long. */
  atMost: number;
}

/** What an Ask is if nothing else is said: empty calls, one at a time. */
export const GENERAL: Ask = {
  how: "one",
  work: "empty",
  size: 1,
  seconds: 0,
  loops: 1,
  heavy: 1,
  bytes: 0,
  n: 1000,
  fork: { n: 20, cutOff: 14 },
};

export function batch(size: number): Partial<Ask> {
  return { how: "batch", size };
}

/** How often `spin` turns in a microsecond, on this machine, at best. */
export function calibrate(): number {
  const loops = 1_000_000;
  let best = Infinity;
  for (let i = 0; i < 20; i++) {
    const start = performance.now();
    spin({ value: i, loops });
    best = Math.min(best, performance.now() - start);
  }
  return Math.max(1, Math.round(loops / (best * 1e3)));
}

const piscina = CONTENDERS.map(({ name }) => name)
  .filter((name) => name.startsWith("piscina"));

const BATCH = "1,000";

/** Numbers instead of objects: what knitting is fastest with. */
const NUMBERS = "1,000, numbers";

/** All questions; `quick` makes them smaller, `micro` is what calibrate() gave. */
export function poolQuestions(quick: boolean, micro: number): PoolQuestion[] {
  const general: Ask = {
    ...GENERAL,
    seconds: quick ? 0.08 : 0.4,
    loops: micro,
    fork: { n: quick ? 24 : 30, cutOff: 14 },
  };
  const variant = (
    label: string,
    threads: number,
    ask: Partial<Ask>,
  ): Variant => ({ label, threads, ask: { ...general, ...ask } });
  const question = (
    name: string,
    title: string,
    unit: Unit,
    variants: Variant[],
    more: Partial<PoolQuestion> = {},
  ): PoolQuestion => ({
    name: `pools-${name}`,
    title,
    unit,
    variants,
    goals: [],
    noPool: false,
    atMost: Infinity,
    ...more,
  });
  const payload = (work: "bytesIn" | "bytesBoth") =>
    [["0 B", 0], ["1 KiB", 1024], ["64 KiB", 65536], ["1 MiB", 1 << 20]]
      .map(([label, bytes]) =>
        variant(label as string, 1, { work, bytes: bytes as number })
      );
  const millisecond = 1000 * micro;
  const work: Partial<Ask> = { work: "spin", seconds: 0, how: "batch" };
  const cpuBound = {
    ...work,
    size: quick ? 16 : 64,
    loops: (quick ? 2 : 8) * millisecond,
  };
  const fork: Partial<Ask> = { how: "forkJoin" };
  const oneMicro: Partial<Ask> = { ...batch(1000), work: "spin" };
  return [
    question("one", "one call at a time, one thread", "time", [
      variant("an object", 1, {}),
      variant("a number", 1, { work: "next" }),
    ], {
      goals: ["an object", "a number"].map((column) => (
        { of: EDO, to: "knitting", atMost: 0.75, column }
      )),
    }),
    question(
      "batch",
      "batches of empty calls, one thread",
      "rate",
      [
        variant("10", 1, batch(10)),
        variant("100", 1, batch(100)),
        variant(BATCH, 1, batch(1000)),
        variant(NUMBERS, 1, { ...batch(1000), work: "next" }),
      ],
      {
        goals: [
          ...piscina.map((to) => (
            { of: EDO, to, atMost: 1 / 50, column: BATCH }
          )),
          ...[BATCH, NUMBERS].map((column) => (
            { of: EDO, to: "knitting", atMost: 1, column }
          )),
        ],
      },
    ),
    question("threads", "batches of 1,000, on one thread and on two", "rate", [
      variant("empty, 1", 1, batch(1000)),
      { ...variant("empty, 2", 2, batch(1000)), than: "empty, 1" },
      variant("1 µs, 1", 1, oneMicro),
      { ...variant("1 µs, 2", 2, oneMicro), than: "1 µs, 1" },
    ], {
      goals: [
        { of: EDO, column: "empty, 2", than: "empty, 1", atMost: 1 },
        { of: EDO, column: "1 µs, 2", than: "1 µs, 1", atMost: 0.95 },
      ],
    }),
    question(
      "factorial",
      `${quick ? "1,000" : "100,000"} × factorial(1000) at once, two threads`,
      "time",
      [variant("a task", 2, {
        ...batch(quick ? 1000 : 100_000),
        work: "factorial",
        seconds: 0,
      })],
      { noPool: true, atMost: 3 },
    ),
    question(
      "skewed",
      `${
        quick ? "200" : "1,000"
      } tasks, 20 µs or (a tenth of them) 2 ms, two threads`,
      "time",
      [variant("a task", 2, {
        ...work,
        size: quick ? 200 : 1000,
        loops: 20 * micro,
        heavy: 100,
      })],
      { noPool: true },
    ),
    question(
      "payload-in",
      "a Uint8Array there, its length back, one at a time, one thread",
      "time",
      payload("bytesIn"),
    ),
    question(
      "payload-both",
      "a Uint8Array there and back, one at a time, one thread",
      "time",
      payload("bytesBoth"),
    ),
    question(
      "fork-join",
      `fib(${general.fork.n}), a task for each call above fib(14)`,
      "time",
      [
        variant("1 thread", 1, fork),
        { ...variant("2 threads", 2, fork), than: "1 thread" },
      ],
      { noPool: true },
    ),
    question("cold", "from import to first result, one thread", "time", [
      { label: "first result", threads: 1, ask: null },
    ]),
    question(
      "cores",
      `${cpuBound.size} tasks of ${quick ? 2 : 8} ms at once`,
      "time",
      [
        variant("1 thread", 1, cpuBound),
        { ...variant("2 threads", 2, cpuBound), than: "1 thread" },
      ],
      {
        noPool: true,
        goals: [
          { of: EDO, column: "2 threads", than: "1 thread", atMost: 1 / 1.9 },
        ],
      },
    ),
  ];
}
