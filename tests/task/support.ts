import { assert } from "@std/assert";
import {
  Context,
  type Coroutine,
  enterContext,
  Future,
  type Owner,
  Pending,
  type Poll,
  type Waker,
} from "../../src/future/mod.ts";
import { JoinError, JoinHandle, Scope, Task } from "../../src/task/mod.ts";
import type { RawTask, Scheduler } from "../../src/task/mod.ts";

/** A queue that the test empties step by step, and that counts what it is given. */
export class StepScheduler implements Scheduler {
  readonly queue: RawTask[] = [];
  readonly unjoined: string[] = [];
  /** All tasks, so that those that were never polled can be found. */
  readonly made: Task<unknown>[] = [];
  schedules = 0;
  /** How often the queue was searched. */
  searches = 0;
  readonly cx: Context = new Context({ wake() {} });

  schedule(task: RawTask): void {
    this.schedules++;
    this.queue.push(task);
  }

  scheduleSpawned(task: RawTask): void {
    this.queue.push(task);
  }

  runIfNext(): void {}

  queuedIn(owner: Owner): RawTask[] {
    this.searches++;
    return this.made.filter((task) => task.isQueuedIn(owner));
  }

  noteUnjoined(task: RawTask): void {
    this.unjoined.push(task.name);
  }

  /** Polls the task that is next. */
  step(): void {
    const task = this.queue.shift();
    assert(task !== undefined, "nothing is queued");
    task.run(this.cx);
  }
}

/** A task under observation: what was done to it, and the means to do more. */
export class Lab {
  readonly scheduler = new StepScheduler();
  readonly scope = new Scope(this.scheduler);
  readonly task: Task<unknown>;
  readonly handle: JoinHandle<unknown>;
  /** How often the task's future was polled. */
  polls = 0;
  /** How often the task's cleanup ran. */
  drops = 0;
  /** The waker of the last poll. */
  waker: Waker | null = null;
  /** What the next poll does; the default is to wait. */
  onPoll: () => Poll<unknown> = () => Pending;
  onDrop: () => void = () => {};

  constructor() {
    // deno-lint-ignore no-this-alias
    const lab = this;
    class Probe extends Future<unknown> {
      override poll(cx: Context): Poll<unknown> {
        lab.polls++;
        lab.waker = cx.waker;
        return lab.onPoll();
      }
    }
    function* body(): Coroutine<unknown> {
      try {
        return yield* new Probe();
      } finally {
        lab.drops++;
        lab.onDrop();
      }
    }
    this.task = new Task<unknown>(this.scope, body, []);
    this.scheduler.made.push(this.task);
    this.scheduler.scheduleSpawned(this.task);
    this.handle = new JoinHandle(this.task);
  }

  /** Polls by `yield*` need the context of a running poll, as an executor sets. */
  step(): void {
    const before = enterContext(this.scheduler.cx);
    try {
      this.scheduler.step();
    } finally {
      enterContext(before);
    }
  }

  get counts(): [polls: number, schedules: number, drops: number] {
    return [this.polls, this.scheduler.schedules, this.drops];
  }

  outcome(): unknown {
    try {
      return this.handle.poll(new Context({ wake() {} }));
    } catch (error) {
      assert(error instanceof JoinError);
      return error.kind === "aborted" ? "aborted" : error.cause;
    }
  }
}
