// piscina. `mode` is its option `atomics`: how a thread waits for its next task.

import type { Contender, Running } from "./contender.ts";
import { NPM } from "./contenders.ts";

interface Piscina {
  run(arg: unknown, options: { name: string }): Promise<unknown>;
  destroy(): Promise<void>;
}

// Not a literal: type-checking this file is to work without a network.
const { Piscina } = await import(NPM.piscina) as {
  Piscina: new (options: Record<string, unknown>) => Piscina;
};

export const contender: Contender = {
  start(threads: number, mode: string): Promise<Running> {
    const pool = new Piscina({
      filename: new URL("./work.ts", import.meta.url).href,
      minThreads: threads,
      maxThreads: threads,
      atomics: mode,
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
