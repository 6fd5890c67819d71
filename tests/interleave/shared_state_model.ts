import { SharedStates } from "../../src/executor/pool/shared_state.ts";
import { again, type Model, type Round, type Steps } from "./model.ts";
import { Places } from "./places.ts";

/** What is done with the task. */
export interface TaskOptions {
  /** How often the spawner wants it to end. */
  readonly aborts?: number;
  /** Whether the spawner sleeps until it has ended, or looks now and then. */
  readonly sleeps: boolean;
  /**
   * Whether the spawner's thread ends before that, in the middle of a task of its
   * own: the next one that has its seat knows nothing of the task.
   */
  readonly leaves?: boolean;
  /** How many workers take from the queue. */
  readonly workers: number;
  /** The task's word, or one that is to be found wanting. */
  readonly states?: (steps: Steps, at: number) => SharedStates;
}

const RECORD = 0;

/**
 * One task from its spawn until its record is free again, as `seat.ts` and
 * `worker_seat.ts` treat it. The queues are words that count: their own models show
 * that nothing is lost in them.
 */
export class TaskModel implements Model {
  readonly words: number;
  readonly names: Readonly<Record<string, number>>;
  readonly threads: Model["threads"];
  readonly #options: TaskOptions;
  readonly #state: number;
  /** How often the record is in the queue of all workers, and in each one's mail. */
  readonly #queue: number;
  readonly #mail: readonly number[];
  /** The worker that runs the task. */
  readonly #home: number;
  /** How often the record is in the spawner's list of those done. */
  readonly #done: number;
  /** How often somebody has become the owner of the arguments. */
  readonly #arguments: number;
  /** How often the record was given back, and how often the task was settled. */
  readonly #freed: number;
  readonly #settled: number;
  /** The spawner: 0: awake, 1: parked, 2: signalled. */
  readonly #parking: number;
  /** Whether the workers can go. */
  readonly #over: number;

  constructor(options: TaskOptions) {
    this.#options = options;
    const places = new Places();
    this.#state = places.word("STATE");
    this.#queue = places.word("QUEUE");
    this.#mail = Array.from(
      { length: options.workers },
      (_, i) => places.word(`MAIL ${i}`),
    );
    this.#home = places.word("HOME");
    this.#done = places.word("DONE");
    this.#arguments = places.word("ARGUMENTS");
    this.#freed = places.word("FREED");
    this.#settled = places.word("SETTLED");
    this.#parking = places.word("PARKING");
    this.#over = places.word("OVER");
    this.words = places.words;
    this.names = places.names;
    this.threads = [
      {
        name: "spawner",
        rounds: [
          (steps) => {
            this.#states(steps).bear(RECORD);
            this.#add(steps, this.#queue);
          },
          ...Array.from(
            { length: options.aborts ?? 0 },
            (): Round => (steps) => this.#abort(steps),
          ),
          (steps) => options.leaves ? this.#succeed(steps) : this.#join(steps),
          ({ atomics, world }) => void atomics.store(world, this.#over, 1),
        ],
      },
      ...Array.from({ length: options.workers }, (_, i) => ({
        name: `worker ${i}`,
        rounds: [
          (steps: Steps, carried: number) => this.#work(steps, i, carried),
        ],
      })),
    ];
  }

  #states(steps: Steps): SharedStates {
    return this.#options.states?.(steps, this.#state) ??
      new SharedStates(steps.words, this.#state, 1, steps.atomics);
  }

  /** A transition, which tries again until its compare-and-swap succeeds. */
  #move<T>(steps: Steps, transition: (states: SharedStates) => T): T {
    const states = this.#states(steps);
    return steps.retry(this.#state, () => transition(states));
  }

  #add({ atomics, world }: Steps, at: number): void {
    atomics.add(world, at, 1);
  }

  /** Takes from a word that counts, if there is anything. */
  #take({ step, world }: Steps, name: string, at: number): boolean {
    return step(`take from ${name}`, () => {
      if (world[at] === 0) return 0;
      world[at]!--;
      return 1;
    }, { reads: [at], writes: [at] }) === 1;
  }

  #abort(steps: Steps): void {
    const { atomics, world } = steps;
    // A thread on which the task has settled does not ask.
    if (atomics.load(world, this.#settled) > 0) return;
    switch (this.#move(steps, (states) => states.abort(RECORD))) {
      case "settle":
        this.#add(steps, this.#arguments);
        if (this.#move(steps, (states) => states.consume(RECORD))) {
          this.#free(steps);
        }
        this.#add(steps, this.#settled);
        break;
      case "mail":
        this.#add(steps, this.#mail[steps.words[this.#home]!]!);
        break;
    }
  }

  /** Until the record is free: takes the outcome, and what comes back later. */
  #join(steps: Steps): ReturnType<Round> {
    const { step, atomics, world } = steps;
    if (this.#take(steps, "DONE", this.#done)) {
      this.#receive(steps);
      return again();
    }
    if (atomics.load(world, this.#freed) > 0) return;
    if (!this.#options.sleeps || atomics.load(world, this.#settled) > 0) {
      return this.#lookAgain(steps);
    }
    atomics.store(world, this.#parking, 1);
    const mayEnd = this.#move(steps, (states) => states.await(RECORD));
    if (mayEnd && atomics.load(world, this.#done) === 0) {
      step("sleep", () => 0, {
        when: () => world[this.#parking] === 2,
        reads: [this.#parking],
      });
    }
    atomics.store(world, this.#parking, 0);
    return mayEnd ? again() : this.#lookAgain(steps);
  }

  /** On the next thread that has the seat: takes what comes, for nobody. */
  #succeed(steps: Steps): ReturnType<Round> {
    const { atomics, world } = steps;
    if (this.#take(steps, "DONE", this.#done)) {
      const states = this.#states(steps);
      if (!states.isConsumed(RECORD)) {
        states.ending(RECORD);
        // What the outcome takes is let go.
        this.#add(steps, this.#settled);
        if (!this.#move(steps, () => states.consume(RECORD))) return again();
      }
      this.#free(steps);
      return again();
    }
    if (atomics.load(world, this.#freed) > 0) return;
    return this.#lookAgain(steps);
  }

  /** Looks until something has come. */
  #lookAgain({ step, world }: Steps): ReturnType<Round> {
    step("look again", () => 0, {
      when: () => world[this.#done] !== 0 || world[this.#freed] !== 0,
      reads: [this.#done, this.#freed],
    });
    return again();
  }

  #receive(steps: Steps): void {
    const { atomics, world } = steps;
    const states = this.#states(steps);
    if (atomics.load(world, this.#settled) > 0) {
      // An empty shell.
      const isFree = states.isConsumed(RECORD) ||
        this.#move(steps, () => states.consume(RECORD));
      if (isFree) this.#free(steps);
      return;
    }
    states.ending(RECORD);
    if (this.#move(steps, () => states.consume(RECORD))) this.#free(steps);
    this.#add(steps, this.#settled);
  }

  /** Another task may have the record from here on: it writes the same words. */
  #free(steps: Steps): void {
    steps.words[this.#home] = -1;
    this.#add(steps, this.#freed);
  }

  #work(steps: Steps, worker: number, isRunning: number): ReturnType<Round> {
    const { step, world } = steps;
    const mail = this.#mail[worker]!;
    if (isRunning === 1) {
      // It may see an abort before the task ends, or after that.
      if (this.#take(steps, "mail", mail)) return this.#start(steps, worker, 1);
      return this.#end(steps);
    }
    const what = step("look for work", () => {
      if (world[mail]! > 0) {
        world[mail]!--;
        return 1;
      }
      if (world[this.#queue]! > 0) {
        world[this.#queue]!--;
        return 1;
      }
      return 0;
    }, {
      when: () =>
        world[mail]! > 0 || world[this.#queue]! > 0 || world[this.#over] === 1,
      reads: [mail, this.#queue, this.#over],
      writes: [mail, this.#queue],
    });
    return what === 1 ? this.#start(steps, worker, 0) : 0;
  }

  #start(steps: Steps, worker: number, isRunning: number): ReturnType<Round> {
    const { words } = steps;
    words[this.#home] = worker;
    switch (this.#move(steps, (states) => states.take(RECORD))) {
      case "start":
        this.#add(steps, this.#arguments);
        return again(1);
      case "abort":
        if (isRunning === 0) throw new Error("another's task is aborted here");
        return this.#end(steps);
      case "return":
        this.#add(steps, this.#done);
    }
    return again(isRunning);
  }

  #end(steps: Steps): ReturnType<Round> {
    const { step, world } = steps;
    const mustWake = this.#move(
      steps,
      (states) => states.complete(RECORD, 0),
    );
    this.#add(steps, this.#done);
    if (mustWake) {
      step("unpark", () => {
        if (world[this.#parking] === 1) world[this.#parking] = 2;
      }, { reads: [this.#parking], writes: [this.#parking] });
    }
    return again(0);
  }

  readonly always = (world: Int32Array): void => {
    const freed = world[this.#freed]!;
    if (freed > 1) throw new Error("the record was freed twice");
    if (world[this.#arguments]! > 1) {
      throw new Error("the arguments have two owners");
    }
    if (world[this.#settled]! > 1) {
      throw new Error("the task was settled twice");
    }
    const queues = [this.#queue, this.#done, ...this.#mail];
    const queued = queues.filter((at) => world[at]! > 0);
    if (freed === 1 && queued.length > 0) {
      throw new Error("the record was freed while it is in a queue");
    }
    if (queues.some((at) => world[at]! > 1)) {
      throw new Error("the record is in a queue twice");
    }
  };

  readonly check = ({ world }: { world: Int32Array }): void => {
    for (const at of [this.#freed, this.#settled, this.#arguments]) {
      if (world[at] !== 1) {
        const name = Object.keys(this.names).find((n) => this.names[n] === at);
        throw new Error(`${name} is ${world[at]} at the end`);
      }
    }
  };
}
