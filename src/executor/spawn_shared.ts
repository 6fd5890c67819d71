import { describe, nameOf } from "../future/mod.ts";
import {
  checkNotImporting,
  type Declaration,
  type Joinable,
  JoinHandle,
  type Shareable,
  shareableOf,
  type TaskFunction,
} from "../task/mod.ts";
import type { Placement } from "./pool/placement.ts";
import type { Spawner } from "./pool/spawner.ts";

/** The first worker that is free. */
export const ANYWHERE: Placement = {};
/** A thread that may be blocked. */
export const BLOCKING: Placement = { blocking: true };

/**
 * Spawns what `task` has returned.
 *
 * @throws {TypeError} If `fn` is something else, or an argument cannot travel.
 */
export function spawnShareable<A extends unknown[], T>(
  spawner: Spawner,
  fn: Shareable<A, T>,
  args: A,
  placement: Placement,
): JoinHandle<Awaited<T>> {
  const declaration = typeof fn === "function"
    ? shareableOf(fn as TaskFunction)
    : undefined;
  if (declaration === undefined) {
    const name = typeof fn === "function"
      ? `"${nameOf(fn as TaskFunction)}"`
      : describe(fn);
    throw new TypeError(
      `Cannot spawn ${name}: it is no shareable task; declare it at module ` +
        "level, with `export const x = task(import.meta, …)`",
    );
  }
  return spawnDeclared(spawner, declaration, args, placement);
}

/** Spawns a task by its address: `spawn` and its relatives end here. */
export function spawnDeclared<T>(
  spawner: Spawner,
  declaration: Declaration,
  args: readonly unknown[],
  placement: Placement,
): JoinHandle<T> {
  checkNotImporting("spawn");
  const task = spawner.spawn(declaration, args, placement);
  return new JoinHandle(task as Joinable<T>);
}
