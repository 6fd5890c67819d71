// tinypool, with threads (it can have processes as well).

import type { Contender, Running } from "./contender.ts";
import { NPM } from "./contenders.ts";

interface Tinypool {
  run(arg: unknown, options: { name: string }): Promise<unknown>;
  destroy(): Promise<void>;
}

// Not a literal: type-checking this file is to work without a network.
const { Tinypool } = await import(NPM.tinypool) as {
  Tinypool: new (options: Record<string, unknown>) => Tinypool;
};

export const contender: Contender = {
  start(threads: number): Promise<Running> {
    const pool = new Tinypool({
      filename: new URL("./work.ts", import.meta.url).href,
      minThreads: threads,
      maxThreads: threads,
    });
    return Promise.resolve({
      caller(name) {
        const options = { name };
        return (arg) => pool.run(arg, options);
      },
      stop: () => pool.destroy(),
    });
  },
};
