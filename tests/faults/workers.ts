/**
 * Faults on the workers of a pool. Deno runs `--preload` and `--import` on the main
 * thread alone, so the constructor of `Worker` is replaced: the thread loads a
 * fixture, which loads the double and then the worker's module.
 *
 * @module
 */

import { waitForEvent } from "../helpers/deadline.ts";
import { leavingNothing } from "../helpers/leaks.ts";

/** A fault on a worker. */
export interface Plan {
  readonly name: string;
  readonly errno: number;
  readonly nth?: number;
  /** How many in a row; -1 for all. */
  readonly times?: number;
}

/** What becomes of a worker that is about to start, by its number from 1 on. */
export type Start = (seat: number) => readonly Plan[] | URL | Error;

const FIXTURE = new URL("fixtures/worker.ts", import.meta.url);

/**
 * Loads the fixture once. `deno test` looks at its types then, which may take longer
 * than workers have to come up.
 */
export async function loadFixture(): Promise<void> {
  await leavingNothing(async () => {
    const worker = new Worker(FIXTURE, { type: "module", name: "[]" });
    await waitForEvent(worker, "message", 120_000);
    worker.terminate();
  });
}

type Options = WorkerOptions & { name: string };

/** Until the end of `using`, workers start as a test says. */
export function startingWorkers(start: Start): Disposable {
  const before = globalThis.Worker;
  globalThis.Worker = new Proxy(before, {
    construct(target, [url, options]: [URL, Options]) {
      if (!url.pathname.endsWith("/src/executor/worker.ts")) {
        return new target(url, options);
      }
      const given = start(Number(options.name.split(" ")[1]));
      if (given instanceof Error) throw given;
      if (given instanceof URL) return new target(given, options);
      // The worker's module takes no arguments; its name comes through.
      return new target(FIXTURE, { ...options, name: JSON.stringify(given) });
    },
  });
  return {
    [Symbol.dispose]() {
      globalThis.Worker = before;
    },
  };
}
