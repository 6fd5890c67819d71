/**
 * Tests that leave nothing behind: descriptors and threads are counted before and
 * after. Deno's own sanitizers see neither a descriptor that FFI opened nor a
 * worker that is blocked in a system call.
 *
 * @module
 */
import { HandleHoldings } from "../windows/handles.ts";
import { DeadlineError, pollFor } from "./deadline.ts";

/** What else a test of {@linkcode edoTest} can say. */
export interface EdoTestOptions {
  /** Leaves the test out, for example on other systems. */
  ignore?: boolean;
  /** The permissions that the test itself runs with. */
  permissions?: Deno.PermissionOptions;
  /** How long what is closing may take, in milliseconds. @default {3_000} */
  settleMs?: number;
}

/** How long threads and descriptors may take to go, unless a test says more. */
const SETTLE_MS = 3_000;

/**
 * Deno's own files, which it opens when it first needs them. All else that a
 * process holds belongs to somebody who has to close it.
 */
const DENO_FILES = /_cache_v\d+(-wal|-shm|-journal)?$|^\/dev\/u?random$/;

/** A thread of a Web Worker, or of one of `node:worker_threads`. */
const WORKER_THREAD = /^worker-\d+$/;

/**
 * `Deno.test`, with the sanitizers on, and with an error if there are other
 * descriptors or more workers afterwards than there were before. On Windows, more
 * sockets or completion ports; elsewhere the sanitizers are all.
 */
export function edoTest(
  name: string,
  fn: (t: Deno.TestContext) => void | Promise<void>,
  options: EdoTestOptions = {},
): void {
  const { settleMs, ...denoOptions } = options;
  Deno.test({
    ...denoOptions,
    name,
    sanitizeOps: true,
    sanitizeResources: true,
    fn: (t) => leavingNothing(() => fn(t), settleMs),
  });
}

/**
 * Runs a function and checks that it leaves nothing behind.
 *
 * @throws {Error} If it does, with a list of what is there. What the function itself
 * throws comes first.
 */
export async function leavingNothing<T>(
  fn: () => T | Promise<T>,
  settleMs: number = SETTLE_MS,
): Promise<T> {
  const holdings = await waysToLook();
  if (holdings === null) return await fn();
  await releaseEndedWorker();
  const before = holdings();
  const result = await fn();
  let difference: string[] = [];
  try {
    await pollFor(
      async () => {
        await releaseEndedWorker();
        difference = holdings().since(before);
        return difference.length === 0;
      },
      settleMs,
      "the descriptors and threads of before",
    );
  } catch (error) {
    if (!(error instanceof DeadlineError)) throw error;
    throw new Error(
      `Cannot leave as before, after ${settleMs} ms:\n  ` +
        difference.join("\n  "),
    );
  }
  return result;
}

/** What the process holds at one moment. */
interface Holdings {
  /** What is there now and was not before, and the other way round. */
  since(before: this): string[];
}

/** Looks at what the process holds; null where it cannot be seen. */
async function waysToLook(): Promise<(() => Holdings) | null> {
  switch (Deno.build.os) {
    case "linux":
      return await readsProc() ? () => ProcHoldings.now() : null;
    case "windows":
      return () => HandleHoldings.now();
    default:
      return null;
  }
}

/** What Linux tells in /proc. */
class ProcHoldings implements Holdings {
  /** How many descriptors there are for each thing that they stand for. */
  readonly #descriptors = new Map<string, number>();
  /** The threads of workers: number and name. */
  readonly #workers = new Set<string>();

  static now(): ProcHoldings {
    const holdings = new ProcHoldings();
    for (const fd of entries("/proc/self/fd")) {
      const target = ifThere(() => Deno.readLinkSync(`/proc/self/fd/${fd}`));
      if (target === undefined || DENO_FILES.test(target)) continue;
      const known = holdings.#descriptors.get(target) ?? 0;
      holdings.#descriptors.set(target, known + 1);
    }
    for (const tid of entries("/proc/self/task")) {
      const name = ifThere(() =>
        Deno.readTextFileSync(`/proc/self/task/${tid}/comm`).trim()
      );
      // Deno's and V8's pools grow and shrink as they like: no test can leak them.
      if (name !== undefined && WORKER_THREAD.test(name)) {
        holdings.#workers.add(`${name} (thread ${tid})`);
      }
    }
    return holdings;
  }

  /** What is there now and was not before, and the other way round. */
  since(before: ProcHoldings): string[] {
    const lines: string[] = [];
    const targets = new Set([
      ...this.#descriptors.keys(),
      ...before.#descriptors.keys(),
    ]);
    for (const target of targets) {
      const more = (this.#descriptors.get(target) ?? 0) -
        (before.#descriptors.get(target) ?? 0);
      if (more > 0) lines.push(`${more} more of ${target}`);
      // Who closes a descriptor twice closes somebody else's. Sockets are left
      // out: idle ones of `fetch` are closed when their time has come.
      if (more < 0 && !target.startsWith("socket:")) {
        lines.push(`${-more} fewer of ${target}`);
      }
    }
    for (const worker of this.#workers.difference(before.#workers)) {
      lines.push(`the worker ${worker}`);
    }
    return lines;
  }
}

let modules = 0;

/**
 * Deno keeps the event loop of the worker that ended last, an epoll and an eventfd
 * descriptor, until it next loads a module. So one is loaded.
 */
async function releaseEndedWorker(): Promise<void> {
  await import(`data:text/javascript,export default ${++modules}`);
}

/** /proc needs all permissions; a test may have chosen to run with fewer. */
async function readsProc(): Promise<boolean> {
  const { state } = await Deno.permissions.query({ name: "read" });
  return state === "granted" &&
    ifThere(() => entries("/proc/self/fd").length > 0) === true;
}

function entries(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map((entry) => entry.name);
}

/** `undefined` for what has gone between being listed and being looked at. */
function ifThere<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (
      error instanceof Deno.errors.NotFound ||
      error instanceof Deno.errors.NotCapable ||
      // A thread that ends while its file is being read.
      (error instanceof Error && error.message.includes("os error 3"))
    ) return undefined;
    throw error;
  }
}
