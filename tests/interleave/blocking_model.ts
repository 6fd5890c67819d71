import { Sleepers } from "../../src/executor/pool/sleepers.ts";
import { CountedTasks } from "./counted_tasks.ts";
import { idlingAt, IS_IDLE, SAW_WORK, SEARCHES } from "./idling_support.ts";
import { again, type Model, type Round, type Steps } from "./model.ts";
import { Places } from "./places.ts";

/** Threads that add blocking tasks to a pool with places for few of them. */
export interface BlockingOptions {
  /** How many threads for blocking tasks there can be. */
  readonly seats: number;
  /** How many tasks each of the adding threads adds, one at a time. */
  readonly adders: readonly number[];
  /**
   * Whether a task ends at once; or when all have begun, until which it blocks its
   * thread, or waits for that as a generator does, and the thread sleeps.
   */
  readonly tasks: "end" | "block" | "wait";
  /** How many threads are about to come up at the start. */
  readonly started?: number;
  /** How often the time is up of a thread that sleeps. */
  readonly timeouts?: number;
  /** What the threads do wrong. */
  readonly mistake?:
    | "counts on those that have a task"
    | "does not look again when a place is free"
    | "does not wake another"
    | "searches on when it leaves"
    | "counts those that have a task as free";
}

/** What `SEAT.STATUS` says. */
const VACANT = 0;
const STARTING = 1;
const TAKEN = 2;

const PHASES = [
  "start",
  "look",
  "park",
  "sleep",
  "up",
  "leave",
  "vacate",
  "run",
] as const;

/** A thread's bits above those of `Idling`: it has a task that waits; its time is up. */
const HAS_JOB = 8;
const TIME_IS_UP = 16;

/** The words of `Sleepers` before those of the threads. */
const SLEEPERS_WORDS = 16;
const CURSOR = 1;

/**
 * The protocol of `blocking_seat.ts`, `worker_executor.ts`, `memory.ts` and `pool.ts`
 * around threads for blocking tasks, which are started when there is no other.
 */
export class BlockingModel implements Model {
  readonly words: number;
  readonly names: Readonly<Record<string, number>>;
  readonly races: readonly number[];
  readonly threads: Model["threads"];
  readonly #options: BlockingOptions;
  readonly #tasks: CountedTasks;
  readonly #attention: number;
  readonly #sleepers: number;
  readonly #status: number;
  /** By thread: 0: awake, 1: parked, 2: signalled. */
  readonly #signals: number;
  /** By thread: how often its time is up. */
  readonly #timeouts: number;

  constructor(options: BlockingOptions) {
    this.#options = options;
    const { seats, adders, timeouts = 0 } = options;
    const places = new Places();
    this.#tasks = new CountedTasks(
      places,
      adders.reduce((sum, n) => sum + n, 0),
    );
    this.#attention = places.word("ATTENTION");
    this.#status = places.block("STATUS", seats);
    this.#signals = places.block("SIGNAL", seats);
    this.#timeouts = places.block("TIMEOUT", seats);
    this.#sleepers = places.block("SLEEPERS", SLEEPERS_WORDS + seats, {
      ".COUNTS": 0,
      ".CURSOR": CURSOR,
    });
    this.words = places.words;
    this.names = places.names;
    this.races = [this.#sleepers + CURSOR];
    this.threads = [
      ...adders.map((tasks, i) => ({
        name: `adder ${i}`,
        rounds: [
          ...Array.from({ length: tasks }, () => this.#adding).flat(),
          (steps: Steps) => this.#tasks.awaitAll(steps),
        ],
      })),
      {
        name: "creator",
        isServant: true,
        rounds: [(steps) => this.#startThreads(steps)],
      },
      ...Array.from({ length: seats }, (_, seat) => ({
        name: `thread ${seat}`,
        isServant: true,
        rounds: [(steps: Steps, carried: number) =>
          this.#round(
            steps,
            seat,
            PHASES[carried % PHASES.length]!,
            Math.floor(carried / PHASES.length),
          )],
      })),
      ...(timeouts === 0 ? [] : [{
        name: "clock",
        isServant: true,
        rounds: Array.from({ length: timeouts }, (): Round => (steps) => {
          const { atomics, world } = steps;
          atomics.add(world, this.#timeouts, 1);
        }),
      }]),
    ];
  }

  readonly setUp = (world: Int32Array): void => {
    const { started = 0 } = this.#options;
    world.fill(STARTING, this.#status, this.#status + started);
  };

  #rules({ words, atomics }: Steps): Sleepers {
    const { seats } = this.#options;
    return new Sleepers(words, this.#sleepers, seats, atomics);
  }

  get #adding(): Round[] {
    return [
      (steps) => this.#tasks.add(steps),
      (steps) => this.#claim(steps),
      (steps, seat) => this.#wake(steps, seat),
    ];
  }

  #claim(steps: Steps): number {
    return steps.retry(this.#sleepers, () => this.#rules(steps).claimOne());
  }

  /** `PoolMemory.wakeOneBlocking`, once `seat` was claimed. */
  #wake(steps: Steps, seat: number): void {
    const { atomics, step, world } = steps;
    const signal = this.#signals + seat;
    if (seat >= 0) {
      step(`unpark ${seat}`, () => {
        if (world[signal] === 1) world[signal] = 2;
      }, { reads: [signal], writes: [signal] });
    } else if (this.#rules(steps).searching === 0) {
      atomics.store(world, this.#attention, 1);
    }
  }

  #wakeOneBlocking(steps: Steps): void {
    this.#wake(steps, this.#claim(steps));
  }

  /** `Pool.#startBlocking`. */
  #startThreads(steps: Steps): ReturnType<Round> {
    const { atomics, step, world } = steps;
    step("wait to be called", () => void (world[this.#attention] = 0), {
      when: () => world[this.#attention] === 1,
      reads: [this.#attention],
      writes: [this.#attention],
    });
    let wanted = this.#tasks.count(steps);
    const { seats, mistake } = this.#options;
    for (let seat = 0; seat < seats && wanted > 0; seat++) {
      const status = atomics.load(world, this.#status + seat);
      if (
        status === STARTING ||
        status === TAKEN && mistake === "counts those that have a task as free"
      ) wanted--;
      if (status !== VACANT) continue;
      atomics.store(world, this.#status + seat, STARTING);
      wanted--;
    }
    return again();
  }

  /** `BlockingSeat.wakeAnother`. */
  #wakeAnother(steps: Steps): void {
    if (this.#options.mistake === "does not wake another") return;
    if (this.#tasks.isThere(steps)) this.#wakeOneBlocking(steps);
  }

  #round(
    steps: Steps,
    seat: number,
    phase: (typeof PHASES)[number],
    bits: number,
  ): ReturnType<Round> {
    const { atomics, step, world } = steps;
    const { mistake, tasks: kind } = this.#options;
    const tasks = this.#tasks;
    const idling = idlingAt(
      bits,
      seat,
      this.#rules(steps),
      () => this.#wakeAnother(steps),
    );
    const hasJob = (bits & HAS_JOB) !== 0;
    const go = (phase: (typeof PHASES)[number], bits: number) =>
      again(PHASES.indexOf(phase) + PHASES.length * bits);
    /** With the bits of `Idling` as they are now, of one that is idle `idle`. */
    const next = (phase: (typeof PHASES)[number], idle = 0, rest = bits) =>
      go(
        phase,
        rest & ~(SEARCHES | IS_IDLE | SAW_WORK) | idle |
          (idling.isSearching ? SEARCHES : 0),
      );
    const status = this.#status + seat;
    const signal = this.#signals + seat;
    const timeout = this.#timeouts + seat;

    switch (phase) {
      case "start":
        step("start", () => void (world[status] = TAKEN), {
          when: () => world[status] === STARTING,
          reads: [status],
          writes: [status],
        });
        return go("look", 0);
      case "look":
        if (tasks.take(steps)) {
          idling.stopSearch();
          return next("run");
        }
        if (!idling.isSearching && idling.startSearch()) return next("look");
        return next("park");
      case "park": {
        atomics.store(world, signal, 1);
        if (hasJob && mistake !== "counts on those that have a task") {
          idling.stopSearch();
          return next("sleep");
        }
        idling.goIdle();
        const sawWork = !hasJob && tasks.isThere(steps);
        idling.noteLook(sawWork);
        return sawWork
          ? next("up", IS_IDLE | SAW_WORK)
          : next("sleep", IS_IDLE);
      }
      case "sleep": {
        const isOver = () => hasJob && tasks.haveAllBegun(world);
        const isUp = step("sleep", () => {
          if (world[signal] === 2 || isOver()) return 0;
          world[timeout]!--;
          return 1;
        }, {
          when: () =>
            world[signal] === 2 || isOver() || !hasJob && world[timeout]! > 0,
          reads: [signal, timeout, tasks.begun],
          writes: [timeout],
        });
        return go("up", bits | (isUp === 1 ? TIME_IS_UP : 0));
      }
      case "up": {
        atomics.store(world, signal, 0);
        idling.getUp();
        if (hasJob) {
          return tasks.haveBegun(steps)
            ? next("look", 0, bits & ~HAS_JOB)
            : next("park");
        }
        const isTimeUp = (bits & TIME_IS_UP) !== 0;
        bits &= ~TIME_IS_UP;
        if (!isTimeUp || tasks.isThere(steps)) return next("look", 0, bits);
        const mustEnd = idling.isSearching &&
          mistake !== "searches on when it leaves";
        return next(mustEnd ? "leave" : "vacate", 0, bits);
      }
      case "leave":
        idling.stopSearch();
        return go("vacate", 0);
      case "vacate":
        atomics.store(world, status, VACANT);
        if (
          mistake !== "does not look again when a place is free" &&
          tasks.isThere(steps)
        ) this.#wakeOneBlocking(steps);
        return go("start", 0);
      case "run":
        tasks.begin(steps);
        if (kind === "wait") return next("park", 0, bits | HAS_JOB);
        if (kind === "block") tasks.awaitAll(steps);
        return next("look");
    }
  }
}
