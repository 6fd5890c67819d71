/**
 * Explores every interleaving of a few small programs that share memory.
 *
 * A program is ordinary code whose every access to shared state goes through
 * `step`. It cannot be suspended in the middle of a call, so it is replayed: each
 * time from its start, with the results that its steps had before, up to the first
 * step that has none yet. That step is what the thread would do next.
 *
 * @module
 */

/** What a thread would do next. */
interface Operation {
  readonly action: () => number;
  readonly isEnabled: () => boolean;
}

/**
 * Does one indivisible thing to the shared state and returns a number. With
 * `isEnabled`, the thread is blocked before the step until that returns true.
 */
export type Step = (
  action: () => number,
  isEnabled?: () => boolean,
) => number;

/** What one thread does. Given the same results of its steps it does the same. */
export type Program = (step: Step) => void;

/** What an exploration has found. */
export interface Exploration {
  /** In how many ways the threads' steps can follow each other. */
  readonly schedules: number;
  /** How many different states they lead through. */
  readonly states: number;
  /** One state for each way to get stuck: which threads wait for ever, and where. */
  readonly stuck: readonly string[];
}

/** Thrown out of a program at its next step. */
const STOP = Symbol("stop");

/** What a thread does next, given the results of its steps so far; null: ended. */
function nextOperation(
  program: Program,
  results: readonly number[],
): Operation | null {
  let replayed = 0;
  let next: Operation | null = null;
  try {
    program((action, isEnabled = () => true) => {
      // A `finally` that is left by STOP may ask for steps of its own.
      if (next !== null) throw STOP;
      if (replayed < results.length) return results[replayed++]!;
      next = { action, isEnabled };
      throw STOP;
    });
  } catch (error) {
    if (error !== STOP) throw error;
  }
  return next;
}

/**
 * Runs the programs in every possible order of their steps. `world` holds all
 * that they share, and starts as it is. What a step throws ends the exploration.
 *
 * `servants` take part in the same way, but may wait for ever once the programs
 * have ended: the kernel, say.
 */
export function explore(
  world: Int32Array,
  programs: readonly Program[],
  servants: readonly Program[] = [],
): Exploration {
  const threads = [...programs, ...servants];
  /** From each state that was seen, how many schedules lead to an end. */
  const seen = new Map<string, number>();
  const stuck: string[] = [];

  function visit(logs: readonly (readonly number[])[]): number {
    const key = `${world.join()}|${logs.join("|")}`;
    const known = seen.get(key);
    if (known !== undefined) return known;
    const before = world.slice();
    const operations = threads.map((t, i) => nextOperation(t, logs[i]!));
    let schedules = 0;
    let moved = false;
    operations.forEach((operation, thread) => {
      if (operation === null || !operation.isEnabled()) return;
      moved = true;
      const result = operation.action();
      schedules += visit(
        logs.map((log, i) => i === thread ? [...log, result] : log),
      );
      world.set(before);
    });
    if (!moved) {
      schedules = 1;
      const waiting = operations.slice(0, programs.length)
        .flatMap((operation, i) => operation === null ? [] : [i]);
      if (waiting.length > 0) {
        stuck.push(`threads ${waiting.join(" and ")} wait for ever in ${key}`);
      }
    }
    seen.set(key, schedules);
    return schedules;
  }

  const schedules = visit(threads.map(() => []));
  return { schedules, states: seen.size, stuck };
}
