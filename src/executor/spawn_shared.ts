import {
  checkNotImporting,
  type Declaration,
  type Joinable,
  JoinHandle,
  shareableOf,
  type TaskFunction,
} from "../task/mod.ts";
import type { Placement } from "./pool/placement.ts";
import type { Spawner } from "./pool/spawner.ts";

/** The address of a shareable function, or an error that tells how to get one. */
export function declarationOf(verb: string, fn: unknown): Declaration {
  const declaration = typeof fn === "function"
    ? shareableOf(fn as TaskFunction)
    : undefined;
  if (declaration !== undefined) return declaration;
  const name = typeof fn === "function" ? `"${fn.name}"` : String(fn);
  throw new TypeError(
    `Cannot ${verb} ${name}: it is no shareable task; declare it at module ` +
      "level, with `export const x = task(import.meta, …)`",
  );
}

/** Spawns a shareable task; `spawn` and its relatives end here. */
export function spawnShared<T>(
  verb: string,
  spawner: Spawner,
  declaration: Declaration,
  args: readonly unknown[],
  placement: Placement,
): JoinHandle<T> {
  checkNotImporting(verb);
  const task = spawner.spawn(declaration, args, placement);
  return new JoinHandle(task as Joinable<T>);
}
