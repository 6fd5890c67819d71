// poolifier-web-worker. `mode` is "queue" for a queue in front of each worker, from
// which idle workers steal; otherwise every task goes to its worker at once.

import type { Contender, Running } from "./contender.ts";
import { NPM } from "./contenders.ts";

interface Pool {
  execute(arg: unknown, name: string): Promise<unknown>;
  destroy(): Promise<void>;
}

const { FixedThreadPool } = await import(NPM.poolifier) as {
  FixedThreadPool: new (
    threads: number,
    worker: URL,
    options: Record<string, unknown>,
  ) => Pool;
};

export const contender: Contender = {
  start(threads: number, mode: string): Promise<Running> {
    const worker = new URL("./poolifier_worker.ts", import.meta.url);
    const pool = new FixedThreadPool(threads, worker, {
      enableTasksQueue: mode === "queue",
    });
    return Promise.resolve({
      caller: (name) => (arg) => pool.execute(arg, name),
      stop: () => pool.destroy(),
    });
  },
};
