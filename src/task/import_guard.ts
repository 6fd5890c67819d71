import { AsyncLocalStorage } from "node:async_hooks";
import { currentContext } from "../future/mod.ts";

/** One import of a task's module. */
interface Import {
  readonly url: string;
  /** Whether the module has been evaluated, its top-level `await`s included. */
  ended: boolean;
  /** What its code was refused, even if it caught the error. */
  refusal: Error | null;
}

/**
 * The import that the running code comes from. It is inherited by whatever the
 * module starts, so that a `main()` is recognised after its `await`s as well, and
 * so that neither another import nor a task that runs meanwhile is taken for it.
 */
const current = new AsyncLocalStorage<Import | undefined>();

/** Whether this thread has ever imported a task's module: most never do. */
export let hasImported = false;

/**
 * The module because of whose import the running code runs: it is being evaluated,
 * or has started this when it was. Null anywhere else.
 */
export function importing(): string | null {
  return hasImported ? current.getStore()?.url ?? null : null;
}

/**
 * Refuses to start work because a task's module was imported: a script would start
 * itself again in every worker.
 *
 * @param verb What the caller was asked to do, for the error: "block_on".
 * @throws {Error} If it was called by code that an import runs. The error shows
 * the guard that the script lacks.
 */
export function checkNotImporting(verb: string): void {
  if (!hasImported) return;
  const started = current.getStore();
  // No module is evaluated inside a poll: a task asks, whatever polls it.
  if (started === undefined || currentContext() !== null) return;
  const error = new Error(
    `Cannot ${verb} while a worker imports ${shown(started.url)}: ` +
      "put what starts work behind `if (import.meta.main) { … }`",
  );
  if (!started.ended) started.refusal ??= error;
  throw error;
}

/**
 * Imports a task's module, with the guard on.
 *
 * @returns The first thing that the module was refused while it was evaluated,
 * whether it caught the error or not; null if there was none.
 * @throws What the module throws, if it was refused nothing.
 */
export async function guardedImport(url: string): Promise<Error | null> {
  hasImported = true;
  const started: Import = { url, ended: false, refusal: null };
  try {
    await current.run(started, importModule, url);
  } catch (error) {
    if (started.refusal === null) throw error;
  } finally {
    started.ended = true;
    await forgetEvaluation();
  }
  return started.refusal;
}

/** The `import` of a module that belongs to no package. */
let freeImport: ((url: string) => Promise<unknown>) | null = null;

/**
 * Imports a module. A package from JSR may not import one from another place over
 * http, though it is the user's program that asks; so the `import` is not ours.
 */
async function importModule(url: string): Promise<unknown> {
  if (!/^https?:/.test(url)) return await import(url);
  freeImport ??= (await import(FREE_IMPORT)).default as typeof freeImport;
  return await freeImport!(url);
}

const FREE_IMPORT = "data:text/javascript,export default (url) => import(url)";

let evaluations = 0;

/**
 * Deno leaves the context of the module that it evaluated last to whatever it calls
 * next from outside JavaScript: the handlers of `Deno.serve`, say. An empty module,
 * which must be a new one each time, takes its place.
 */
async function forgetEvaluation(): Promise<void> {
  try {
    await import(`data:text/javascript,//edo-${++evaluations}`);
  } catch {
    // Where there is no such import, nothing else is lost.
  }
}

/**
 * Calls a function as if no import had led here. A loop that a module's top level
 * happens to set going would else count all that it ever polls as the module's.
 */
export function outsideImport<A extends unknown[], T>(
  fn: (...args: A) => T,
  ...args: A
): T {
  if (!hasImported || current.getStore() === undefined) return fn(...args);
  return current.run(undefined, fn, ...args);
}

/** As much of an address as a message has room for: those of `data:` are long. */
export function shown(url: string): string {
  return url.length <= 200 ? url : `${url.slice(0, 199)}…`;
}
