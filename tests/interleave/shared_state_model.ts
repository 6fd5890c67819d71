import {
  ABORTED,
  COMPLETE,
  LOST,
  NOTIFIED,
  type SharedEnding,
  SharedStates,
} from "../../src/executor/pool/shared_state.ts";
import { expect } from "./expect.ts";
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
  /** How the task ends, if it is not aborted. Default: with a value. */
  readonly ending?: SharedEnding;
  /** Whether it runs until it is aborted. */
  readonly endless?: boolean;
  /** Whether the spawner gives it up, as the pool has ended. */
  readonly givesUp?: boolean;
  /** Whether the spawner lets go of its handle, and asks for no value. */
  readonly detaches?: boolean;
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
  /** How the worker has ended it, plus one, and whether there is a value. */
  readonly #ending: number;
  readonly #value: number;
  /** Whether the spawner has let go of its handle. */
  readonly #detached: number;
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
    this.#ending = places.word("ENDING");
    this.#value = places.word("VALUE");
    this.#detached = places.word("DETACHED");
    this.#parking = places.word("PARKING");
    this.#over = places.word("OVER");
    this.words = places.words;
    this.names = places.names;
    this.threads = [
      {
        name: "spawner",
        rounds: [
          (steps) => {
            const states = this.#states(steps);
            const none = options.givesUp ? states.giveUp(RECORD, LOST) : null;
            expect(none === null, "a task is given up that was never there");
            states.bear(RECORD);
            this.#add(steps, this.#queue);
          },
          ...Array.from(
            { length: options.aborts ?? 0 },
            (): Round => (steps) => this.#abort(steps),
          ),
          ...(options.detaches ? [(steps: Steps) => this.#detach(steps)] : []),
          (steps) =>
            options.givesUp
              ? this.#giveUp(steps)
              : options.leaves
              ? this.#succeed(steps)
              : this.#join(steps),
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

  /** Lets go of the handle. */
  #detach(steps: Steps): void {
    const { atomics, world } = steps;
    if (atomics.load(world, this.#settled) > 0) return;
    this.#move(steps, (states) => states.clearJoinInterest(RECORD));
    atomics.store(world, this.#detached, 1);
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
    let mayEnd = this.#move(steps, (states) => states.await(RECORD));
    // Something else has woken it, and it goes to sleep once more.
    mayEnd &&= this.#move(steps, (states) => states.await(RECORD));
    if (mayEnd && atomics.load(world, this.#done) === 0) {
      step("sleep", () => 0, {
        when: () => world[this.#parking] === 2,
        reads: [this.#parking],
      });
    }
    atomics.store(world, this.#parking, 0);
    if (mayEnd) return again();
    const word = atomics.load(world, this.#state);
    expect((word & COMPLETE) !== 0, "it spins, and nothing is about to arrive");
    return this.#lookAgain(steps);
  }

  /** On the next thread that has the seat: takes what comes, for nobody. */
  #succeed(steps: Steps): ReturnType<Round> {
    const { atomics, world } = steps;
    if (this.#take(steps, "DONE", this.#done)) {
      const states = this.#states(steps);
      if (!states.isConsumed(RECORD)) {
        // What the outcome takes is let go.
        this.#checkEnding(steps, states.ending(RECORD));
        this.#add(steps, this.#settled);
        if (!this.#move(steps, () => states.consume(RECORD))) return again();
      }
      this.#free(steps);
      return again();
    }
    if (atomics.load(world, this.#freed) > 0) return;
    return this.#lookAgain(steps);
  }

  /** `Seat.endAll`. */
  #giveUp(steps: Steps): void {
    const { atomics, world } = steps;
    if (atomics.load(world, this.#settled) > 0) return;
    const isOurs = this.#move(steps, (states) => states.giveUp(RECORD, LOST));
    // It has ended.
    if (isOurs === null) return this.#receive(steps);
    if (isOurs) this.#add(steps, this.#arguments);
    this.#checkEnding(steps, this.#states(steps).ending(RECORD), LOST);
    const word = atomics.load(world, this.#state);
    const isKept = (word & NOTIFIED) !== 0 || isOurs || this.#options.aborts;
    expect(Boolean(isKept), "the record may be used again");
    // The record is never used again, as its worker may still write to it.
    this.#add(steps, this.#settled);
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
    const ending = states.ending(RECORD);
    this.#checkEnding(steps, ending);
    if (ending === 0 && !this.#options.detaches) {
      expect(atomics.load(world, this.#value) === 1, "there is no value");
    }
    if (this.#move(steps, () => states.consume(RECORD))) this.#free(steps);
    this.#add(steps, this.#settled);
  }

  #checkEnding(
    { atomics, world }: Steps,
    ending: SharedEnding,
    expected = atomics.load(world, this.#ending) - 1,
  ): void {
    expect(ending === expected, `it ended with ${expected}, not ${ending}`);
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
      if (this.#options.endless) {
        step("run until it is aborted", () => 0, {
          when: () => world[mail]! > 0,
          reads: [mail],
        });
      }
      if (this.#take(steps, "mail", mail)) return this.#start(steps, worker, 1);
      return this.#end(steps, this.#options.ending ?? 0);
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
        return this.#end(steps, ABORTED);
      case "return":
        this.#add(steps, this.#done);
    }
    return again(isRunning);
  }

  /** `Endings.end`. */
  #end(steps: Steps, ending: SharedEnding): ReturnType<Round> {
    const { atomics, step, world } = steps;
    if (this.#states(steps).isComplete(RECORD)) {
      expect(this.#options.givesUp === true, "it is not complete yet");
      return again(0);
    }
    if (ending === 0) {
      const isDetached = atomics.load(world, this.#detached) === 1;
      const isWanted = this.#states(steps).hasJoinInterest(RECORD);
      expect(!isDetached || !isWanted, "its value is sent to nobody");
      atomics.store(world, this.#value, isWanted ? 1 : 2);
    }
    atomics.store(world, this.#ending, ending + 1);
    const mustWake = this.#move(
      steps,
      (states) => states.complete(RECORD, ending),
    );
    if (mustWake === null) {
      expect(this.#options.givesUp === true, "nobody has given it up");
      return again(0);
    }
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
    // Nobody takes a record out of the queues of a pool that has ended.
    if (this.#options.givesUp) return;
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
    const once = [this.#settled, this.#arguments];
    if (!this.#options.givesUp) once.push(this.#freed);
    for (const at of once) {
      if (world[at] !== 1) {
        const name = Object.keys(this.names).find((n) => this.names[n] === at);
        throw new Error(`${name} is ${world[at]} at the end`);
      }
    }
  };
}
