// knitting, from the folder where lib/knitting.ts puts it, or else from JSR.

import { pathToFileURL } from "node:url";
import { knittingModule } from "../lib/cache.ts";
import type { Call, Contender, Running } from "./contender.ts";
import { KNITTING } from "./contenders.ts";
import * as work from "./work.ts";

interface Pool {
  call: Record<string, Call>;
  shutdown(): Promise<void>;
}

interface Knitting {
  // deno-lint-ignore no-explicit-any -- it gives what it is given, with a mark
  task(definition: { f: any }): unknown;
  createPool(options: { threads: number }): (tasks: unknown) => Pool;
}

const path = knittingModule();
const { createPool, task }: Knitting = await import(
  path === null
    ? `jsr:@vixeny/knitting@${KNITTING.version}`
    : pathToFileURL(path).href
);

// Its workers import this module and look for the tasks among its exports.
export const empty = task({ f: work.empty });
export const next = task({ f: work.next });
export const spin = task({ f: work.spin });
export const factorial = task({ f: work.factorial });
export const bytesIn = task({ f: work.bytesIn });
export const bytesBoth = task({ f: work.bytesBoth });

export const contender: Contender = {
  start(threads: number): Promise<Running> {
    const tasks = { empty, next, spin, factorial, bytesIn, bytesBoth };
    const pool = createPool({ threads })(tasks);
    return Promise.resolve({
      caller: (name) => pool.call[name]!,
      stop: () => pool.shutdown(),
    });
  },
};
