/**
 * One spawned future: its state word, its cell, its handle.
 *
 * @module
 */
export {
  type AsyncTask,
  currentAsyncTask,
  outsideTask,
  taskSignal,
  type Wait,
} from "./async_task.ts";
export { Decoder, Encoder, type Packet } from "./codec/mod.ts";
export { JoinError, type JoinErrorKind } from "./join_error.ts";
export { JoinHandle } from "./join_handle.ts";
export type { Joinable } from "./joinable.ts";
export { checkNotImporting, outsideImport } from "./import_guard.ts";
export { loadShareable, shareableOf, task } from "./registry.ts";
export type {
  Checked,
  Declaration,
  Declared,
  ModuleMeta,
  Shareable,
  Travels,
} from "./shareable.ts";
export type { RawTask, Runnable, Scheduler } from "./raw_task.ts";
export { Scope } from "./scope.ts";
export { disposeAll, Task, type TaskFunction } from "./task.ts";
