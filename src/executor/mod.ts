/**
 * Who polls: the run queues; the ways of hosting them, on a blocked thread, on
 * Deno's event loop and on workers; and the pools of those, `pool/`.
 *
 * @module
 */
import { registerError } from "../future/portable.ts";
import { JoinError } from "../task/mod.ts";
import { TimeoutError } from "../time/mod.ts";

export { blockOn } from "./block_on.ts";
export { ctrlC } from "./ctrl_c.ts";
export { Handle, type HandleMessage } from "./handle.ts";
export type { Metrics } from "./metrics.ts";
export { run } from "./run.ts";
export {
  Runtime,
  type RuntimeOptions,
  type ShutdownOptions,
} from "./runtime.ts";
export { spawnBlocking } from "./spawn_blocking.ts";
export type { SpawnOptions } from "./spawn_options.ts";
export { spawnWith } from "./spawn_with.ts";
export type { Body } from "./prepare.ts";
export { spawn } from "./spawn.ts";

// Errors of these classes are told apart by the threads that they travel to.
registerError("edo.JoinError", JoinError);
registerError("edo.TimeoutError", TimeoutError);
