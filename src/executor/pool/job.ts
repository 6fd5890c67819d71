import type { Context } from "../../future/mod.ts";
import { type Scope, Task, type TaskFunction } from "../../task/mod.ts";
import type { PoolMemory } from "./memory.ts";

/** Who hears that a job has ended. */
export interface JobHost {
  /** Whose memory tells whether it may still be polled. */
  readonly memory: PoolMemory;
  /** A poll of it begins. */
  jobEntered(job: Job): void;
  /** It has ended, with this outcome. */
  jobEnded(job: Job, outcome: unknown): void;
}

/** A shareable task on the worker that runs it: a task of that thread's own. */
export class Job extends Task<unknown> {
  readonly record: number;
  readonly #host: JobHost;

  constructor(
    host: JobHost,
    record: number,
    scope: Scope,
    fn: TaskFunction,
    args: unknown[],
  ) {
    super(scope, fn, args);
    this.#host = host;
    this.record = record;
    // Whoever joins it is elsewhere, and gets its error as well.
    this.transitionToJoined();
  }

  override run(cx: Context): void {
    if (this.isComplete) return;
    // What it waits for may have been cancelled before it: it shall not see that.
    if (this.#host.memory.life.isClosed) this.noteAbort();
    this.#host.jobEntered(this);
    super.run(cx);
    if (this.isComplete) this.#host.jobEnded(this, this.outcome);
  }

  override cancelNow(): void {
    if (this.isComplete) return;
    super.cancelNow();
    if (this.isComplete) this.#host.jobEnded(this, this.outcome);
  }
}
