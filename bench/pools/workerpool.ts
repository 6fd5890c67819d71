// workerpool, with threads.

import { fileURLToPath } from "node:url";
import type { Contender, Running } from "./contender.ts";
import { NPM } from "./contenders.ts";

interface Pool {
  exec(name: string, args: unknown[]): PromiseLike<unknown>;
  terminate(): PromiseLike<unknown>;
}

const { default: workerpool } = await import(NPM.workerpool) as {
  default: { pool(script: string, options: Record<string, unknown>): Pool };
};

export const contender: Contender = {
  start(threads: number): Promise<Running> {
    const worker = new URL("./workerpool_worker.ts", import.meta.url);
    const pool = workerpool.pool(fileURLToPath(worker), {
      workerType: "thread",
      minWorkers: threads,
      maxWorkers: threads,
    });
    return Promise.resolve({
      caller: (name) => (arg) => pool.exec(name, [arg]),
      stop: async () => void await pool.terminate(),
    });
  },
};
