import { enterContext, noopWaker } from "../future/mod.ts";
import { Scope, Task } from "../task/mod.ts";
import { Executor } from "./executor.ts";
import type { Prepared } from "./spawn.ts";

/** What `Atomics.wait` sleeps on while there is no reactor: nobody wakes it. */
const SLEEP_CELL = new Int32Array(new SharedArrayBuffer(4));

/** An executor that blocks its thread until the root task has ended. */
export class BlockingExecutor extends Executor {
  readonly #scope = new Scope(this);
  #deadlock: Error | null = null;
  readonly #park = (ms: number) => this.#wait(ms);

  constructor() {
    super(true);
  }

  /** Runs a task and all that it spawns; returns its value or throws its error. */
  blockOn<T>({ fn, args }: Prepared): T {
    const root = new Task<T>(this.#scope, fn, args);
    // Its error is thrown here: nobody has to report it.
    root.watch(noopWaker);
    this.scheduleSpawned(root);
    try {
      this.pollReady(root);
      while (!root.isComplete && this.#deadlock === null) {
        this.pollDrivers(this.#park);
        this.pollReady(root);
      }
    } finally {
      this.#close();
    }
    if (this.#deadlock === null) return root.takeOutcome();
    // The root was cancelled with the others; its caller gets the deadlock.
    if (root.hasFailed) root.reportUnjoined();
    throw this.#deadlock;
  }

  #wait(ms: number): void {
    const reactor = this.existingReactor;
    if (ms === Infinity && !reactor?.canWake) {
      this.#deadlock = new Error(
        deadlockMessage(this.#scope.tasks().map(({ name }) => name)),
      );
    } else if (reactor !== null) {
      reactor.wait(ms);
    } else if (ms > 0) {
      Atomics.wait(SLEEP_CELL, 0, 0, ms);
    }
  }

  #close(): void {
    this.cx.owner = this.#scope;
    const before = enterContext(this.cx);
    try {
      this.#scope.close();
      this.closeDrivers();
    } finally {
      enterContext(before);
    }
  }
}

/** How many waiting tasks a deadlock names: enough to recognise the place. */
const NAMES_SHOWN = 8;

function deadlockMessage(names: string[]): string {
  const shown = names.slice(0, NAMES_SHOWN).map((name) => `"${name}"`);
  if (names.length > shown.length) shown.push("…");
  return `Cannot finish block_on: deadlock. ${names.length} task(s) wait, and ` +
    "no timer, no socket and no exported handle is left to wake one: " +
    shown.join(", ");
}
