import { Inbox, type Links } from "../../src/executor/pool/inbox.ts";
import {
  ABORTED,
  LOST,
  type SharedEnding,
  SharedStates,
} from "../../src/executor/pool/shared_state.ts";
import { again, type Model, type Round, type Steps } from "./model.ts";
import { Places } from "./places.ts";

/** A spawner that mails tasks to a worker, which is ended by one of them. */
export interface ReplacementOptions {
  /** How many tasks are mailed. */
  readonly tasks: number;
  /** Which of them are aborted afterwards. */
  readonly aborts?: readonly number[];
  /** What the worker does wrong at its end. */
  readonly mistake?:
    | "keeps what has not started"
    | "loses what has not started"
    | "leaves what has started"
    | "says too early that it is dead"
    | "tells nobody";
}

/** What `SEAT.STATUS` says. */
const TAKEN = 0;
const DEAD = 1;
const STARTING = 2;

/** Where a worker stands between two rounds, and what it has: see `go`. */
const PHASES = ["read mail", "start", "park", "die"] as const;

/**
 * The protocol of `worker_seat.ts` and `pool.ts` when a worker's thread ends in the
 * middle of a task, and another takes its seat. What has started is lost; what was
 * mailed and has not started runs there.
 */
export class ReplacementModel implements Model {
  readonly words: number;
  readonly names: Readonly<Record<string, number>>;
  readonly threads: Model["threads"];
  readonly #options: ReplacementOptions;
  readonly #states: number;
  readonly #links: Links;
  readonly #doneLinks: Links;
  readonly #mail: number;
  readonly #done: number;
  readonly #status: number;
  readonly #attention: number;
  /** The worker: 0: awake, 1: parked, 2: signalled. */
  readonly #parking: number;
  /** Whether the task that runs now ends its thread. */
  readonly #fate: number;
  /** By record: how often it was started by the first worker, and by the next. */
  readonly #started: readonly number[];
  readonly #settled: number;
  readonly #freed: number;

  constructor(options: ReplacementOptions) {
    this.#options = options;
    const { tasks } = options;
    const places = new Places();
    this.#states = places.block("STATE", tasks);
    this.#links = { at: places.block("LINK", tasks), stride: 1 };
    this.#doneLinks = { at: places.block("DONE LINK", tasks), stride: 1 };
    this.#mail = places.word("MAIL");
    this.#done = places.word("DONE");
    this.#status = places.word("STATUS");
    this.#attention = places.word("ATTENTION");
    this.#parking = places.word("PARKING");
    this.#fate = places.word("FATE");
    this.#started = [
      places.block("STARTED BY THE FIRST", tasks),
      places.block("STARTED BY THE NEXT", tasks),
    ];
    this.#settled = places.block("SETTLED", tasks);
    this.#freed = places.block("FREED", tasks);
    this.words = places.words;
    this.names = places.names;
    const records = Array.from({ length: tasks }, (_, i) => i);
    this.threads = [
      {
        name: "spawner",
        rounds: [
          ...records.map((record): Round => (steps) => {
            this.#sharedStates(steps).bear(record);
            this.#mailTo(steps, record);
          }),
          ...(options.aborts ?? []).map((record): Round => (steps) =>
            this.#abort(steps, record)
          ),
          (steps) => this.#join(steps),
        ],
      },
      {
        name: "worker",
        isServant: true,
        rounds: [
          (steps, carried) => this.#work(steps, carried, 0),
        ],
      },
      {
        name: "fate",
        isServant: true,
        rounds: [({ atomics, world }) => {
          atomics.store(world, this.#fate, 1);
        }],
      },
      {
        name: "creator",
        isServant: true,
        rounds: [(steps) => this.#replace(steps)],
      },
      {
        name: "next worker",
        isServant: true,
        rounds: [
          ({ step, world }) => {
            step("start", () => void (world[this.#status] = TAKEN), {
              when: () => world[this.#status] === STARTING,
              reads: [this.#status],
              writes: [this.#status],
            });
          },
          (steps, carried) => this.#work(steps, carried, 1),
        ],
      },
    ];
  }

  #sharedStates({ words, atomics }: Steps): SharedStates {
    return new SharedStates(words, this.#states, 1, atomics);
  }

  #move<T>(steps: Steps, record: number, call: (states: SharedStates) => T): T {
    const states = this.#sharedStates(steps);
    return steps.retry(this.#states + record, () => call(states));
  }

  #inbox({ words, atomics }: Steps, head: number): Inbox {
    const links = head === this.#mail ? this.#links : this.#doneLinks;
    return new Inbox(words, head, links, atomics);
  }

  #push(steps: Steps, head: number, record: number): void {
    const inbox = this.#inbox(steps, head);
    steps.retry(head, () => inbox.push(record), { reuses: true });
  }

  /** All records of an inbox, oldest first. */
  #takeAll(steps: Steps, head: number): number[] {
    const inbox = this.#inbox(steps, head);
    const records: number[] = [];
    inbox.drain((record) => records.push(record));
    return records;
  }

  #mailTo(steps: Steps, record: number): void {
    this.#push(steps, this.#mail, record);
    const { step, world } = steps;
    step("unpark", () => {
      if (world[this.#parking] === 1) world[this.#parking] = 2;
    }, { reads: [this.#parking], writes: [this.#parking] });
  }

  #abort(steps: Steps, record: number): void {
    const { atomics, world } = steps;
    if (atomics.load(world, this.#settled + record) !== 0) return;
    switch (this.#move(steps, record, (states) => states.abort(record))) {
      case "settle":
        if (this.#move(steps, record, (states) => states.consume(record))) {
          atomics.add(world, this.#freed + record, 1);
        }
        atomics.add(world, this.#settled + record, 1);
        break;
      case "mail":
        this.#mailTo(steps, record);
        break;
    }
  }

  /** Until all records are free. */
  #join(steps: Steps): ReturnType<Round> {
    const { atomics, step, world } = steps;
    for (const record of this.#takeAll(steps, this.#done)) {
      this.#receive(steps, record);
    }
    const { tasks } = this.#options;
    const freed = Array.from({ length: tasks }, (_, i) => this.#freed + i);
    if (freed.every((at) => atomics.load(world, at) === 1)) return;
    step("look again", () => 0, {
      when: () => world[this.#done] !== 0,
      reads: [this.#done],
    });
    return again();
  }

  #receive(steps: Steps, record: number): void {
    const { atomics, world } = steps;
    const settled = this.#settled + record;
    if (atomics.load(world, settled) === 0) {
      const ending = this.#sharedStates(steps).ending(record);
      const started = atomics.load(world, this.#started[0]! + record);
      if (ending === LOST && started === 0) {
        throw new Error(`task ${record} is lost, and has not started`);
      }
      atomics.add(world, settled, 1);
      if (!this.#move(steps, record, (states) => states.consume(record))) {
        return;
      }
    }
    atomics.add(world, this.#freed + record, 1);
  }

  #complete(steps: Steps, record: number, ending: SharedEnding): void {
    this.#move(steps, record, (states) => states.complete(record, ending));
    this.#push(steps, this.#done, record);
  }

  /** The thread that made the pool. */
  #replace({ step, atomics, world }: Steps): ReturnType<Round> {
    step("wait to be called", () => void (world[this.#attention] = 0), {
      when: () => world[this.#attention] === 1,
      reads: [this.#attention],
      writes: [this.#attention],
    });
    if (atomics.load(world, this.#status) === DEAD) {
      atomics.store(world, this.#status, STARTING);
    }
    return again();
  }

  /**
   * One round of a worker. `carried` are its phase, what has started there, and what
   * it has taken from its mail and not started, the last two as bits.
   */
  #work(steps: Steps, carried: number, worker: number): ReturnType<Round> {
    const { tasks } = this.#options;
    const phase = PHASES[carried % PHASES.length]!;
    const bits = Math.floor(carried / PHASES.length);
    const all = (1 << tasks) - 1;
    const [jobs, own] = [bits & all, bits >> tasks];
    const go = (phase: (typeof PHASES)[number], jobs: number, own: number) =>
      again(PHASES.indexOf(phase) + PHASES.length * (jobs | own << tasks));

    const park = () => {
      // Where something waits to be started it does not sleep.
      const mustSleep = own === 0;
      const what = this.#sleep(steps, { jobs, mustSleep });
      if (what === 1) return go("die", jobs, own);
      return go(mustSleep ? "read mail" : "start", jobs, own);
    };

    switch (phase) {
      case "read mail": {
        let [stillJobs, nowOwn] = [jobs, own];
        for (const record of this.#takeAll(steps, this.#mail)) {
          const bit = 1 << record;
          if ((jobs & bit) === 0) nowOwn |= bit;
          else if (this.#take(steps, record, true) === "abort") {
            stillJobs &= ~bit;
          }
        }
        return go("start", stillJobs, nowOwn);
      }
      case "start": {
        if (own === 0) return park();
        const bit = own & -own;
        const record = Math.log2(bit);
        if (this.#take(steps, record, false) !== "start") {
          return go("start", jobs, own & ~bit);
        }
        steps.atomics.add(steps.world, this.#started[worker]! + record, 1);
        if (worker === 0) return go("park", jobs | bit, own & ~bit);
        this.#complete(steps, record, 0);
        return go("start", jobs, own & ~bit);
      }
      case "park":
        return park();
      case "die":
        return this.#die(steps, jobs, own);
    }
  }

  #take(steps: Steps, record: number, isJob: boolean) {
    const taken = this.#move(steps, record, (states) => states.take(record));
    if (taken === "abort") {
      if (!isJob) throw new Error(`task ${record} does not run here`);
      this.#complete(steps, record, ABORTED);
    } else if (taken === "return") this.#push(steps, this.#done, record);
    return taken;
  }

  /** Returns 1 if the task that runs meanwhile ends the thread. */
  #sleep(
    { step, atomics, world }: Steps,
    { jobs, mustSleep }: { jobs: number; mustSleep: boolean },
  ): number {
    const [parking, fate] = [this.#parking, this.#fate];
    const isDoomed = () => jobs !== 0 && world[fate] === 1;
    if (mustSleep) {
      atomics.store(world, parking, 1);
      if (atomics.load(world, this.#mail) !== 0) {
        atomics.store(world, parking, 0);
        return 0;
      }
    }
    return step(mustSleep ? "sleep" : "run", () => {
      world[parking] = 0;
      return isDoomed() ? 1 : 0;
    }, {
      when: () => !mustSleep || world[parking] === 2 || isDoomed(),
      reads: [parking, fate],
      writes: [parking],
    });
  }

  /** `WorkerExecutor.die`. */
  #die(steps: Steps, jobs: number, own: number): void {
    const { atomics, world } = steps;
    const { mistake } = this.#options;
    const records = Array.from({ length: this.#options.tasks }, (_, i) => i);
    const sayIt = () => {
      atomics.store(world, this.#status, DEAD);
      if (mistake !== "tells nobody") atomics.store(world, this.#attention, 1);
    };
    if (mistake === "says too early that it is dead") sayIt();
    for (const record of records.filter((i) => (jobs & 1 << i) !== 0)) {
      if (mistake === "leaves what has started") break;
      this.#complete(steps, record, LOST);
    }
    for (const record of records.filter((i) => (own & 1 << i) !== 0)) {
      if (mistake === "keeps what has not started") break;
      if (mistake === "loses what has not started") {
        this.#take(steps, record, false);
        this.#complete(steps, record, LOST);
      } else this.#push(steps, this.#mail, record);
    }
    if (mistake !== "says too early that it is dead") sayIt();
  }

  readonly always = (world: Int32Array): void => {
    for (let record = 0; record < this.#options.tasks; record++) {
      const count = (at: number) => world[at + record]!;
      const [first, next] = this.#started;
      if (count(first!) + count(next!) > 1) {
        throw new Error(`task ${record} has started twice`);
      }
      if (count(this.#settled) > 1) {
        throw new Error(`task ${record} has ended twice`);
      }
      if (count(this.#freed) > 1) {
        throw new Error(`record ${record} was freed twice`);
      }
    }
  };

  readonly check = ({ world }: { world: Int32Array }): void => {
    for (let record = 0; record < this.#options.tasks; record++) {
      const wasAborted = this.#options.aborts?.includes(record) ?? false;
      const starts = this.#started.reduce(
        (n, at) => n + world[at + record]!,
        0,
      );
      if (starts === 0 && !wasAborted) {
        throw new Error(`task ${record} was never started`);
      }
      if (world[this.#settled + record] !== 1) {
        throw new Error(`task ${record} has not ended`);
      }
    }
  };
}
