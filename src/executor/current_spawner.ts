import { currentContext } from "../future/mod.ts";
import { Executor } from "./executor.ts";
import { hostedExecutor, RuntimeScope } from "./hosted.ts";
import { makePool } from "./make_pool.ts";
import type { Pool } from "./pool/pool.ts";
import type { Spawner } from "./pool/spawner.ts";

let pool: Pool | null = null;

/**
 * The pool for tasks that are spawned outside of a runtime, made on first use. Its
 * workers go by themselves when there is nothing to do, so nobody has to shut it
 * down. It ends by itself if workers could not be started: the next task has
 * another try, with a new one.
 */
function defaultPool(): Pool {
  if (pool === null || pool.isShutDown) pool = makePool();
  return pool;
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
