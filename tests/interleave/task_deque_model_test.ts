import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { NONE, TaskDeque } from "../../src/executor/pool/task_deque.ts";
import { explore } from "./explore.ts";
import type { Model, Round, SteppedAtomics, Steps, Thread } from "./model.ts";
import { Places } from "./places.ts";
import { assertEachOnce, noted, tasksIn } from "./queue_support.ts";
import { ScheduleError } from "./schedule.ts";
import { tornAtomics } from "./weakened.ts";

const [TOP, BOTTOM, RING] = [0, 16, 32];
/** The owner does this with two or four places, of which the ring has room for four. */
const WORDS = TaskDeque.size(4);

/** Returns what was taken. */
type Steal = (deque: TaskDeque, steps: Steps) => readonly number[];
type Weaken = (steps: Steps) => SteppedAtomics;

interface DequeOptions {
  /** What the owner does: `+` pushes the next task, `-` pops. */
  readonly owner: string;
  /** How often each thief steals. */
  readonly thieves: readonly number[];
  /** The index of the first task. */
  readonly start?: number;
  /** How many tasks the deque holds. Default: 2. */
  readonly capacity?: number;
  readonly steal?: Steal;
  readonly pop?: (deque: TaskDeque, steps: Steps) => number;
  /** Other operations on memory, for the owner and for the thieves. */
  readonly ownerAtomics?: Weaken;
  readonly thiefAtomics?: Weaken;
}

const places = new Places();
const DEQUE = places.block("", WORDS, {
  TOP,
  BOTTOM,
  "RING[0]": RING,
  "RING[1]": RING + 1,
  "RING[2]": RING + 2,
  "RING[3]": RING + 3,
});

/** An owner and thieves, who take what they get; all is taken or left exactly once. */
function model(options: DequeOptions): Model {
  const { owner, thieves, start = 0, capacity = 2 } = options;
  const pop = options.pop ?? ((deque) => deque.pop());
  const steal: Steal = options.steal ?? ((deque) => [deque.steal()]);
  const dequeOf = (steps: Steps, weaken?: Weaken) =>
    new TaskDeque(
      steps.words,
      DEQUE,
      capacity,
      weaken?.(steps) ?? steps.atomics,
    );
  const tasks = owner.replaceAll("-", "").length;
  let next = 0;
  const ownerRounds = [...owner].map((operation): Round => {
    if (operation === "-") {
      return (steps, taken) => {
        const task = pop(dequeOf(steps, options.ownerAtomics), steps);
        return task === NONE ? taken : noted(taken, task);
      };
    }
    const task = next++;
    return (steps, taken) => {
      const wasPushed = dequeOf(steps, options.ownerAtomics).push(task);
      // What does not fit goes elsewhere.
      return wasPushed ? taken : noted(taken, task);
    };
  });
  const thiefRounds = (times: number): Round[] =>
    Array.from({ length: times }, () => (steps, taken) => {
      const deque = dequeOf(steps, options.thiefAtomics);
      return steal(deque, steps).filter((task) => task !== NONE)
        .reduce(noted, taken);
    });
  const threads: Thread[] = [
    { name: "owner", rounds: ownerRounds },
    ...thieves.map((times, i) => ({
      name: thieves.length === 1 ? "thief" : `thief ${i + 1}`,
      rounds: thiefRounds(times),
    })),
  ];
  return {
    words: places.words,
    names: places.names,
    threads,
    setUp: (world) => void (world[TOP] = world[BOTTOM] = start),
    check: ({ world, results }) => {
      const left = tasksLeft(world, DEQUE, capacity);
      assertEachOnce([...left, ...results.flatMap(tasksIn)], tasks);
      // Thieves take the oldest first.
      for (const taken of results.slice(1).map(tasksIn)) {
        assertEquals(taken, taken.toSorted((a, b) => a - b));
      }
    },
  };
}

/** The tasks in a deque that nobody touches any more. */
function tasksLeft(world: Int32Array, at: number, capacity: number): number[] {
  const top = world[at + TOP]!;
  const length = Math.max(0, (world[at + BOTTOM]! - top) | 0);
  return Array.from(
    { length },
    (_, i) => world[at + RING + ((top + i) & (capacity - 1))]!,
  );
}

/** The counts that each model has, all interleavings of its steps taken. */
const MODELS: readonly (DequeOptions & { schedules: bigint })[] = [
  { owner: "++-+--", thieves: [3], schedules: 374_309_032n },
  { owner: "+-+-+-", thieves: [3], schedules: 1_509_601_942n },
  // The third one does not fit, unless a thief was there before.
  { owner: "+++-+-", thieves: [2, 2], schedules: 806_621_813_908_748n },
  { owner: "++--+-", thieves: [3, 3], schedules: 4_961_145_970_121_208_308n },
  // The indices wrap at the second task.
  {
    owner: "++-+--",
    thieves: [2, 2],
    start: 2 ** 31 - 1,
    schedules: 367_622_130_587_414n,
  },
];

for (const { schedules, ...options } of MODELS) {
  const { owner, thieves, start = 0 } = options;
  Deno.test(`no order of the steps of an owner (${owner}) and thieves (${thieves}) loses a task of a deque or runs one twice, from index ${start} on`, () => {
    assertEquals(explore(model(options)).schedules, schedules);
  });
}

Deno.test("leaving out what commutes finds the same ends of a deque", () => {
  const options = { owner: "+++-+-", thieves: [2, 2] };
  const all = explore(model(options));
  const reduced = explore(model(options), { reduce: true });
  assertEquals(
    [reduced.ends, reduced.outcomes],
    [all.ends, all.outcomes],
  );
});

/** The thief's own deque stands behind the victim's. */
const OWN = DEQUE + WORDS;

/** One thief takes halves into its own deque, where another steals from it. */
function halves(): Model {
  const victim = model({ owner: "++-+-", thieves: [1] });
  const ownOf = ({ words, atomics }: Steps) =>
    new TaskDeque(words, OWN, 2, atomics);
  const take = (task: number, taken: number) =>
    task === NONE ? taken : noted(taken, task);
  return {
    ...victim,
    words: 2 * victim.words,
    names: {
      ...victim.names,
      "OWN TOP": OWN + TOP,
      "OWN BOTTOM": OWN + BOTTOM,
    },
    threads: [
      ...victim.threads,
      {
        name: "taker of halves",
        rounds: [
          (steps, taken) => {
            const { words, atomics } = steps;
            const deque = new TaskDeque(words, DEQUE, 2, atomics);
            return take(deque.stealHalfInto(ownOf(steps)), taken);
          },
          (steps, taken) => take(ownOf(steps).pop(), taken),
        ],
      },
      {
        name: "its thief",
        rounds: [(steps, taken) => take(ownOf(steps).steal(), taken)],
      },
    ],
    check: ({ world, results }) => {
      const left = tasksLeft(world, OWN, 2);
      const [owner = 0, ...thieves] = results;
      victim.check!({
        world,
        results: [left.reduce(noted, owner), ...thieves],
      });
    },
  };
}

Deno.test("no order of the steps of an owner, one who takes halves, and thieves of both loses a task or runs one twice", () => {
  assertEquals(explore(halves()).schedules, 361_147_065_967_507n);
});

/** Takes half of the tasks with one step, as a queue that both ends swap can. */
function stealBatch(_: TaskDeque, { atomics, words }: Steps): number[] {
  const top = atomics.load(words, DEQUE + TOP);
  const bottom = atomics.load(words, DEQUE + BOTTOM);
  const count = (bottom - top + 1) >> 1;
  if (count <= 0) return [];
  const tasks = Array.from(
    { length: count },
    (_, i) => atomics.load(words, DEQUE + RING + ((top + i) % 4)),
  );
  const seen = atomics.compareExchange(words, DEQUE + TOP, top, top + count);
  return seen === top ? tasks : [];
}

/** The task is read once it is the thief's own, when it may be overwritten. */
function stealThenRead(_: TaskDeque, { atomics, words }: Steps): number[] {
  const top = atomics.load(words, DEQUE + TOP);
  const bottom = atomics.load(words, DEQUE + BOTTOM);
  if (bottom - top <= 0) return [];
  const seen = atomics.compareExchange(words, DEQUE + TOP, top, top + 1);
  if (seen !== top) return [];
  return [atomics.load(words, DEQUE + RING + (top % 2))];
}

/** BOTTOM is read first, and is out of date when TOP is read. */
function stealBottomFirst(_: TaskDeque, { atomics, words }: Steps): number[] {
  const bottom = atomics.load(words, DEQUE + BOTTOM);
  const top = atomics.load(words, DEQUE + TOP);
  if (bottom - top <= 0) return [];
  const task = atomics.load(words, DEQUE + RING + (top % 4));
  const seen = atomics.compareExchange(words, DEQUE + TOP, top, top + 1);
  return seen === top ? [task] : [];
}

/** The owner looks at TOP before the others can see that it lowered BOTTOM. */
function popLate(_: TaskDeque, { atomics, words }: Steps): number {
  const before = words[DEQUE + BOTTOM]!;
  const top = atomics.load(words, DEQUE + TOP);
  const left = before - 1 - top;
  if (left < 0) return NONE;
  atomics.store(words, DEQUE + BOTTOM, before - 1);
  const task = words[DEQUE + RING + ((before - 1) % 4)]!;
  if (left > 0) return task;
  const seen = atomics.compareExchange(words, DEQUE + TOP, top, top + 1);
  atomics.store(words, DEQUE + BOTTOM, before);
  return seen === top ? task : NONE;
}

const MUTANTS: Record<string, Partial<DequeOptions>> = {
  "a thief that takes half with one step": { steal: stealBatch },
  "a thief that reads the task after it was taken": {
    steal: stealThenRead,
    capacity: 2,
  },
  "a thief that reads BOTTOM before TOP": { steal: stealBottomFirst },
  "a thief whose compare-and-swap is two steps": { thiefAtomics: tornAtomics },
  "an owner whose compare-and-swap is two steps": { ownerAtomics: tornAtomics },
  "an owner that looks at TOP before it lowers BOTTOM": { pop: popLate },
};

for (const [name, mutant] of Object.entries(MUTANTS)) {
  Deno.test(`the model of a deque finds out ${name}`, () => {
    const error = assertThrows(
      () =>
        explore(
          model({ owner: "+++--+-", thieves: [2], capacity: 4, ...mutant }),
        ),
      ScheduleError,
    );
    assertMatch(error.message, /is lost|came 2 times/);
  });
}
