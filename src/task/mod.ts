/**
 * One spawned future: its state word, its cell, its handle.
 *
 * @module
 */
export { JoinError, type JoinErrorKind } from "./join_error.ts";
export { JoinHandle } from "./join_handle.ts";
export type { RawTask, Runnable, Scheduler } from "./raw_task.ts";
export { Scope } from "./scope.ts";
export { Task, type TaskFunction } from "./task.ts";
