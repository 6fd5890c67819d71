/**
 * What a worker of a pool runs: it waits for the message that tells it which pool
 * it belongs to, and works there until the pool ends.
 *
 * @module
 */
import { reportFailure } from "../future/mod.ts";
// What has moved here must be closed even if no task is ever imported.
import "../net/mod.ts";
import "./handle.ts";
import { setHostedExecutor } from "./hosted.ts";
import "./look_up_task.ts";
import { PoolMemory } from "./pool/memory.ts";
import type { Way } from "./pool/ports.ts";
import { WorkerExecutor } from "./worker_executor.ts";

/** What the creator of the pool sends to a new worker. */
export interface StartMessage {
  readonly shared: SharedArrayBuffer;
  readonly seat: number;
  readonly idleTimeout: number;
  /** The ways to the other seats. */
  readonly ways: readonly Way[];
}

const scope = globalThis as unknown as {
  onmessage: ((event: MessageEvent<StartMessage>) => void) | null;
  close(): void;
};

scope.onmessage = ({ data }) => {
  scope.onmessage = null;
  const memory = PoolMemory.open(data.shared);
  const executor: WorkerExecutor = new WorkerExecutor(
    memory,
    data,
    endThread(() => executor),
  );
  setHostedExecutor(executor);
  for (const [seat, port] of data.ways) executor.seat.ports.set(seat, port);
  executor.start();
};

/**
 * Sees to it that the pool hears of a thread that ends, which a blocked creator
 * would not. Returns what ends the thread when it has left the pool.
 */
function endThread(executor: () => WorkerExecutor): () => void {
  const close = scope.close.bind(globalThis);
  const exit = Deno.exit.bind(Deno);
  scope.close = () => {
    executor().die();
    close();
  };
  Deno.exit = (code) => {
    executor().die();
    return exit(code);
  };
  // Nobody else would hear of these, and the thread would end.
  addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    reportFailure("a promise in a worker", event.reason);
  });
  addEventListener("error", (event) => {
    event.preventDefault();
    reportFailure("code in a worker", event.error);
  });
  return close;
}
