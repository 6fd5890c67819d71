import { currentContext, type IntoFuture } from "../future/mod.ts";
import {
  checkNotImporting,
  JoinHandle,
  Scope,
  shareableOf,
  Task,
  type TaskFunction,
} from "../task/mod.ts";
import { currentSpawner } from "./current_spawner.ts";
import { type Body, checkFunction, prepare } from "./prepare.ts";
import { ANYWHERE, spawnDeclared } from "./spawn_shared.ts";

/** What `spawn` has checked last: often the same function again and again. */
let lastChecked: unknown = null;
let lastBlocking = false;

/**
 * Starts a task and returns at once.
 *
 * A function that was declared with {@linkcode task} runs on any worker of the
 * runtime, with copies of its arguments, and goes on until it ends or the runtime
 * is shut down. Outside of a runtime a default one is made for it.
 *
 * Any other function stays on this thread, next to the task that is running. It is
 * polled as soon as the thread is free, and ends at the latest with the `block_on`
 * or `run` that it was spawned in.
 *
 * What a task throws goes to those who join it, or to the failure hook if nobody
 * does, and ends nothing else.
 *
 * @param fn A generator function, or one that returns a future or just a value.
 * Inside `run()` it may be an async function.
 * @param args What to call it with. If the task is cancelled before it started,
 * those that have a `Symbol.dispose` are closed, as nobody else could.
 * @returns A future of the value.
 * @throws {TypeError} If `fn` is neither a function nor a future; or if it is
 * shareable and an argument cannot travel.
 * @throws {Error} If `fn` is not shareable and no task is running on this thread.
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
  if (typeof source === "function") {
    const declaration = shareableOf(source as TaskFunction);
    if (declaration !== undefined) {
      return spawnDeclared(currentSpawner(), declaration, args, ANYWHERE);
    }
  }
  const cx = currentContext();
  const scope = cx?.owner;
  if (!(scope instanceof Scope)) {
    checkNotImporting("spawn");
    throw new Error(
      "Cannot spawn: no task is running on this thread; call spawn inside " +
        "block_on or run, or declare the function with task(import.meta, …)",
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
