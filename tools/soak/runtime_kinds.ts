/** Runtimes that come and go. */
import {
  block_on,
  type HandleMessage,
  type JoinHandle,
  Runtime,
  spawn,
} from "../../mod.ts";
import { leftIn } from "./holdings.ts";
import type { OutsideRequest } from "./outside.ts";
import { described, endedOf, outcomeOf } from "./pools.ts";
import type { Random } from "./random.ts";
import { check, type Kind, pause, type Soak } from "./soak.ts";
import {
  add,
  awaits,
  careful,
  countPrimes,
  mirror,
  naps,
  sleeps,
  throws,
  tree,
} from "./tasks.ts";

/** How long the workers of an idle runtime may take to end, in milliseconds. */
const RETIRE_MS = 15_000;

/** Tasks of many kinds. Joined or not, they are to be accounted for. */
function spawnSome(rt: Runtime, random: Random): JoinHandle<unknown>[] {
  const bytes = new Uint8Array(random.size(50_000));
  return Array.from({ length: random.between(1, 60) }, () => {
    switch (random.below(8)) {
      case 0:
        return rt.spawn(countPrimes, 2_000);
      case 1:
        return rt.spawn(awaits, 1, random.below(20));
      case 2:
        return rt.spawn(careful, random.below(1_000));
      case 3:
        return rt.spawn(mirror, bytes);
      case 4:
        return rt.spawnBlocking(naps, random.below(10));
      case 5:
        return rt.spawn(tree, 3, 3);
      case 6:
        return rt.spawn(sleeps, random.below(30));
      default:
        return rt.spawn(add, 1, 1);
    }
  });
}

/** What must hold of a runtime that has ended. */
function checkEnded(soak: Soak, rt: Runtime, how: string): void {
  const metrics = rt.metrics();
  soak.counters.runtimes++;
  soak.counters.otherTasks += metrics.spawned;
  check(
    metrics.workers === 0 && endedOf(metrics) === metrics.spawned,
    () => `a runtime that was ended by ${how} has ${JSON.stringify(metrics)}`,
  );
}

/** A runtime that ends in the middle of its work. */
async function shutDown(soak: Soak, random: Random): Promise<void> {
  const rt = new Runtime({
    workers: random.between(1, 2),
    idleTimeout: random.size(500),
  });
  const handles = spawnSome(rt, random);
  if (random.chance(0.3)) handles.push(rt.spawn(throws, "in the middle", 5));
  // Somebody waits for each of them, or their failures would be reported.
  const outcomes = handles.map(outcomeOf);
  if (random.chance(0.8)) await pause(random.size(120));
  const how = random.pick(["shutdown", "using"]);
  if (how === "using") rt[Symbol.dispose]();
  else await rt.shutdown();
  for (const outcome of await Promise.all(outcomes)) {
    check(outcome.kind !== "lost", () => `a task ${described(outcome)}`);
  }
  checkEnded(soak, rt, how);
}

/** A runtime whose workers end by themselves, and come back. */
async function retire(soak: Soak, random: Random): Promise<void> {
  await using rt = new Runtime({ workers: 1, idleTimeout: random.below(20) });
  for (let round = 1; round <= random.between(1, 3); round++) {
    check(await rt.spawn(add, round, 1) === round + 1, () => "a wrong sum");
    const end = performance.now() + RETIRE_MS;
    while (rt.metrics().workers > 0) {
      check(
        performance.now() < end,
        () =>
          `an idle runtime keeps its workers: ${JSON.stringify(rt.metrics())}`,
      );
      await pause(2);
    }
  }
  await rt.shutdown();
  checkEnded(soak, rt, "shutdown, after it was idle");
}

/** A block_on with a runtime of its own, and tasks left behind in it. */
async function ownRuntime(_: Soak, random: Random): Promise<void> {
  const n = random.below(1_000);
  const sum = block_on(function* () {
    for (let i = random.below(5); i > 0; i--) spawn(sleeps, 10_000).detach();
    return yield* spawn(add, n, 1);
  });
  check(sum === n + 1, () => `a block_on returned ${sum}`);
  await Promise.resolve();
}

/** A Worker of the user's that gets messages and answers. */
class Outside {
  readonly #worker = new Worker(new URL("./outside.ts", import.meta.url), {
    type: "module",
    name: "outside",
  });
  #answer = Promise.withResolvers<number | null>();

  constructor() {
    this.#worker.onmessage = ({ data }) => this.#answer.resolve(data);
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.#answer.reject(event.error ?? new Error(event.message));
    };
  }

  /** Waits until it is there, or has answered. */
  async answer(): Promise<number | null> {
    const answer = await this.#answer.promise;
    this.#answer = Promise.withResolvers();
    return answer;
  }

  ask(request: OutsideRequest): void {
    this.#worker.postMessage(request);
  }

  /**
   * Has it close itself. Terminated, it would leave the descriptors of its reactor
   * behind: nothing of its code would run any more.
   */
  end(): void {
    this.#worker.postMessage(null);
  }
}

/** Threads of the user's own, with a Handle each. */
async function outside(soak: Soak, random: Random): Promise<void> {
  const rt = new Runtime({ workers: random.between(1, 2) });
  const message: HandleMessage = rt.handle().export();
  const others = Array.from(
    { length: random.between(1, 2) },
    () => new Outside(),
  );
  for (const other of others) await other.answer();
  for (let round = random.between(1, 3); round > 0; round--) {
    const count = random.between(1, 300);
    const request = {
      message,
      count,
      blocking: random.chance(0.5),
      leaves: random.below(20),
    };
    for (const other of others) other.ask(request);
    const own = Array.from({ length: 10 }, (_, n) => rt.spawn(add, n, n));
    for (const [n, handle] of own.entries()) {
      check(await handle === 2 * n, () => "a wrong sum");
    }
    for (const other of others) {
      const sum = await other.answer();
      check(
        sum === count * (count + 1) / 2,
        () => `a thread of the user's summed up ${sum}`,
      );
    }
  }
  for (const other of others) other.end();
  await rt.shutdown();
  checkEnded(soak, rt, "shutdown, with handles on other threads");
}

/** A runtime whose memory is looked at when it has ended. */
async function inspected(soak: Soak, random: Random): Promise<void> {
  const rt = new Runtime({ workers: random.between(1, 2) });
  const { memory } = rt.handle().export();
  const outcomes = spawnSome(rt, random).map(outcomeOf);
  const isIdle = random.chance(0.5);
  if (isIdle) await Promise.all(outcomes);
  else await pause(random.size(60));
  await rt.shutdown();
  await Promise.all(outcomes);
  checkEnded(soak, rt, "shutdown");
  const left = leftIn(memory);
  // A worker that ends before a task that it has spawned never hears of its end:
  // such a record stays in the worker's list, with what the task returned.
  check(
    left.records === left.unheard && (left.bytes === 0 || left.unheard > 0) &&
      (left.records === 0 || !isIdle),
    () =>
      `a runtime that was ${isIdle ? "idle" : "busy"} at its end has not got ` +
      `back ${left.records} records and ${left.bytes} bytes, and ` +
      `${left.unheard} records are in lists of workers that have gone`,
  );
}

export const RUNTIME_KINDS: readonly Kind[] = [
  { name: "runtimes that are shut down", weight: 1, run: shutDown },
  { name: "runtimes that are idle", weight: 1, run: retire },
  { name: "runtimes of block_on", weight: 0.5, run: ownRuntime },
  { name: "handles on other threads", weight: 0.7, run: outside },
  { name: "runtimes whose memory is counted", weight: 1, run: inspected },
];
