import type { Context, Owner } from "../future/mod.ts";

/** What a run queue holds. */
export interface Runnable {
  /** Polls it once; called by the executor, which took it from a queue. */
  run(cx: Context): void;
}

/**
 * A task as its executor and its scope see it: something to poll and to cancel,
 * whatever its value.
 */
export interface RawTask extends Runnable {
  /** The name of the task's function, for errors and reports. */
  readonly name: string;
  /** The how manyth of its scope it is. */
  readonly sequence: number;
  /** The neighbours in the scope's list; the scope alone changes them. */
  older: RawTask | null;
  newer: RawTask | null;
  /** Whether the outcome is there. */
  readonly isComplete: boolean;
  /** Whether the outcome may still be asked for. */
  readonly hasJoinInterest: boolean;
  /** Whether somebody was given the outcome. */
  readonly wasJoined: boolean;
  /** Cancels the task on the spot, at the end of its scope. */
  cancelNow(): void;
  /** Hands the task's error to the failure hook. */
  reportUnjoined(): void;
}

/** Where tasks queue up: what a task needs of its executor. */
export interface Scheduler {
  /** Queues a task that was woken. */
  schedule(task: Runnable): void;
  /** Queues a task that was just made. */
  scheduleSpawned(task: RawTask): void;
  /** The tasks of a scope that were never polled. */
  queuedIn(owner: Owner): RawTask[];
  /** Polls a task at once, if it is the one that would be polled next. */
  runIfNext(task: RawTask): void;
  /** Notes a task that failed while nobody was joining it. */
  noteUnjoined(task: RawTask): void;
}
