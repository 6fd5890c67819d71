import { ATTACHED } from "../../src/executor/pool/layout.ts";
import { FAILED, SharedStates } from "../../src/executor/pool/shared_state.ts";
import { expect } from "./expect.ts";
import { again, type Model, type Steps } from "./model.ts";
import { Places } from "./places.ts";

/** A blocking task that is given what goes by message alone. */
export interface HeldOptions {
  /** How many threads take from the queue. */
  readonly threads: number;
  /** Whether the spawner aborts the task. */
  readonly aborts: boolean;
  readonly mistake?:
    | "takes the task before it asks"
    | "mails the record before it sends the message"
    | "forgets what belongs to an aborted task";
}

const RECORD = 0;

/** What the spawner sees at a look, beside the record. */
const OVER = 1;
const ABORT = 2;

/** Whether somebody wants the task to end, and the spawner has seen to it. */
const WANTED = 1;
const DONE = 2;

/** Where the message is: with the spawner, or with a thread, by its number. */
const NOWHERE = 0;
const SPAWNER = 1;
const THREADS = 2;

/**
 * The protocol of `held.ts`, from a spawn until the record is free again. Queues
 * are words that count: their own models show that nothing is lost in them.
 */
export class HeldModel implements Model {
  readonly words: number;
  readonly names: Readonly<Record<string, number>>;
  readonly threads: Model["threads"];
  readonly #options: HeldOptions;
  readonly #state: number;
  readonly #queue: number;
  readonly #mail: readonly number[];
  readonly #done: number;
  readonly #home: number;
  readonly #attached: number;
  readonly #message: number;
  readonly #settled: number;
  readonly #freed: number;
  readonly #aborting: number;

  constructor(options: HeldOptions) {
    this.#options = options;
    const places = new Places();
    const numbers = Array.from({ length: options.threads }, (_, i) => i);
    this.#state = places.word("STATE");
    this.#queue = places.word("QUEUE");
    this.#mail = numbers.map((i) => places.word(`MAIL ${i}`));
    this.#done = places.word("DONE");
    this.#home = places.word("HOME");
    this.#attached = places.word("ATTACHED");
    this.#message = places.word("MESSAGE");
    this.#settled = places.word("SETTLED");
    this.#freed = places.word("FREED");
    this.#aborting = places.word("ABORTING");
    this.words = places.words;
    this.names = places.names;
    this.threads = [
      {
        name: "spawner",
        rounds: [
          (steps) => this.#spawn(steps),
          (steps) => this.#receive(steps),
        ],
      },
      ...(options.aborts
        ? [{
          name: "user",
          rounds: [
            ({ atomics, world }: Steps) => {
              atomics.store(world, this.#aborting, WANTED);
            },
          ],
        }]
        : []),
      ...numbers.map((i) => ({
        name: `thread ${i}`,
        isServant: true,
        rounds: [(steps: Steps) => this.#work(steps, i)],
      })),
    ];
  }

  readonly check = ({ world }: { world: Int32Array }): void => {
    expect(world[this.#settled] === 1, "the task is not settled, or twice");
    expect(world[this.#freed] === 1, "the record is not free, or twice");
    const left = world[this.#message] !== NOWHERE;
    expect(!left, "the message lies about, and belongs to the next task");
  };

  /** A transition, which tries again until its compare-and-swap succeeds. */
  #move<T>(
    { words, atomics, retry }: Steps,
    transition: (states: SharedStates) => T,
  ): T {
    const states = new SharedStates(words, this.#state, 1, atomics);
    return retry(this.#state, () => transition(states));
  }

  #spawn(steps: Steps): void {
    const { atomics, words, world } = steps;
    atomics.store(world, this.#message, SPAWNER);
    words[this.#attached] = ATTACHED.SENT;
    this.#move(steps, (states) => states.bear(RECORD));
    atomics.add(world, this.#queue, 1);
  }

  /** `Seat.abort`. */
  #abort(steps: Steps): void {
    const { atomics, words, world } = steps;
    switch (this.#move(steps, (states) => states.abort(RECORD))) {
      case "settle":
        atomics.add(world, this.#settled, 1);
        if (this.#move(steps, (states) => states.consume(RECORD))) {
          atomics.add(world, this.#freed, 1);
        }
        break;
      case "mail":
        atomics.add(world, this.#mail[words[this.#home]!]!, 1);
    }
  }

  /** `Seat.receive`, until the record is free. */
  #receive(steps: Steps) {
    const { atomics, words, world } = steps;
    const { aborts } = this.#options;
    const isOver = () =>
      world[this.#freed]! > 0 && (!aborts || world[this.#aborting] === DONE);
    const seen = steps.step("looks", () => {
      if (world[this.#aborting] === WANTED) {
        world[this.#aborting] = DONE;
        return ABORT;
      }
      if (isOver()) return OVER;
      world[this.#done]!--;
      return RECORD;
    }, {
      when: () =>
        world[this.#aborting] === WANTED || isOver() || world[this.#done]! > 0,
      reads: [this.#freed, this.#done, this.#aborting],
      writes: [this.#done, this.#aborting],
    });
    if (seen === OVER) return;
    if (seen === ABORT) {
      // Of a task that is settled nobody has a handle that could.
      if (atomics.load(world, this.#settled) === 0) this.#abort(steps);
      return again();
    }
    const isSettled = atomics.load(world, this.#settled) > 0;
    if (words[this.#attached] === ATTACHED.ASKED) {
      this.#answer(steps, !isSettled);
      return again();
    }
    if (isSettled) {
      this.#drop(steps);
      atomics.add(world, this.#freed, 1);
      return again();
    }
    atomics.add(world, this.#settled, 1);
    if (this.#move(steps, (states) => states.consume(RECORD))) {
      atomics.add(world, this.#freed, 1);
    }
    return again();
  }

  /** `Held.answer`. */
  #answer(steps: Steps, isWanted: boolean): void {
    const { atomics, words, world } = steps;
    const { mistake } = this.#options;
    words[this.#attached] = ATTACHED.SENT;
    const to = words[this.#home]!;
    if (!isWanted) this.#drop(steps);
    const mail = () => atomics.add(world, this.#mail[to]!, 1);
    const isHasty = mistake === "mails the record before it sends the message";
    if (isHasty) mail();
    if (atomics.load(world, this.#message) === SPAWNER) {
      atomics.store(world, this.#message, THREADS + to);
    }
    if (!isHasty) mail();
  }

  /** `Held.drop`. */
  #drop({ atomics, world }: Steps): void {
    const { mistake } = this.#options;
    if (mistake === "forgets what belongs to an aborted task") return;
    if (atomics.load(world, this.#message) !== SPAWNER) return;
    atomics.store(world, this.#message, NOWHERE);
  }

  /** `BlockingSeat.take`, and `WorkerSeat.#start` when the record is in its mail. */
  #work(steps: Steps, i: number) {
    const { atomics, words, world } = steps;
    const [queue, mail] = [this.#queue, this.#mail[i]!];
    const isMail = steps.step("takes a record", () => {
      const at = world[mail]! > 0 ? mail : queue;
      world[at]!--;
      return at === mail ? 1 : 0;
    }, {
      when: () => world[mail]! > 0 || world[queue]! > 0,
      reads: [mail, queue],
      writes: [mail, queue],
    });
    if (isMail === 1) {
      this.#start(steps, i);
      return again();
    }
    if (this.#move(steps, (states) => states.isConsumed(RECORD))) {
      this.#start(steps, i);
      return again();
    }
    if (this.#options.mistake === "takes the task before it asks") {
      this.#move(steps, (states) => states.take(RECORD));
    }
    words[this.#home] = i;
    words[this.#attached] = ATTACHED.ASKED;
    atomics.add(world, this.#done, 1);
    return again();
  }

  #start(steps: Steps, i: number): void {
    const { atomics, world } = steps;
    const isHere = atomics.load(world, this.#message) === THREADS + i;
    // Before it is taken, as in the code: afterwards the record may be another's.
    if (isHere) atomics.store(world, this.#message, NOWHERE);
    switch (this.#move(steps, (states) => states.take(RECORD))) {
      case "start":
        expect(isHere, "a task is started without what belongs to it");
        this.#move(steps, (states) => states.complete(RECORD, FAILED));
        atomics.add(world, this.#done, 1);
        break;
      case "return":
        atomics.add(world, this.#done, 1);
        break;
      case "abort":
        expect(false, "a task is aborted that nobody runs");
    }
  }
}
