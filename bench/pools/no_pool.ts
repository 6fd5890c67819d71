// Not a pool: every call runs where it is made.

import type { Call, Contender, Running } from "./contender.ts";
import * as work from "./work.ts";

export const contender: Contender = {
  start(): Promise<Running> {
    return Promise.resolve({
      caller(name) {
        const fn = work[name] as (arg: unknown) => unknown;
        return ((arg) => Promise.resolve(fn(arg))) as Call;
      },
      forkJoin: ({ n }) => Promise.resolve({ value: work.fib(n) }),
      stop: () => Promise.resolve(),
    });
  },
};
