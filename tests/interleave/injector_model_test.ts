import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { Injector } from "../../src/executor/pool/injector.ts";
import { NONE } from "../../src/executor/pool/task_deque.ts";
import { explore } from "./explore.ts";
import type { Model, Round, SteppedAtomics, Steps, Thread } from "./model.ts";
import { Places } from "./places.ts";
import { assertEachOnce, noted, tasksIn } from "./queue_support.ts";
import { ScheduleError } from "./schedule.ts";
import { tornAtomics } from "./weakened.ts";

const CAPACITY = 2;
const [HEAD, TAIL, CELLS] = [0, 16, 32];

const places = new Places();
const INJECTOR = places.block("", Injector.size(CAPACITY), {
  HEAD,
  TAIL,
  "TURN[0]": CELLS,
  "TASK[0]": CELLS + 1,
  "TURN[1]": CELLS + 2,
  "TASK[1]": CELLS + 3,
});

type Weaken = (steps: Steps) => SteppedAtomics;

interface InjectorOptions {
  /**
   * What each thread does: `+` pushes the next task, `-` pops one, and a digit takes
   * up to so many at once.
   */
  readonly threads: readonly string[];
  /** The index of the first task. */
  readonly start?: number;
  readonly weaken?: Weaken;
  readonly push?: (steps: Steps, task: number) => boolean;
  readonly pop?: (steps: Steps) => number;
}

/** All that is pushed is taken, refused, or left exactly once, and in order. */
function model(options: InjectorOptions): Model {
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
  const roundOf = (operation: string, thread: number): Round => {
    if (operation === "+") {
      const task = pushed++;
      producers.push(thread);
      return (steps, taken) => {
        const queue = queueOf(steps);
        const wasPushed = steps.retry(
          INJECTOR + TAIL,
          () => options.push?.(steps, task) ?? queue.push(task),
        );
        return wasPushed ? taken : noted(taken, task);
      };
    }
    return (steps, taken) => {
      const queue = queueOf(steps);
      const into = new Int32Array(4);
      const count = steps.retry(INJECTOR + HEAD, () => {
        if (operation !== "-") return queue.popMany(Number(operation), into);
        into[0] = options.pop?.(steps) ?? queue.pop();
        return into[0] === NONE ? 0 : 1;
      });
      return into.subarray(0, count).reduce(noted, taken);
    };
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
      rounds: [...operations].map((operation) => roundOf(operation, i)),
    })),
    check: ({ world, results }) => {
      const length = (world[TAIL]! - world[HEAD]!) | 0;
      assert(length >= 0 && length <= CAPACITY, `a length of ${length}`);
      const left = Array.from(
        { length },
        (_, i) => world[CELLS + 2 * ((world[HEAD]! + i) & (CAPACITY - 1)) + 1]!,
      );
      const taken = results.map(tasksIn);
      assertEachOnce([...left, ...taken.flat()], pushed);
      taken.forEach((tasks, thread) => {
        for (const producer of threads.keys()) {
          if (producer === thread) continue;
          const own = tasks.filter((task) => producers[task] === producer);
          assertEquals(own, own.toSorted((a, b) => a - b), "out of order");
        }
      });
    },
  };
}

const MODELS: readonly (InjectorOptions & { schedules: bigint })[] = [
  { threads: ["+++", "---"], schedules: 5_819_134n },
  { threads: ["+++", "-2-"], schedules: 38_336_197n },
  { threads: ["++", "++", "22"], schedules: 65_589_224_612_619_714n },
  { threads: ["+++", "--", "2-"], schedules: 30_924_324_398_983_888n },
  // The indices wrap at the third task.
  {
    threads: ["+++", "--", "2-"],
    start: 2 ** 31 - 2,
    schedules: 30_924_324_398_983_888n,
  },
  {
    threads: ["++-", "++-", "-2-"],
    schedules: 2_362_721_596_896_040_325_828_754n,
  },
  {
    threads: ["+-+", "-+2", "+2"],
    schedules: 12_003_501_269_939_355_693_789_810n,
  },
];

for (const { schedules, ...options } of MODELS) {
  const { threads, start = 0 } = options;
  Deno.test(`no order of the steps of threads that do ${threads.join(" and ")} loses a task of an injector or gives it twice, from index ${start} on`, () => {
    assertEquals(explore(model(options)).schedules, schedules);
  });
}

Deno.test("leaving out what commutes finds the same ends of an injector", () => {
  const options = { threads: ["++-", "++", "-2"] };
  const all = explore(model(options));
  const reduced = explore(model(options), { reduce: true });
  assertEquals([reduced.ends, reduced.outcomes], [all.ends, all.outcomes]);
});

const turnAt = (index: number) => INJECTOR + CELLS + 2 * (index % CAPACITY);
const turnOf = (index: number, turn: number) => turn - index % CAPACITY;

/** Says that the place is filled before it is. */
function pushEarly({ atomics, words }: Steps, task: number): boolean {
  const tail = atomics.load(words, INJECTOR + TAIL);
  if (atomics.load(words, turnAt(tail)) !== turnOf(tail, tail)) return false;
  const seen = atomics.compareExchange(words, INJECTOR + TAIL, tail, tail + 1);
  if (seen !== tail) return false;
  atomics.store(words, turnAt(tail), turnOf(tail, tail + 1));
  words[turnAt(tail) + 1] = task;
  return true;
}

/** Believes TAIL, which is moved before the place is filled. */
function popUnfilled({ atomics, words }: Steps): number {
  const head = atomics.load(words, INJECTOR + HEAD);
  if (atomics.load(words, INJECTOR + TAIL) - head <= 0) return NONE;
  const seen = atomics.compareExchange(words, INJECTOR + HEAD, head, head + 1);
  if (seen !== head) return NONE;
  const task = words[turnAt(head) + 1]!;
  atomics.store(words, turnAt(head), turnOf(head, head + CAPACITY));
  return task;
}

/** Frees the place before it was read. */
function popLate({ atomics, words }: Steps): number {
  const head = atomics.load(words, INJECTOR + HEAD);
  if (atomics.load(words, turnAt(head)) !== turnOf(head, head + 1)) return NONE;
  const seen = atomics.compareExchange(words, INJECTOR + HEAD, head, head + 1);
  if (seen !== head) return NONE;
  atomics.store(words, turnAt(head), turnOf(head, head + CAPACITY));
  return words[turnAt(head) + 1]!;
}

const MUTANTS: Record<string, Partial<InjectorOptions>> = {
  "that gives a place away before it is filled": { push: pushEarly },
  "from which places are taken that are not filled": { pop: popUnfilled },
  "that frees a place before it was read": { pop: popLate },
  "whose compare-and-swaps are two steps": { weaken: tornAtomics },
};

for (const [name, mutant] of Object.entries(MUTANTS)) {
  Deno.test(`the model of an injector finds out one ${name}`, () => {
    const error = assertThrows(
      () => explore(model({ threads: ["+++", "-+", "--"], ...mutant })),
      ScheduleError,
    );
    assertMatch(error.message, /is lost|came 2 times|at once/);
  });
}
