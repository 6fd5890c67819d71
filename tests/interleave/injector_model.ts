import { Injector } from "../../src/executor/pool/injector.ts";
import { NONE } from "../../src/executor/pool/task_deque.ts";
import { expect, expectSame } from "./expect.ts";
import type { Model, Round, SteppedAtomics, Steps, Thread } from "./model.ts";
import { Places } from "./places.ts";
import { assertEachOnce, noted, tasksIn } from "./queue_support.ts";

export const CAPACITY = 2;
export const [HEAD, TAIL, CELLS] = [0, 16, 32];

const places = new Places();
export const INJECTOR = places.block("", Injector.size(CAPACITY), {
  HEAD,
  TAIL,
  "TURN[0]": CELLS,
  "TASK[0]": CELLS + 1,
  "TURN[1]": CELLS + 2,
  "TASK[1]": CELLS + 3,
});
const ENDED = places.word("ENDED");

type Weaken = (steps: Steps) => SteppedAtomics;

export interface InjectorOptions {
  /**
   * What each thread does: `+` pushes the next task, `-` pops one, and a digit takes
   * up to so many at once. `*`, `!` and the letters from `a` on are the same, and
   * must succeed. `?` asks for the length, and `.` waits until all threads that do
   * not wait have ended.
   */
  readonly threads: readonly string[];
  /** The index of the first task. */
  readonly start?: number;
  readonly weaken?: Weaken;
  readonly push?: (steps: Steps, task: number) => boolean;
  readonly pop?: (steps: Steps) => number;
}

/**
 * All that is pushed is taken, refused, or left exactly once, and in order. A thread
 * that is alone finds what it must find.
 */
export function injectorModel(options: InjectorOptions): Model {
  const { threads, start = 0, weaken } = options;
  let pushed = 0;
  const queueOf = (steps: Steps) =>
    new Injector(
      steps.words,
      INJECTOR,
      CAPACITY,
      weaken?.(steps) ?? steps.atomics,
    );
  /** Who pushed each task. */
  const producers: number[] = [];
  const free = threads.filter((operations) => !operations.includes("."));
  /** What is in the queue of a thread that is alone. */
  const alone: number[] | null = threads.length === 1 ? [] : null;

  const pushing = (mustFit: boolean, thread: number): Round => {
    const task = pushed++;
    producers.push(thread);
    const fits = alone === null ? null : alone.length < CAPACITY;
    if (fits) alone!.push(task);
    return (steps, taken) => {
      const queue = queueOf(steps);
      const wasPushed = steps.retry(
        INJECTOR + TAIL,
        () => options.push?.(steps, task) ?? queue.push(task),
      );
      expect(wasPushed || !mustFit, "there is room, and it was refused");
      expect(fits === null || wasPushed === fits, "it does not know its room");
      return wasPushed ? taken : noted(taken, task);
    };
  };
  const popping = (most: number, least: number): Round => {
    const expected = alone?.splice(0, most || 1);
    return (steps, taken) => {
      const queue = queueOf(steps);
      const into = new Int32Array(4);
      const count = steps.retry(INJECTOR + HEAD, () => {
        if (most > 0) return queue.popMany(most, into);
        into[0] = options.pop?.(steps) ?? queue.pop();
        return into[0] === NONE ? 0 : 1;
      });
      const tasks = [...into.subarray(0, count)];
      expect(count >= least, "there is a task, and it was not found");
      if (expected) expectSame(tasks, expected, "it gave");
      return tasks.reduce(noted, taken);
    };
  };
  const asking = (): Round => {
    const expected = alone?.length;
    return (steps, taken) => {
      const { length } = queueOf(steps);
      expect((expected ?? length) === length, `its length is ${length}`);
      return taken;
    };
  };
  const waiting: Round = ({ step, world }, taken) => {
    step("all others have ended", () => 0, {
      when: () => world[ENDED] === free.length,
      reads: [ENDED],
    });
    return taken;
  };
  const ending: Round = ({ atomics, world }, taken) => {
    atomics.add(world, ENDED, 1);
    return taken;
  };
  const roundOf = (operation: string, thread: number): Round => {
    switch (operation) {
      case "+":
      case "*":
        return pushing(operation === "*", thread);
      case "-":
      case "!":
        return popping(0, operation === "!" ? 1 : 0);
      case "?":
        return asking();
      case ".":
        return waiting;
      default: {
        const least = "abc".indexOf(operation) + 1;
        return popping(least || Number(operation), least > 0 ? 1 : 0);
      }
    }
  };
  return {
    words: places.words,
    names: places.names,
    setUp: (world) => {
      world[HEAD] = world[TAIL] = start;
      for (let i = 0; i < CAPACITY; i++) {
        const index = start + i;
        const cell = index & (CAPACITY - 1);
        // As if all tasks before had come and gone.
        world[CELLS + 2 * cell] = (index - cell) | 0;
      }
    },
    threads: threads.map((operations, i): Thread => ({
      name: `${"ABCD"[i]} (${operations})`,
      rounds: [
        ...[...operations].map((operation) => roundOf(operation, i)),
        ...(free.length < threads.length && !operations.includes(".")
          ? [ending]
          : []),
      ],
    })),
    check: ({ world, results }) => {
      const length = (world[TAIL]! - world[HEAD]!) | 0;
      expect(length >= 0 && length <= CAPACITY, `a length of ${length}`);
      const left: number[] = [];
      for (let i = 0; i < CAPACITY; i++) {
        const index = (world[HEAD]! + i) | 0;
        const cell = index & (CAPACITY - 1);
        const isFull = i < length;
        expect(
          world[CELLS + 2 * cell] === ((index + (isFull ? 1 : 0) - cell) | 0),
          `place ${cell} has the wrong turn`,
        );
        if (isFull) left.push(world[CELLS + 2 * cell + 1]!);
      }
      const taken = results.map(tasksIn);
      assertEachOnce([...left, ...taken.flat()], pushed);
      taken.forEach((tasks, thread) => {
        for (const producer of threads.keys()) {
          if (producer === thread) continue;
          const own = tasks.filter((task) => producers[task] === producer);
          expectSame(own, own.toSorted((a, b) => a - b), "out of order");
        }
      });
    },
  };
}
