import {
  claimWorker,
  HostedWorkers,
} from "../../src/executor/pool/hosted_workers.ts";
import type { Sleepers } from "../../src/executor/pool/sleepers.ts";
import { Parking, PARKING_BYTES } from "../../src/reactor/parking.ts";
import { CountedTasks } from "./counted_tasks.ts";
import {
  idlingAt,
  IS_IDLE,
  SAW_WORK,
  SEARCHES,
  type SleeperRules,
} from "./idling_support.ts";
import {
  type Again,
  again,
  type Model,
  type SteppedAtomics,
  type Steps,
  type Thread,
} from "./model.ts";
import { Places } from "./places.ts";

/** A small pool: workers that share one queue, and threads that add to it. */
export interface PoolOptions {
  readonly rules: (
    words: Int32Array,
    at: number,
    workers: number,
    atomics: SteppedAtomics,
  ) => SleeperRules;
  readonly workers: number;
  /** How many of them, from the last one on, are hosted by Deno's loop. */
  readonly hosted?: number;
  /** How many tasks each of the adding threads adds, one at a time. */
  readonly adders: readonly number[];
  /** Park with the shipped `Parking`, which has many steps, or with one step. */
  readonly parking?: "shipped" | "one step";
  /** How many events of its own wake a worker, the first or, of the hosted, the last. */
  readonly events?: number;
  /** Whether it then has something of its own to do, until all tasks have begun. */
  readonly hasOwnTasks?: boolean;
  /**
   * Whether the first worker has to import a module for the first task it takes,
   * which it gives back, and can start nothing until all tasks have begun.
   */
  readonly imports?: boolean;
  /** Whether a task ends at once, and not when all have begun. */
  readonly tasksEnd?: boolean;
  /** Whether somebody shuts the pool down, which all workers must notice. */
  readonly closes?: boolean;
  /** What the workers do wrong. */
  readonly mistake?:
    | "do not look again before they sleep"
    | "search on with something of their own to do"
    | "wake nobody for what they give back"
    | "look before they say that they sleep under Deno's loop";
}

/** Where a worker stands between two rounds, beside the bits of its `Idling`. */
const PHASES = [
  "look",
  "own task",
  "run",
  "give back",
  "park",
  "say it",
  "last look",
  "sleep",
  "up",
] as const;

type Phase = (typeof PHASES)[number];

/** Bits above those: it can start nothing; it has imported; it has a task of its own. */
const IS_DEAF = 8;
const HAS_IMPORTED = 16;
const HAS_OWN = 32;

function go(phase: Phase, bits: number): Again {
  return again(PHASES.indexOf(phase) + PHASES.length * bits);
}

/** Those of `Sleepers` before the flags of the workers. */
const SLEEPERS_WORDS = 16;
const CURSOR = 1;

/** The protocol of the workers in `worker_seat.ts` and `worker_executor.ts`. */
export class SleepersModel implements Model {
  readonly words: number;
  readonly names: Readonly<Record<string, number>>;
  readonly races: readonly number[];
  readonly threads: readonly Thread[];
  readonly #options: PoolOptions;
  readonly #tasks: CountedTasks;
  readonly #closed: number;
  readonly #events: number;
  readonly #isShort: boolean;
  readonly #sleepers: number;
  readonly #hosted: number;
  readonly #parkings: readonly { place: number; signal: number }[];

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#isShort = options.parking === "one step";
    const { workers, adders, events = 0, closes = false } = options;
    const places = new Places();
    this.#tasks = new CountedTasks(
      places,
      adders.reduce((sum, n) => sum + n, 0),
    );
    this.#closed = places.word("CLOSED");
    this.#events = places.word("EVENTS");
    this.#hosted = places.block("HOSTED", 1 + workers);
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

  #hostedWorkers({ words, atomics }: Steps): HostedWorkers {
    const { workers } = this.#options;
    const flags = { at: this.#hosted + 1, stride: 1 };
    return new HostedWorkers(words, this.#hosted, flags, workers, atomics);
  }

  #isHosted(worker: number): boolean {
    const { workers, hosted = 0 } = this.#options;
    return worker >= workers - hosted;
  }

  #hasEvents(worker: number): boolean {
    const { workers, hosted = 0 } = this.#options;
    return worker === (hosted > 0 ? workers - 1 : 0);
  }

  #parking({ world, atomics }: Steps, worker: number): Parking {
    const memory = world.buffer as SharedArrayBuffer;
    return new Parking(
      { memory, at: this.#parkings[worker]!.place },
      atomics,
    );
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

  #endParking(steps: Steps, worker: number): void {
    const { signal } = this.#parkings[worker]!;
    if (!this.#isShort) this.#parking(steps, worker).unpark();
    else steps.atomics.store(steps.world, signal, 0);
  }

  /** Returns whether an event has come. */
  #sleep({ world, step }: Steps, worker: number, isDeaf: boolean): boolean {
    const { signal } = this.#parkings[worker]!;
    const events = this.#events;
    const hasEvent = () => this.#hasEvents(worker) && world[events] !== 0;
    const isOver = () => isDeaf && this.#tasks.haveAllBegun(world);
    return step("sleep", () => {
      if (hasEvent()) {
        world[events]!--;
        return 1;
      }
      // What the eventfd holds stays until a wait takes it.
      if (!this.#isShort) world[signal] = 0;
      return 0;
    }, {
      when: () => world[signal] === 2 || hasEvent() || isOver(),
      reads: [signal, events, this.#tasks.begun],
      writes: [signal, events],
    }) === 1;
  }

  /** `PoolMemory.wakeOne`, up to the worker that is to be unparked. */
  #claim(steps: Steps): number {
    return steps.retry(
      this.#sleepers,
      () =>
        claimWorker(
          this.#rules(steps) as Sleepers,
          this.#hostedWorkers(steps),
        ),
    );
  }

  #wakeOne(steps: Steps): void {
    const worker = this.#claim(steps);
    if (worker >= 0) this.#unpark(steps, worker);
  }

  #worker(worker: number): Thread {
    return {
      name: `worker ${worker}`,
      isServant: !this.#options.closes,
      rounds: [(steps, carried) => {
        const phase = PHASES[carried % PHASES.length]!;
        const bits = Math.floor(carried / PHASES.length);
        return this.#round(steps, worker, phase, bits);
      }],
    };
  }

  #round(
    steps: Steps,
    worker: number,
    phase: Phase,
    bits: number,
  ): Again | void {
    const { mistake, imports } = this.#options;
    const tasks = this.#tasks;
    const isHosted = this.#isHosted(worker);
    const idling = idlingAt(
      bits,
      worker,
      this.#rules(steps),
      () => this.#wakeOne(steps),
    );
    const isDeaf = (bits & IS_DEAF) !== 0;
    /** `idle`: 0, or the bits of one that has gone idle. */
    const next = (phase: Phase, changed = bits, idle = 0) =>
      go(
        phase,
        changed & ~(SEARCHES | IS_IDLE | SAW_WORK) | idle |
          (idling.isSearching ? SEARCHES : 0),
      );

    switch (phase) {
      case "look":
        if (isHosted && !idling.isSearching && tasks.isThere(steps)) {
          idling.startSearch();
        }
        if (tasks.take(steps)) {
          idling.stopSearch();
          const mustImport = imports && worker === 0 &&
            (bits & HAS_IMPORTED) === 0;
          return next(mustImport ? "give back" : "run");
        }
        if ((bits & HAS_OWN) !== 0) return next("own task");
        if (isHosted || idling.isSearching) return next("park");
        if (idling.startSearch()) return next("look");
        return next("park");
      case "own task":
        if (mistake !== "search on with something of their own to do") {
          idling.stopSearch();
        }
        tasks.awaitAll(steps);
        return next("look", bits & ~HAS_OWN);
      case "run":
        tasks.begin(steps);
        if (!this.#options.tasksEnd) tasks.awaitAll(steps);
        return next("look");
      case "give back":
        tasks.add(steps);
        if (mistake !== "wake nobody for what they give back") {
          this.#wakeOne(steps);
        }
        return next("park", bits | IS_DEAF | HAS_IMPORTED);
      case "park":
        if (!this.#park(steps, worker)) {
          this.#endParking(steps, worker);
          return next("look");
        }
        if (isDeaf) {
          idling.stopSearch();
          return next("sleep");
        }
        if (isHosted) {
          idling.stopSearch();
          return next("say it");
        }
        idling.goIdle();
        return next(
          mistake?.startsWith("do not look") ? "sleep" : "last look",
          bits,
          IS_IDLE,
        );
      case "say it": {
        const early = mistake ===
            "look before they say that they sleep under Deno's loop" &&
          tasks.isThere(steps);
        this.#hostedWorkers(steps).set(worker, true);
        if (mistake?.startsWith("look before")) {
          return next(early ? "up" : "sleep");
        }
        return next("last look");
      }
      case "last look": {
        const idle = bits & IS_IDLE;
        const sawWork = tasks.isThere(steps);
        idling.noteLook(sawWork);
        if (sawWork) return go("up", bits | (idle && SAW_WORK));
        if (this.#isClosed(steps)) return;
        return go("sleep", bits);
      }
      case "sleep": {
        const hasEvent = this.#sleep(steps, worker, isDeaf);
        const hasOwn = hasEvent && this.#options.hasOwnTasks;
        return go("up", bits | (hasOwn ? HAS_OWN : 0));
      }
      case "up": {
        this.#endParking(steps, worker);
        if (isHosted) this.#hostedWorkers(steps).set(worker, false);
        idling.getUp();
        idling.getUp();
        if (!isDeaf) return next("look");
        if (!this.#tasks.haveBegun(steps)) return next("park");
        return next("look", bits & ~IS_DEAF);
      }
    }
  }

  #isClosed({ atomics, world }: Steps): boolean {
    return this.#options.closes === true &&
      atomics.load(world, this.#closed) === 1;
  }

  #adder(name: string, tasks: number): Thread {
    const adding = Array.from({ length: tasks }, () => [
      (steps: Steps) => this.#tasks.add(steps),
      (steps: Steps) => this.#claim(steps),
      (steps: Steps, worker: number) => {
        if (worker >= 0) this.#unpark(steps, worker);
      },
    ]).flat();
    return {
      name,
      rounds: [...adding, (steps) => this.#tasks.awaitAll(steps)],
    };
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
        (steps) => this.#tasks.awaitAll(steps),
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
