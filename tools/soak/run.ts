import { setFailureHook } from "../../mod.ts";
import { ABORT_KINDS } from "./abort_kinds.ts";
import {
  byteLines,
  flatLines,
  format,
  formatted,
  holdingLines,
  memoryLines,
  same,
  taskLines,
} from "./account.ts";
import {
  type Holdings,
  holdings,
  moreThan,
  releaseEndedWorker,
} from "./holdings.ts";
import { Lanes } from "./lanes.ts";
import { TestedPool } from "./pools.ts";
import { Progress } from "./progress.ts";
import {
  lookAtRest,
  type Measured,
  nothingMeasured,
  pendingTimers,
} from "./rest.ts";
import { RUNTIME_KINDS } from "./runtime_kinds.ts";
import {
  type Counters,
  type Kind,
  LEFT_ALONE,
  newCounters,
  pause,
  type Soak,
} from "./soak.ts";
import { TASK_KINDS } from "./task_kinds.ts";
import { TCP_KINDS } from "./tcp_kinds.ts";
import { TIMER_KINDS } from "./timer_kinds.ts";
import { warmUp } from "./warm_up.ts";
import { startWatchdog } from "./watchdog.ts";

/** What a run is like. */
export interface SoakOptions {
  readonly minutes: number;
  readonly seed: number;
  readonly workers: number;
  readonly lanes: number;
}

const KINDS: readonly Kind[] = [
  ...TASK_KINDS,
  ...ABORT_KINDS,
  ...TIMER_KINDS,
  ...TCP_KINDS,
  ...RUNTIME_KINDS,
];

/** How many moments of rest there are, and how far apart, in milliseconds. */
const RESTS = 60;
const REST_MS = { min: 1_000, max: 10_000 };

/** How long threads and descriptors may take to go, in milliseconds. */
const SETTLE_MS = 15_000;

/** More complaints than these say nothing new. */
const MAX_COMPLAINTS = 20;

/** Runs the soak, and prints its account. Returns whether all is well. */
export async function soak(options: SoakOptions): Promise<boolean> {
  const { minutes, seed, workers, lanes: width } = options;
  using stop = new Stop(minutes);
  console.log(
    `soak: ${minutes} minutes, --seed ${seed}, --workers ${workers}, ` +
      `--lanes ${width}`,
  );
  await releaseEndedWorker();
  const before = holdings();
  const complaints: string[] = [];
  await using world = new World(workers, (what) => {
    progress.clear();
    if (complaints.length < MAX_COMPLAINTS) console.error(`NOT OK ${what}`);
    complaints.push(what);
  });
  const { calm, deadly, counters } = world;
  const lanes = new Lanes(world, KINDS, width);
  const watchdog = startWatchdog({ memory: lanes.memory, names: lanes.names });
  using progress = new Progress(() => lineOf(world, stop.elapsed));
  const measured = nothingMeasured();
  await calm.layBoard();
  await warmUp(world);
  stop.begin();
  await act(world, lanes, seed, stop, measured);
  const timers = await pendingTimers();
  const memories = [calm, deadly].map(({ rt }) => rt.handle().export().memory);
  await world[Symbol.asyncDispose]();
  watchdog.terminate();
  stop[Symbol.dispose]();
  const after = await settledHoldings(before);
  progress.clear();
  const lines = [
    ...[calm, deadly].flatMap(taskLines),
    ...byteLines(counters),
    same("timers that are armed or held", 0, timers.armed + timers.held),
    ...[calm, deadly].flatMap(({ name }, i) => memoryLines(name, memories[i]!)),
    ...holdingLines(before, after),
    ...flatLines(measured, workers),
    same("complaints", 0, complaints.length),
  ];
  console.log(lanesText(lanes));
  console.log(countersText(counters, stop.elapsed));
  console.log(formatted(lines).join("\n"));
  return lines.every(({ isOk }) => isOk !== false);
}

/** Says when it is over: after some time, or by Ctrl-C. */
class Stop implements Disposable {
  #start = performance.now();
  readonly #over = Promise.withResolvers<void>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #interrupt = () => this.#over.resolve();
  readonly minutes: number;
  isOver = false;

  constructor(minutes: number) {
    this.minutes = minutes;
    this.#over.promise.then(() => this.isOver = true);
    Deno.addSignalListener("SIGINT", this.#interrupt);
  }

  /** Has the time begin now: what was done before is no part of it. */
  begin(): void {
    this.#start = performance.now();
    this.#timer = setTimeout(this.#over.resolve, this.minutes * 60_000);
  }

  /** How long it has been going on, in minutes. */
  get elapsed(): number {
    return (performance.now() - this.#start) / 60_000;
  }

  /** Waits, but no longer than until it is over. */
  async pause(ms: number): Promise<void> {
    await Promise.race([pause(ms), this.#over.promise]);
  }

  /** From then on Ctrl-C ends the process. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    Deno.removeSignalListener("SIGINT", this.#interrupt);
  }
}

/** What the actions have to do with. */
class World implements Soak, AsyncDisposable {
  readonly calm: TestedPool;
  readonly deadly: TestedPool;
  readonly counters: Counters = newCounters();
  readonly url: string;
  readonly complain: (what: string) => void;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  #lastId = 0;

  constructor(workers: number, complain: (what: string) => void) {
    this.complain = complain;
    setFailureHook(({ what, error }) => {
      if (String(error).includes(LEFT_ALONE)) this.counters.failuresReported++;
      else complain(`${what} failed, and nobody waited: ${error}`);
    });
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      (request) => new Response(new URL(request.url).pathname),
    );
    this.url = `http://127.0.0.1:${this.#server.addr.port}`;
    const idleTimeout = 100;
    this.calm = new TestedPool("calm", {
      workers,
      mayLose: false,
      idleTimeout,
    });
    this.deadly = new TestedPool("deadly", {
      workers,
      mayLose: true,
      idleTimeout,
    });
    // Its workers stay from now on: they have counters, which would go with them.
    this.calm.rt.handle().export();
  }

  nextId(): number {
    return ++this.#lastId;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.calm.rt.shutdown(), this.deadly.rt.shutdown()]);
    await this.#server.shutdown();
  }
}

/** Has the lanes act, and rest now and then, until it is over. */
async function act(
  world: World,
  lanes: Lanes,
  seed: number,
  stop: Stop,
  measured: Measured,
): Promise<void> {
  const running = lanes.run(seed);
  const ms = Math.max(REST_MS.min, stop.minutes * 60_000 / RESTS);
  while (!stop.isOver) {
    await stop.pause(Math.min(ms, REST_MS.max));
    await lanes.rest(() => lookAtRest(world, measured, stop.elapsed));
  }
  lanes.stop();
  await running;
  await lookAtRest(world, measured, stop.elapsed);
}

function lineOf({ calm, deadly, counters }: Soak, minutes: number): string {
  const { rss } = Deno.memoryUsage();
  const tasks = calm.rt.metrics().spawned + deadly.rt.metrics().spawned +
    counters.otherTasks;
  return [
    `${minutes.toFixed(1)} min`,
    `${format(counters.actions)} actions`,
    `${format(tasks)} tasks`,
    `${format(counters.connections)} connections`,
    `${Math.round(counters.clientsSent / 2 ** 20)} MiB`,
    `${format(counters.timersArmed)} timers`,
    `${counters.deaths} deaths`,
    `${counters.runtimes} runtimes`,
    `${Math.round(rss / 2 ** 20)} MiB RAM`,
  ].join(" · ");
}

async function settledHoldings(before: Holdings): Promise<Holdings> {
  const end = performance.now() + SETTLE_MS;
  for (;;) {
    await releaseEndedWorker();
    const now = holdings();
    const isBack = moreThan(before, now).length === 0 &&
      now.threads === before.threads;
    if (isBack || performance.now() > end) return now;
    await pause(50);
  }
}

function lanesText(lanes: Lanes): string {
  const rows = [...lanes.done].map(([name, { count, ms }]) =>
    `${format(count).padStart(8)} × ${name}, ` +
    `${count === 0 ? 0 : (ms / count).toFixed(1)} ms each`
  );
  return rows.join("\n");
}

function countersText(counters: Counters, minutes: number): string {
  return `in ${minutes.toFixed(2)} minutes: ` +
    `${format(counters.actions)} actions, ` +
    `${format(counters.connections)} connections and ${
      format(counters.cut)
    } that ` +
    `were cut, ${format(counters.refused)} refused, ` +
    `${format(counters.timersArmed)} timers armed, ` +
    `${format(counters.timersFired)} fired, ` +
    `${format(counters.timersCancelled)} cancelled, ` +
    `${counters.deaths} threads ended, ${counters.runtimes} other runtimes ` +
    `with ${format(counters.otherTasks)} tasks`;
}
