import {
  type Coroutine,
  currentContext,
  Future,
  type IntoFuture,
  isCoroutine,
  isThenable,
} from "../future/mod.ts";
import { JoinHandle, Scope, Task, type TaskFunction } from "../task/mod.ts";

/**
 * A function that can be run as a task: a generator function of Edo's, or one
 * that returns a future or just a value.
 */
export type Body<A extends unknown[], T> = (
  ...args: A
) => Coroutine<T> | Future<T> | T;

const AsyncFunctionPrototype = Object.getPrototypeOf(async () => {});
const AsyncGeneratorFunctionPrototype = Object.getPrototypeOf(
  async function* () {},
);

/**
 * What a task made of a future or of a generator runs: `Task` takes it from there.
 * Errors and reports call the task by the function's name, as any other.
 */
const DRIVE = {
  future: (source: unknown): unknown => source,
  generator: (source: unknown): unknown => source,
};

/** What a task shall run, checked. */
export interface Prepared {
  readonly fn: TaskFunction;
  readonly args: unknown[];
}

/** What `spawn` has checked last: often the same function again and again. */
let lastChecked: unknown = null;
let lastBlocking = false;

/** Throws if a function can never run as a task. */
function checkFunction(
  verb: string,
  // deno-lint-ignore ban-types
  fn: Function,
  blocking: boolean,
): void {
  const prototype = Object.getPrototypeOf(fn);
  if (prototype === AsyncGeneratorFunctionPrototype) {
    throw new TypeError(
      `Cannot ${verb} the async generator function "${fn.name}": ` +
        "nobody would take what it yields. Write function* and yield*",
    );
  }
  if (blocking && prototype === AsyncFunctionPrototype) {
    throw new TypeError(
      `Cannot ${verb} the async function "${fn.name}" while the thread ` +
        "is blocked: no promise could settle. Write it as a generator " +
        "function (function*, yield*), or use run() instead of block_on",
    );
  }
}

/**
 * Checks what `block_on`, `run` and `spawn` are given.
 *
 * @param verb The caller's name, for the error.
 * @throws {TypeError} If it can never run as a task.
 */
export function prepare(
  verb: string,
  source: unknown,
  args: unknown[],
  blocking: boolean,
): Prepared {
  if (typeof source === "function") {
    checkFunction(verb, source, blocking);
    return { fn: source as TaskFunction, args };
  }
  if (source instanceof Future || isCoroutine(source)) {
    if (args.length > 0) {
      throw new TypeError(
        `Cannot ${verb} a future with ${args.length} arguments: ` +
          "arguments are for functions",
      );
    }
    const fn = source instanceof Future ? DRIVE.future : DRIVE.generator;
    return { fn, args: [source] };
  }
  const hint = isThenable(source)
    ? "a promise; wrap it in fromPromise(), inside run()"
    : `${source === null ? "null" : typeof source}, which is neither`;
  throw new TypeError(
    `Cannot ${verb}: the first argument must be a function or a future, ` +
      `and is ${hint}`,
  );
}

/**
 * Starts a task on this thread, next to the one that is running, and returns at
 * once.
 *
 * The task is polled as soon as the thread is free; what it throws goes to those
 * who join it, or to the failure hook if nobody does, and ends nothing else. It
 * ends at the latest with the `block_on` or `run` that it was spawned in.
 *
 * @param fn A generator function, or one that returns a future or just a value.
 * Inside `run()` it may be an async function.
 * @param args What to call it with. If the task is cancelled before it started,
 * those that have a `Symbol.dispose` are closed, as nobody else could.
 * @returns A future of the value.
 * @throws {TypeError} If `fn` is neither a function nor a future.
 * @throws {Error} If no task is running on this thread.
 *
 * @example A task for each number
 * ```ts
 * import { block_on, join, spawn } from "@edo/runtime";
 * import { assertEquals } from "@std/assert";
 *
 * function* square(n: number) {
 *   return n * n;
 * }
 * const squares = block_on(function* () {
 *   return yield* join(...[1, 2, 3].map((n) => spawn(square, n)));
 * });
 * assertEquals(squares, [1, 4, 9]);
 * ```
 */
export function spawn<A extends unknown[], T>(
  fn: Body<A, T>,
  ...args: A
): JoinHandle<Awaited<T>>;
/** Starts a future, or a generator that was not started yet, as a task. */
export function spawn<T>(future: IntoFuture<T>): JoinHandle<T>;
export function spawn(
  source: unknown,
  ...args: unknown[]
): JoinHandle<unknown> {
  const cx = currentContext();
  const scope = cx?.owner;
  if (!(scope instanceof Scope)) {
    throw new Error(
      "Cannot spawn: no task is running on this thread; " +
        "call spawn inside block_on or run",
    );
  }
  let task: Task<unknown>;
  if (typeof source === "function") {
    // The way of nearly all tasks: no object for what was checked, and no second
    // check of the function that was spawned just before.
    if (source !== lastChecked || cx!.blocking !== lastBlocking) {
      checkFunction("spawn", source, cx!.blocking);
      lastChecked = source;
      lastBlocking = cx!.blocking;
    }
    task = new Task(scope, source as TaskFunction, args);
  } else {
    const prepared = prepare("spawn", source, args, cx!.blocking);
    task = new Task(scope, prepared.fn, prepared.args);
  }
  // A cleanup at the end of the scope may still spawn: that task never starts.
  if (scope.isClosed) task.cancelNow();
  else scope.scheduler.scheduleSpawned(task);
  return new JoinHandle(task);
}
