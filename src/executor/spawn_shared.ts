import { currentContext } from "../future/mod.ts";
import {
  checkNotImporting,
  type Declaration,
  type Joinable,
  JoinHandle,
  shareableOf,
  type TaskFunction,
} from "../task/mod.ts";
import { Executor } from "./executor.ts";
import { hostedExecutor, RuntimeScope } from "./hosted.ts";
import { makePool } from "./make_pool.ts";
import type { Pool } from "./pool/pool.ts";
import type { Placement } from "./pool/seat.ts";
import type { Spawner } from "./pool/spawner.ts";

let pool: Pool | null = null;

/**
 * The pool for tasks that are spawned outside of a runtime, made on first use. It
 * is never shut down: its workers go by themselves when there is nothing to do.
 */
function defaultPool(): Pool {
  return pool ??= makePool();
}

/** Where shareable tasks go that the code which is running spawns. */
export function currentSpawner(): Spawner {
  const cx = currentContext();
  if (cx?.owner instanceof RuntimeScope && cx.owner.spawner !== null) {
    return cx.owner.spawner;
  }
  if (cx?.drivers instanceof Executor) {
    return cx.drivers.spawner ?? defaultPool();
  }
  return hostedExecutor().spawner ?? defaultPool();
}

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
