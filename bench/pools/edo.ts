// Edo: a Runtime, and a spawn for each call. While a process is stopped the clock goes
// on, so its workers must not retire for having been idle; the others' do not either.

import {
  type Coroutine,
  type JoinHandle,
  Runtime,
  spawn,
  task,
} from "../../mod.ts";
import type { Contender, ForkJoin, Load, Running, Work } from "./contender.ts";
import * as work from "./work.ts";

export const empty = task(import.meta, work.empty);
export const next = task(import.meta, work.next);
export const spin = task(import.meta, work.spin);
export const factorial = task(import.meta, work.factorial);
export const bytesIn = task(import.meta, work.bytesIn);
export const bytesBoth = task(import.meta, work.bytesBoth);

export const fork = task(
  import.meta,
  function* fork({ n, cutOff }: ForkJoin): Coroutine<work.Numbered> {
    if (n <= cutOff) return { value: work.fib(n) };
    const one = spawn(fork, { n: n - 1, cutOff });
    const two = spawn(fork, { n: n - 2, cutOff });
    return { value: (yield* one).value + (yield* two).value };
  },
);

const tasks = { empty, next, spin, factorial, bytesIn, bytesBoth };

type Spawn = (arg: unknown) => JoinHandle<unknown>;

export const contender: Contender = {
  start(threads: number, mode: string): Promise<Running> {
    const runtime = new Runtime({ workers: threads, idleTimeout: Infinity });
    const caller = (name: Work): Spawn => {
      // One type for all of them: what they take is up to who asks.
      const fn = tasks[name] as unknown as typeof bytesBoth;
      return (arg) => runtime.spawn(fn, arg as Uint8Array);
    };
    const running: Running = {
      caller,
      forkJoin: (arg) => runtime.spawn(fork, arg),
      stop: async () => void await runtime.shutdown(),
    };
    if (mode === "block_on") {
      running.drive = (how, work, load, count) => {
        const make = how === "one" ? oneByOne : batch;
        return runtime.block_on(make, caller(work), load, count);
      };
    }
    return Promise.resolve(running);
  },
};

function* oneByOne(
  call: Spawn,
  { arg, weigh }: Load,
  count: number,
): Coroutine<number> {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += weigh(yield* call(arg(i)));
  return sum;
}

function* batch(
  call: Spawn,
  { arg, weigh }: Load,
  count: number,
): Coroutine<number> {
  const handles: JoinHandle<unknown>[] = [];
  for (let i = 0; i < count; i++) handles.push(call(arg(i)));
  let sum = 0;
  for (const handle of handles) sum += weigh(yield* handle);
  return sum;
}
