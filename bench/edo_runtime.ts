// What tasks and timers cost in Edo. One JSON line for each measurement:
// {"name", "runtime", "ops", "seconds", "cpu_seconds"}.
//
//   deno run --allow-ffi --allow-net --allow-read edo_runtime.ts [--divide N] [NAME...]
//
// peers/tokio/src/bin/bench.rs does the same work under the same names, and
// README.md says what each of them is. --divide makes every count N times smaller.

import process from "node:process";
import {
  block_on,
  type Context,
  type Coroutine,
  Future,
  type JoinHandle,
  Pending,
  type Poll,
  spawn,
  time,
  yieldNow,
} from "../mod.ts";

const MILLION = 1_000_000;

/** Operations before the measured ones, so that the code is compiled by then. */
const WARM_UP = 200_000;

// deno-lint-ignore require-yield -- a task that ends at once
function* identity(i: number): Coroutine<number> {
  return i;
}

function expectSum(sum: number, ops: number): void {
  if (sum !== ops * (ops - 1) / 2) throw new Error(`Wrong sum: ${sum}`);
}

function* spawnJoin(ops: number): Coroutine<void> {
  let sum = 0;
  for (let i = 0; i < ops; i++) sum += yield* spawn(identity, i);
  expectSum(sum, ops);
}

function* spawnAll(ops: number): Coroutine<void> {
  const handles: JoinHandle<number>[] = [];
  for (let i = 0; i < ops; i++) handles.push(spawn(identity, i));
  let sum = 0;
  for (const handle of handles) sum += yield* handle;
  expectSum(sum, ops);
}

function* yielder(times: number): Coroutine<void> {
  for (let i = 0; i < times; i++) yield* yieldNow();
}

function* yields(ops: number): Coroutine<void> {
  const tasks = Math.round(Math.sqrt(ops));
  const handles: JoinHandle<void>[] = [];
  for (let i = 0; i < tasks; i++) handles.push(spawn(yielder, tasks));
  for (const handle of handles) yield* handle;
}

function delay(i: number): number {
  return i % 1000 + 1;
}

/**
 * Sleeps of one task, each made and polled once: polling is what puts a sleep into
 * the wheel.
 */
class Insert extends Future<Future<void>[]> {
  readonly #ops: number;

  constructor(ops: number) {
    super();
    this.#ops = ops;
  }

  override poll(cx: Context): Poll<Future<void>[]> {
    const sleeps: Future<void>[] = [];
    for (let i = 0; i < this.#ops; i++) {
      const sleep = time.sleep(delay(i));
      if (sleep.poll(cx) !== Pending) throw new Error("Over at once");
      sleeps.push(sleep);
    }
    return sleeps;
  }
}

/**
 * They all have the same waker. Each millisecond's worth wakes the task once, and
 * it polls only the sleep that it is waiting for.
 */
function* sleepsFired(ops: number): Coroutine<void> {
  for (const sleep of yield* new Insert(ops)) yield* sleep;
}

function* sleepsCancelled(ops: number): Coroutine<void> {
  for (const sleep of yield* new Insert(ops)) sleep.cancel();
}

function* nap(ms: number): Coroutine<void> {
  yield* time.sleep(ms);
}

function* sleepingTasks(ops: number): Coroutine<void> {
  const handles: JoinHandle<void>[] = [];
  for (let i = 0; i < ops; i++) handles.push(spawn(nap, delay(i)));
  for (const handle of handles) yield* handle;
}

const MEASUREMENTS: Record<string, (ops: number) => Coroutine<void>> = {
  spawn_join: spawnJoin,
  spawn_all: spawnAll,
  yields,
  sleeps_fired: sleepsFired,
  sleeps_cancelled: sleepsCancelled,
  sleeping_tasks: sleepingTasks,
};

function measure(name: string, ops: number): void {
  const body = MEASUREMENTS[name];
  if (body === undefined) throw new Error(`Unknown measurement: ${name}`);
  block_on(body, WARM_UP);
  const cpu = process.cpuUsage();
  const start = performance.now();
  block_on(body, ops);
  const seconds = (performance.now() - start) / 1e3;
  const { user, system } = process.cpuUsage(cpu);
  console.log(JSON.stringify({
    name,
    runtime: "block_on",
    ops,
    seconds,
    cpu_seconds: (user + system) / 1e6,
  }));
}

const names = [...Deno.args];
let divide = 1;
const at = names.indexOf("--divide");
if (at >= 0) divide = Number(names.splice(at, 2)[1]);
if (names.length === 0) names.push(...Object.keys(MEASUREMENTS));
for (const name of names) measure(name, Math.floor(MILLION / divide));
