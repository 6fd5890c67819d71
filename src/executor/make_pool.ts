import { Pool, type StartThread, type Thread } from "./pool/pool.ts";
import { checkReadPermission } from "./read_permission.ts";
import { threadHost } from "./thread_host.ts";
import type { StartMessage } from "./worker.ts";

/** How long a pool has nothing to do before its workers go, in milliseconds. */
export const IDLE_TIMEOUT_MS = 500;

/** What a pool can be made with. */
export interface PoolOptions {
  /** How many workers it has. */
  readonly workers: number;
  /** How long it has nothing to do before its workers go, in milliseconds. */
  readonly idleTimeout: number;
}

/**
 * Never called: it makes Deno fetch the worker's module along with the program.
 * One that is loaded over http later needs the event loop of the thread that
 * starts it, which may be blocked in `block_on`.
 */
export const fetchWorker = () => import("./worker.ts");

/** Makes a pool of this thread's. Its workers start with the first task. */
export function makePool(
  { workers, idleTimeout }: PoolOptions = {
    workers: navigator.hardwareConcurrency,
    idleTimeout: IDLE_TIMEOUT_MS,
  },
): Pool {
  const startThread: StartThread = (shared, seat, ways, onError) => {
    checkReadPermission("start workers", import.meta.url);
    // Written out, so that `deno compile` finds the module.
    const worker = new Worker(new URL("./worker.ts", import.meta.url), {
      type: "module",
      name: `edo ${seat}`,
    });
    const message: StartMessage = { shared, seat, idleTimeout, ways };
    worker.onerror = (event) => {
      event.preventDefault();
      onError(event.error ?? new Error(event.message));
    };
    worker.postMessage(message, ways.map(([, port]) => port));
    return new WorkerThread(worker);
  };
  return new Pool(workers, threadHost, startThread);
}

class WorkerThread implements Thread {
  readonly #worker: Worker;

  constructor(worker: Worker) {
    this.#worker = worker;
  }

  end(): void {
    this.#worker.terminate();
  }

  /**
   * Nothing can stop a thread in a loop; `terminate` only makes sure that it does
   * nothing more once it comes out. Deno has a way not to wait for it, which it
   * uses for workers of its own, under a symbol without a name. Where that is
   * gone, the process lasts as long as the thread.
   */
  letGo(): void {
    const worker = this.#worker as unknown as Record<symbol, unknown>;
    const ref = Object.getOwnPropertySymbols(Worker.prototype)
      .find((symbol) =>
        symbol.description === undefined &&
        typeof worker[symbol] === "function"
      );
    if (ref !== undefined) (worker[ref] as (ref: boolean) => void)(false);
    this.#worker.terminate();
  }
}
