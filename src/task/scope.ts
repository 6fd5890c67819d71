import { type Owner, reportFailure } from "../future/mod.ts";
import type { RawTask, Scheduler } from "./raw_task.ts";

/**
 * The tasks and the resources that end together: all that one `block_on` or one
 * `run` started, and has to cancel and close when it returns.
 *
 * Tasks that have waited form a list through their own fields. Those that were
 * never polled are in a run queue, and the many that end with their first poll
 * never enter the list, which would take a fifth of what spawning them takes.
 */
export class Scope implements Owner {
  #newest: RawTask | null = null;
  #waiting = 0;
  #spawned = 0;
  /** How many of those spawned are past their first poll, or ended without one. */
  #started = 0;
  #closed = false;
  readonly #resources = new Set<Disposable>();
  /** Where the tasks queue up. */
  readonly scheduler: Scheduler;

  /** A scope of tasks that one executor polls. */
  constructor(scheduler: Scheduler) {
    this.scheduler = scheduler;
  }

  /** How many tasks wait, or have waited and have not finished. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Whether the scope has ended: what is spawned into it now never starts. */
  get isClosed(): boolean {
    return this.#closed;
  }

  /** Enters a task that has to wait for the first time. */
  enter(task: RawTask): void {
    const newest = this.#newest;
    task.older = newest;
    if (newest !== null) newest.newer = task;
    this.#newest = task;
    this.#waiting++;
  }

  /** Takes a task out that has finished. */
  leave(task: RawTask): void {
    const { older, newer } = task;
    if (older !== null) older.newer = newer;
    if (newer !== null) newer.older = older;
    else this.#newest = older;
    task.older = null;
    task.newer = null;
    this.#waiting--;
  }

  adopt(resource: Disposable): void {
    this.#resources.add(resource);
  }

  release(resource: Disposable): void {
    this.#resources.delete(resource);
  }

  /** The tasks that have not finished, in the order in which they were spawned. */
  tasks(): RawTask[] {
    // All others are in the list, so that the queue, which may be long and hold
    // the tasks of many scopes, need not be searched.
    const tasks = this.#started === this.#spawned
      ? []
      : this.scheduler.queuedIn(this);
    for (let task = this.#newest; task !== null; task = task.older) {
      tasks.push(task);
    }
    return tasks.sort((a, b) => a.sequence - b.sequence);
  }

  /** Notes that a task is polled for the first time, or ends without that. */
  noteStarted(): void {
    this.#started++;
  }

  /** The number of the next task to be spawned. */
  nextSequence(): number {
    return this.#spawned++;
  }

  /**
   * Cancels the tasks, newest first, then closes the resources. Called between
   * polls only, so that no generator is running.
   */
  close(): void {
    this.#closed = true;
    for (const task of this.tasks().reverse()) task.cancelNow();
    this.closeResources();
  }

  /** Closes the resources alone: the tasks are lost, and will not clean up. */
  closeResources(): void {
    for (const resource of [...this.#resources].reverse()) {
      this.#resources.delete(resource);
      try {
        resource[Symbol.dispose]();
      } catch (error) {
        reportFailure("closing a resource at the end of its scope", error);
      }
    }
  }
}
