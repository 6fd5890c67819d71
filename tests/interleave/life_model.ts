import { Life } from "../../src/executor/pool/life.ts";
import { again, type Model, type Round, type Steps } from "./model.ts";
import { Places } from "./places.ts";

/** What a pool needs of `Life`, or of one that is to be found wanting. */
export interface LifeRules {
  keepAwake(): boolean;
  wakeUp(): boolean;
  retire(isIdle: () => boolean, worker: number): boolean;
  close(): void;
  readonly isAwake: boolean;
  readonly isClosed: boolean;
}

/** Threads that add tasks to a pool whose workers come and go. */
export interface LifeOptions {
  readonly workers: number;
  /** How many tasks each of the adding threads adds, one at a time. */
  readonly adders: readonly number[];
  /** Whether somebody shuts the pool down meanwhile. */
  readonly closes?: boolean;
  /** Whether the workers run at the start. */
  readonly isAwake?: boolean;
  readonly rules?: (steps: Steps, at: number) => LifeRules;
  /** Says that the pool is awake before those that retired have left. */
  readonly startsEarly?: boolean;
  /** Looks at the pool's life first, and counts and publishes the task then. */
  readonly publishesLate?: boolean;
}

/** The protocol of `worker_executor.ts`, `pool.ts` and `seat.ts` around `Life`. */
export class LifeModel implements Model {
  readonly words: number;
  readonly names: Readonly<Record<string, number>>;
  readonly threads: Model["threads"];
  readonly #options: LifeOptions;
  readonly #life: number;
  readonly #queue: number;
  readonly #spawned: number;
  readonly #ended: number;
  readonly #cancelled: number;
  /** What the thread that made the pool is wanted for: to start it, or to close it. */
  readonly #attention: number;
  readonly #closing: number;
  /** Whether it is at it. */
  readonly #busy: number;
  /** By worker: whether there is a thread, and whether it was woken since it parked. */
  readonly #threads: readonly number[];
  readonly #woken: readonly number[];

  constructor(options: LifeOptions) {
    this.#options = options;
    const places = new Places();
    this.#life = places.word("LIFE");
    this.#queue = places.word("QUEUE");
    this.#spawned = places.word("SPAWNED");
    this.#ended = places.word("ENDED");
    this.#cancelled = places.word("CANCELLED");
    this.#attention = places.word("ATTENTION");
    this.#closing = places.word("CLOSING");
    this.#busy = places.word("BUSY");
    const { workers, adders, closes = false } = options;
    const numbers = Array.from({ length: workers }, (_, i) => i);
    this.#threads = numbers.map((i) => places.word(`THREAD ${i}`));
    this.#woken = numbers.map((i) => places.word(`WOKEN ${i}`));
    this.words = places.words;
    this.names = places.names;
    this.threads = [
      ...adders.map((tasks, i) => ({
        name: `adder ${i}`,
        rounds: Array(tasks).fill(this.#adding()).flat(),
      })),
      ...(closes ? [{ name: "closer", rounds: [this.#close()] }] : []),
      {
        name: "keeper",
        isServant: true,
        rounds: [
          (steps: Steps) => this.#keep(steps),
          (steps: Steps) => this.#reap(steps),
        ],
      },
      ...numbers.map((i) => ({
        name: `worker ${i}`,
        isServant: true,
        rounds: [
          (steps: Steps, hasTried: number) => this.#work(steps, i, hasTried),
        ],
      })),
    ];
  }

  readonly setUp = (world: Int32Array): void => {
    if (this.#options.isAwake !== true) return;
    new Life(world, this.#life).wakeUp();
    for (const at of this.#threads) world[at] = 1;
  };

  readonly check = ({ world }: { world: Int32Array }): void => {
    if (world[this.#busy] !== 0) throw new Error("the pool never starts");
    const done = world[this.#ended]! + world[this.#cancelled]!;
    const lost = world[this.#spawned]! - done;
    if (lost !== 0) throw new Error(`${lost} tasks neither ran nor ended`);
    if (!this.#options.closes && world[this.#cancelled] !== 0) {
      throw new Error("a task was cancelled, and nobody had wanted that");
    }
  };

  #rules(steps: Steps): LifeRules {
    return this.#options.rules?.(steps, this.#life) ??
      new Life(steps.words, this.#life, steps.atomics);
  }

  #adding(): Round[] {
    const { adders, closes } = this.#options;
    const isAlone = adders.length === 1 && adders[0] === 1 && !closes;
    const publish: Round = ({ atomics, world }) => {
      atomics.add(world, this.#queue, 1);
    };
    const count: Round = ({ atomics, world }) => {
      atomics.add(world, this.#spawned, 1);
    };
    const look: Round = (steps) => {
      const life = this.#rules(steps);
      if (steps.retry(this.#life, () => life.keepAwake())) return 0;
      if (life.isClosed) return 1;
      // There is nobody else who could have called the creator meanwhile.
      if (isAlone && life.isAwake) throw new Error("the workers are there");
      return 2;
    };
    const help: Round = (steps, what) => {
      if (what === 1) return this.#reap(steps);
      if (what === 2) steps.atomics.store(steps.world, this.#attention, 1);
    };
    return this.#options.publishesLate
      ? [look, help, count, publish]
      : [count, publish, look, help];
  }

  /** On the thread that made the pool, which alone starts threads. */
  #start(steps: Steps): void {
    const { world } = steps;
    // Somebody else may have called as well.
    if (this.#rules(steps).isAwake) return;
    if (this.#options.startsEarly && !this.#rules(steps).wakeUp()) return;
    // Those that retired a moment ago are on their way out.
    this.#awaitThreads(steps);
    if (!this.#options.startsEarly && !this.#rules(steps).wakeUp()) return;
    for (const at of this.#threads) steps.atomics.store(world, at, 1);
  }

  #take({ step, world }: Steps): boolean {
    const at = this.#queue;
    return step("take a task", () => {
      if (world[at] === 0) return 0;
      world[at]!--;
      return 1;
    }, { reads: [at], writes: [at] }) === 1;
  }

  #reap(steps: Steps): ReturnType<Round> {
    if (!this.#take(steps)) return;
    steps.atomics.add(steps.world, this.#cancelled, 1);
    return again(1);
  }

  #close(): Round {
    return ({ atomics, world }) => {
      atomics.store(world, this.#closing, 1);
    };
  }

  /** The thread that made the pool: it starts the others, and shuts it down. */
  #keep(steps: Steps): ReturnType<Round> {
    const { step, world } = steps;
    const [attention, closing] = [this.#attention, this.#closing];
    const mustClose = step("wait to be called", () => {
      if (world[closing] === 1) return 1;
      world[attention] = 0;
      return 0;
    }, {
      when: () => world[attention] === 1 || world[closing] === 1,
      reads: [attention, closing],
      writes: [attention],
    });
    if (mustClose === 0) {
      steps.atomics.store(world, this.#busy, 1);
      this.#start(steps);
      steps.atomics.store(world, this.#busy, 0);
      return again();
    }
    this.#rules(steps).close();
    this.#wakeAll(steps);
    this.#awaitThreads(steps);
  }

  #wakeAll({ atomics, world }: Steps): void {
    for (const at of this.#woken) atomics.store(world, at, 1);
  }

  #awaitThreads({ step, world }: Steps): void {
    step("threads have left", () => 0, {
      when: () => this.#threads.every((at) => world[at] === 0),
      reads: this.#threads,
    });
  }

  /** `hasTried`: since its last task, it found that the others are busy. */
  #work(
    steps: Steps,
    worker: number,
    hasTried: number,
  ): ReturnType<Round> {
    const { step, world, atomics } = steps;
    const thread = this.#threads[worker]!;
    const life = this.#rules(steps);
    if (
      step("is there a thread", () => world[thread]!, {
          when: () => world[thread] === 1,
          reads: [thread],
        }) === 1 && !life.isAwake
    ) {
      atomics.store(world, thread, 0);
      return again(0);
    }
    if (this.#take(steps)) {
      atomics.add(world, this.#ended, 1);
      return again(0);
    }
    if (hasTried === 0) {
      const isIdle = () => {
        const ended = atomics.load(world, this.#ended);
        return atomics.load(world, this.#spawned) === ended;
      };
      if (!life.retire(isIdle, worker)) return again(1);
      // Until all have left nobody starts others.
      if (life.isAwake) throw new Error("it has not retired");
      this.#wakeAll(steps);
      return again(0);
    }
    const woken = this.#woken[worker]!;
    atomics.store(world, woken, 0);
    if (!life.isAwake) return again(1);
    // Those who add work wake one, see the model of idle workers.
    step("sleep", () => 0, {
      when: () => world[this.#queue]! > 0 || world[woken] === 1,
      reads: [this.#queue, woken],
    });
    return again(1);
  }
}
