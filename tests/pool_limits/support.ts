/** Pools whose memory is as small as a test wants it. */
import { assertEquals } from "@std/assert";
import { JoinHandle, type Shareable } from "../../mod.ts";
import type { Sizes } from "../../src/executor/pool/layout.ts";
import type { Placement } from "../../src/executor/pool/placement.ts";
import { Pool, type StartThread } from "../../src/executor/pool/pool.ts";
import { type Metrics, metricsOf } from "../../src/executor/metrics.ts";
import { threadHost } from "../../src/executor/thread_host.ts";
import type { StartMessage } from "../../src/executor/worker.ts";
import { type Joinable, shareableOf } from "../../src/task/mod.ts";
import type { TaskFunction } from "../../src/task/task.ts";
import { edoTest } from "../helpers/leaks.ts";
import { waitFor } from "../helpers/deadline.ts";

/** How long anything may take, with others on the machine, in milliseconds. */
export const PATIENCE_MS = 20_000;

const TIMEOUT_MS = 10_000;

/** A pool and what spawns into it. */
export class SmallPool {
  readonly pool: Pool;
  /** The threads that were let go, which these tests leave to themselves. */
  readonly letGo: Worker[] = [];

  constructor(workers: number, sizes: Partial<Sizes>) {
    const startThread: StartThread = (...start) => {
      const worker = startWorker(...start);
      return {
        end: () => {
          if (!this.letGo.includes(worker)) worker.terminate();
        },
        letGo: () => void this.letGo.push(worker),
      };
    };
    this.pool = new Pool(workers, threadHost, startThread, sizes);
  }

  get metrics(): Metrics {
    return metricsOf(this.pool.memory);
  }

  spawn<A extends unknown[], T>(
    placement: Placement,
    fn: Shareable<A, T>,
    ...args: A
  ): JoinHandle<Awaited<T>> {
    const declaration = shareableOf(fn as unknown as TaskFunction)!;
    const task = this.pool.spawn(declaration, args, placement);
    return new JoinHandle(task as Joinable<Awaited<T>>);
  }

  /** Ends it, and checks that each task that was spawned has one outcome. */
  async end(): Promise<void> {
    assertEquals(await this.pool.shutdown(TIMEOUT_MS), []);
    const { spawned, completed, failed, aborted, lost } = this.metrics;
    assertEquals(completed + failed + aborted + lost, spawned);
  }
}

function startWorker(
  ...[shared, seat, ways, onError]: Parameters<StartThread>
): Worker {
  const worker = new Worker(
    new URL("../../src/executor/worker.ts", import.meta.url),
    { type: "module", name: `edo ${seat}` },
  );
  worker.onerror = (event) => onError(event.error);
  const message: StartMessage = { shared, seat, idleTimeout: 500, ways };
  worker.postMessage(message, ways.map(([, port]) => port));
  return worker;
}

/** A test with a pool of its own. */
export function limitTest(
  name: string,
  sizes: Partial<Sizes>,
  fn: (small: SmallPool) => Promise<void>,
  workers = 2,
): void {
  edoTest(name, async () => {
    const small = new SmallPool(workers, sizes);
    try {
      await fn(small);
    } finally {
      await small.end();
    }
  });
}

/** The value of a task, within the time that tests have. */
export function valueOf<T>(handle: PromiseLike<T>): Promise<T> {
  return waitFor(handle, PATIENCE_MS, "the outcome of a task");
}
