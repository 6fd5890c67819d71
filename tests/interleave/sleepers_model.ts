import { Parking, PARKING_BYTES } from "../../src/reactor/parking.ts";
import {
  type Again,
  again,
  type Model,
  type SteppedAtomics,
  type Steps,
  type Thread,
} from "./model.ts";
import { Places } from "./places.ts";

/** What a pool needs of `Sleepers`, or of one that is to be found wanting. */
export interface SleeperRules {
  claimOne(): number;
  startSearch(): boolean;
  endSearch(): boolean;
  goIdle(worker: number, wasSearching: boolean): void;
  getUp(worker: number, sawWork: boolean): boolean;
}

/** A small pool: workers that share one queue, and threads that add to it. */
export interface PoolOptions {
  readonly rules: (
    words: Int32Array,
    at: number,
    workers: number,
    atomics: SteppedAtomics,
  ) => SleeperRules;
  readonly workers: number;
  /** How many tasks each of the adding threads adds, one at a time. */
  readonly adders: readonly number[];
  /** Park with the shipped `Parking`, which has many steps, or with one step. */
  readonly parking?: "shipped" | "one step";
  /** How many events of its own wake the first worker. */
  readonly events?: number;
  /** Whether somebody shuts the pool down, which all workers must notice. */
  readonly closes?: boolean;
  /** Leaves out the look at the queue between going idle and sleeping. */
  readonly skipsLastLook?: boolean;
}

/**
 * Where a worker stands between two rounds. What it remembers there is a phase and
 * a number.
 */
const PHASES = [
  "look",
  "search",
  "found",
  "claim",
  "unpark",
  "run",
  "wait",
  "park",
  "idle",
  "last look",
  "sleep",
  "up",
] as const;

function go(phase: (typeof PHASES)[number], number = 0): Again {
  return again(PHASES.indexOf(phase) + PHASES.length * number);
}

/** The words of `Sleepers`: two, and from the 16th on one for each worker. */
const SLEEPERS_WORDS = 16;
const CURSOR = 1;

/**
 * The protocol of the workers in `worker_seat.ts`, with one word for all queues.
 * Each task ends only when all have begun: a task that lies about while a worker
 * sleeps, and that nobody was woken for, is a deadlock.
 */
export class SleepersModel implements Model {
  readonly words: number;
  readonly names: Readonly<Record<string, number>>;
  readonly races: readonly number[];
  readonly threads: readonly Thread[];
  readonly #options: PoolOptions;
  readonly #total: number;
  /** How many tasks can be taken, and how many have begun. */
  readonly #queue: number;
  readonly #begun: number;
  readonly #closed: number;
  /** How many events wait for the first worker. */
  readonly #events: number;
  readonly #sleepers: number;
  readonly #parkings: readonly { place: number; signal: number }[];

  constructor(options: PoolOptions) {
    this.#options = options;
    const { workers, adders, events = 0, closes = false } = options;
    this.#total = adders.reduce((sum, n) => sum + n, 0);
    const places = new Places();
    this.#queue = places.word("QUEUE");
    this.#begun = places.word("BEGUN");
    this.#closed = places.word("CLOSED");
    this.#events = places.word("EVENTS");
    this.#sleepers = places.block("SLEEPERS", SLEEPERS_WORDS + workers, {
      ".COUNTS": 0,
      ".CURSOR": CURSOR,
    });
    this.#parkings = Array.from({ length: workers }, (_, i) => ({
      place: places.block(`PARKING ${i}`, PARKING_BYTES / 4, {
        ".STATE": 0,
        ".NOTIFIERS": 1,
      }),
      signal: places.word(`SIGNAL ${i}`),
    }));
    this.words = places.words;
    this.names = places.names;
    // Two that write it at once lose nothing but a turn.
    this.races = [this.#sleepers + CURSOR];
    this.threads = [
      ...adders.map((tasks, n) => this.#adder(`adder ${n}`, tasks)),
      ...(events > 0 ? [this.#device(events)] : []),
      ...(closes ? [this.#closer()] : []),
      ...Array.from({ length: workers }, (_, n) => this.#worker(n)),
    ];
  }

  #rules({ words, atomics }: Steps): SleeperRules {
    const { rules, workers } = this.#options;
    return rules(words, this.#sleepers, workers, atomics);
  }

  #parking({ world, atomics }: Steps, worker: number): Parking {
    const memory = world.buffer as SharedArrayBuffer;
    return new Parking(
      { memory, at: this.#parkings[worker]!.place },
      atomics,
    );
  }

  get #isShort(): boolean {
    return this.#options.parking === "one step";
  }

  #unpark(steps: Steps, worker: number): void {
    const { world, step } = steps;
    const { signal } = this.#parkings[worker]!;
    if (this.#isShort) {
      step(`unpark ${worker}`, () => {
        if (world[signal] === 1) world[signal] = 2;
      }, { reads: [signal], writes: [signal] });
      return;
    }
    this.#parking(steps, worker).notifyIfParked(() => {
      step(`signal ${worker}`, () => void (world[signal] = 2), {
        writes: [signal],
      });
    });
  }

  #park(steps: Steps, worker: number): boolean {
    if (!this.#isShort) return this.#parking(steps, worker).park();
    steps.atomics.store(steps.world, this.#parkings[worker]!.signal, 1);
    return true;
  }

  #sleep({ world, step }: Steps, worker: number): void {
    const { signal } = this.#parkings[worker]!;
    const events = worker === 0 ? this.#events : this.#parkings[0]!.place + 2;
    step("sleep", () => {
      if (world[events] !== 0) world[events]!--;
      // What the eventfd holds stays until a wait takes it.
      else if (!this.#isShort) world[signal] = 0;
    }, {
      when: () => world[signal] === 2 || world[events] !== 0,
      reads: [signal, events],
      writes: [signal, events],
    });
  }

  #claim(steps: Steps): number {
    return steps.retry(this.#sleepers, () => this.#rules(steps).claimOne());
  }

  #take({ step, world }: Steps): boolean {
    const queue = this.#queue;
    return step("take a task", () => {
      if (world[queue] === 0) return 0;
      world[queue]!--;
      return 1;
    }, { reads: [queue], writes: [queue] }) === 1;
  }

  #waitForAll({ step, world }: Steps): void {
    step("all have begun", () => 0, {
      when: () => world[this.#begun] === this.#total,
      reads: [this.#begun],
    });
  }

  #worker(worker: number): Thread {
    return {
      name: `worker ${worker}`,
      isServant: !this.#options.closes,
      rounds: [(steps, carried) => {
        const number = Math.floor(carried / PHASES.length);
        return this.#round(steps, worker, carried % PHASES.length, number);
      }],
    };
  }

  #round(
    steps: Steps,
    worker: number,
    phase: number,
    number: number,
  ): Again | void {
    const { world, atomics } = steps;
    const isSearching = number === 1;
    switch (PHASES[phase]!) {
      case "look":
        if (!this.#take(steps)) return go("search", number);
        return isSearching ? go("found") : go("run");
      case "search":
        if (isSearching) return this.#goPark(steps, worker, number);
        return this.#rules(steps).startSearch()
          ? go("look", 1)
          : this.#goPark(steps, worker, number);
      case "park":
        return this.#goPark(steps, worker, number);
      case "found":
        return this.#rules(steps).endSearch() ? go("claim") : go("run");
      case "claim": {
        const other = this.#claim(steps);
        return other < 0 ? go("run") : go("unpark", other);
      }
      case "unpark":
        this.#unpark(steps, number);
        return go("run");
      case "run":
        atomics.add(world, this.#begun, 1);
        return go("wait");
      case "wait":
        this.#waitForAll(steps);
        return go("look");
      case "idle":
        this.#rules(steps).goIdle(worker, isSearching);
        return go("last look");
      case "last look":
        if (this.#options.skipsLastLook) {
          this.#sleep(steps, worker);
          return go("up");
        }
        if (atomics.load(world, this.#queue) > 0) return go("up", 1);
        if (this.#options.closes && atomics.load(world, this.#closed) === 1) {
          return;
        }
        return go("sleep");
      case "sleep":
        this.#sleep(steps, worker);
        return go("up");
      case "up":
        if (!this.#isShort) this.#parking(steps, worker).unpark();
        else atomics.store(world, this.#parkings[worker]!.signal, 0);
        return go(
          "look",
          this.#rules(steps).getUp(worker, isSearching) ? 1 : 0,
        );
    }
  }

  #goPark(steps: Steps, worker: number, number: number): Again {
    if (this.#park(steps, worker)) return go("idle", number);
    this.#parking(steps, worker).unpark();
    return go("look", number);
  }

  #adder(name: string, tasks: number): Thread {
    const rounds = Array.from({ length: tasks }, () => [
      ({ atomics, world }: Steps) => {
        atomics.add(world, this.#queue, 1);
      },
      (steps: Steps) => this.#claim(steps),
      (steps: Steps, worker: number) => {
        if (worker >= 0) this.#unpark(steps, worker);
      },
    ]).flat();
    return { name, rounds: [...rounds, (steps) => this.#waitForAll(steps)] };
  }

  #device(events: number): Thread {
    return {
      name: "device",
      rounds: Array.from({ length: events }, () => ({ atomics, world }) => {
        atomics.add(world, this.#events, 1);
      }),
    };
  }

  /** Ends the pool when its work is done. */
  #closer(): Thread {
    const { workers } = this.#options;
    return {
      name: "closer",
      rounds: [
        (steps) => this.#waitForAll(steps),
        ({ atomics, world }) => {
          atomics.store(world, this.#closed, 1);
        },
        ...Array.from({ length: workers }, (_, n) => (steps: Steps) => {
          this.#unpark(steps, n);
        }),
      ],
    };
  }
}
