/**
 * Who polls: the run queues, and the two ways of hosting them, on a blocked
 * thread and on Deno's event loop.
 *
 * @module
 */
export { blockOn } from "./block_on.ts";
export { run } from "./run.ts";
export { type Body, spawn } from "./spawn.ts";
