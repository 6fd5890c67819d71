import { type Owner, reportFailure } from "../future/mod.ts";
import type { RawTask, Scheduler } from "./raw_task.ts";

/**
 * The tasks and the resources that end together: all that one `block_on` or one
 * `run` started, and has to cancel and close when it returns.
 *
 * The tasks form a list through their own fields, since entering and leaving
 * happens with every spawn; resources are fewer and sit in a set.
 */
export class Scope implements Owner {
  #newest: RawTask | null = null;
  #size = 0;
  #closed = false;
  readonly #resources = new Set<Disposable>();
  /** Where the tasks queue up. */
  readonly scheduler: Scheduler;

  /** A scope of tasks that one executor polls. */
  constructor(scheduler: Scheduler) {
    this.scheduler = scheduler;
  }

  /** How many tasks have not finished. */
  get size(): number {
    return this.#size;
  }

  /** Whether the scope has ended: what is spawned into it now never starts. */
  get isClosed(): boolean {
    return this.#closed;
  }

  /** Enters a task that was just made. */
  enter(task: RawTask): void {
    const newest = this.#newest;
    task.older = newest;
    if (newest !== null) newest.newer = task;
    this.#newest = task;
    this.#size++;
  }

  /** Takes a task out that has finished. */
  leave(task: RawTask): void {
    const { older, newer } = task;
    if (older !== null) older.newer = newer;
    if (newer !== null) newer.older = older;
    else this.#newest = older;
    task.older = null;
    task.newer = null;
    this.#size--;
  }

  adopt(resource: Disposable): void {
    this.#resources.add(resource);
  }

  release(resource: Disposable): void {
    this.#resources.delete(resource);
  }

  /** The names of the tasks that have not finished, oldest first. */
  names(): string[] {
    const names: string[] = [];
    for (let task = this.#newest; task !== null; task = task.older) {
      names.push(task.name);
    }
    return names.reverse();
  }

  /**
   * Cancels the tasks, newest first, then closes the resources. Called between
   * polls only, so that no generator is running.
   */
  close(): void {
    this.#closed = true;
    while (this.#newest !== null) this.#newest.cancelNow();
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
