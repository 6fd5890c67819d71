import { NONE, TaskDeque } from "../../src/executor/pool/task_deque.ts";
import { expect, expectSame } from "./expect.ts";
import type { Model, Round, SteppedAtomics, Steps, Thread } from "./model.ts";
import { Places } from "./places.ts";
import { assertEachOnce, noted, tasksIn } from "./queue_support.ts";

export const [TOP, BOTTOM, RING] = [0, 16, 32];
/** The owner does this with two or four places, of which the ring has room for four. */
const WORDS = TaskDeque.size(4);

/** Returns what was taken. */
type Steal = (deque: TaskDeque, steps: Steps) => readonly number[];
type Weaken = (steps: Steps) => SteppedAtomics;

export interface DequeOptions {
  /** What the owner does: `+` pushes the next task, `-` pops, `p` only looks. */
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
export const DEQUE = places.block("", WORDS, {
  TOP,
  BOTTOM,
  "RING[0]": RING,
  "RING[1]": RING + 1,
  "RING[2]": RING + 2,
  "RING[3]": RING + 3,
});

/** An owner and thieves, who take what they get; all is taken or left exactly once. */
export function dequeModel(options: DequeOptions): Model {
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
  const tasks = owner.replaceAll(/[^+]/g, "").length;
  let next = 0;
  const ownerRounds = [...owner].map((operation): Round => {
    if (operation === "-") {
      return (steps, taken) => {
        const task = pop(dequeOf(steps, options.ownerAtomics), steps);
        return task === NONE ? taken : noted(taken, task);
      };
    }
    if (operation === "p") {
      return (steps, taken) => {
        const deque = dequeOf(steps);
        deque.peek();
        // Thieves only make room.
        if (deque.hasRoom) expect(deque.hasRoom, "the room has gone");
        return taken;
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
        expectSame(taken, taken.toSorted((a, b) => a - b), "out of order");
      }
    },
  };
}

/** The tasks in a deque that nobody touches any more. */
function tasksLeft(
  world: Int32Array,
  at: number,
  capacity: number,
): number[] {
  const top = world[at + TOP]!;
  const length = Math.max(0, (world[at + BOTTOM]! - top) | 0);
  return Array.from(
    { length },
    (_, i) => world[at + RING + ((top + i) & (capacity - 1))]!,
  );
}

/** The thief's own deque stands behind the victim's. */
const OWN = DEQUE + WORDS;

export interface HalvesOptions {
  readonly owner: string;
  /** How many tasks each of the two deques holds. */
  readonly capacity: number;
  /** How often another thief steals from the owner. */
  readonly steals: number;
}

/** One thief takes halves into its own deque, where another steals from it. */
export function halves({ owner, capacity, steals }: HalvesOptions): Model {
  const thieves = steals > 0 ? [steals] : [];
  const victim = dequeModel({ owner, thieves, capacity });
  const ownOf = ({ words, atomics }: Steps) =>
    new TaskDeque(words, OWN, capacity, atomics);
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
            const deque = new TaskDeque(words, DEQUE, capacity, atomics);
            const own = ownOf(steps);
            const first = deque.stealHalfInto(own);
            // It would go to sleep over what is in its own deque.
            if (first === NONE) expect(own.length === 0, "it keeps a secret");
            return take(first, taken);
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
      const ring = world.subarray(OWN + RING, OWN + RING + capacity);
      expect(!ring.includes(NONE), "what was not there was pushed");
      const left = tasksLeft(world, OWN, capacity);
      const [owner = 0, ...thieves] = results;
      victim.check!({
        world,
        results: [left.reduce(noted, owner), ...thieves],
      });
    },
  };
}

const ALONE_CAPACITY = 4;
const OTHER_CAPACITY = 2;

/**
 * One thread does everything, with a deque for four tasks and another for two, and
 * must get exactly what is there: it pushes (`+`), pops (`-`), looks at the newest
 * task (`p`) and at what else can be known (`?`), steals one (`s`), takes half into
 * the other deque (`h`), and pops from that (`o`).
 */
export function dequeAlone(operations: string, start = 0): Model {
  const [main, other]: [number[], number[]] = [[], []];
  let next = 0;
  const roundOf = (operation: string): Round => {
    let expected: number;
    const task = next;
    const wasFull = main.length === ALONE_CAPACITY;
    switch (operation) {
      case "+":
        if (!wasFull) main.push(next++);
        expected = wasFull ? 0 : 1;
        break;
      case "-":
        expected = main.pop() ?? NONE;
        break;
      case "o":
        expected = other.pop() ?? NONE;
        break;
      case "p":
        expected = main.at(-1) ?? NONE;
        break;
      case "s":
        expected = main.shift() ?? NONE;
        break;
      case "h": {
        const wanted = (main.length + 1) >> 1;
        expected = main.shift() ?? NONE;
        for (let taken = 1; taken < wanted; taken++) {
          if (other.length < OTHER_CAPACITY) other.push(main.shift()!);
        }
        break;
      }
      default:
        expected = 10 * main.length + (wasFull ? 0 : 1);
    }
    return ({ atomics, words }) => {
      const deque = new TaskDeque(words, DEQUE, ALONE_CAPACITY, atomics);
      const second = new TaskDeque(words, OWN, OTHER_CAPACITY, atomics);
      const does: Record<string, () => number> = {
        "+": () => deque.push(task) ? 1 : 0,
        "-": () => deque.pop(),
        o: () => second.pop(),
        p: () => deque.peek(),
        s: () => deque.steal(),
        h: () => deque.stealHalfInto(second),
        "?": () => 10 * deque.length + (deque.hasRoom ? 1 : 0),
      };
      const got = does[operation]!();
      expect(got === expected, `${operation} gave ${got}, not ${expected}`);
    };
  };
  return {
    words: 2 * places.words,
    names: places.names,
    threads: [{ name: "owner", rounds: [...operations].map(roundOf) }],
    setUp: (world) => {
      for (const at of [DEQUE, OWN]) {
        world[at + TOP] = world[at + BOTTOM] = start;
      }
    },
  };
}
