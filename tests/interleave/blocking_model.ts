import { Sleepers } from "../../src/executor/pool/sleepers.ts";
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
  readonly #total: number;
  readonly #queue: number;
  readonly #begun: number;
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
    this.#total = adders.reduce((sum, n) => sum + n, 0);
    const places = new Places();
    this.#queue = places.word("QUEUE");
    this.#begun = places.word("BEGUN");
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
          (steps: Steps) => this.#awaitAll(steps),
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
      ({ atomics, world }) => void atomics.add(world, this.#queue, 1),
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
  #startThreads({ atomics, step, world }: Steps): ReturnType<Round> {
    step("wait to be called", () => void (world[this.#attention] = 0), {
      when: () => world[this.#attention] === 1,
      reads: [this.#attention],
      writes: [this.#attention],
    });
    let wanted = atomics.load(world, this.#queue);
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

  #take({ step, world }: Steps): boolean {
    const queue = this.#queue;
    return step("take a task", () => {
      if (world[queue] === 0) return 0;
      world[queue]!--;
      return 1;
    }, { reads: [queue], writes: [queue] }) === 1;
  }

  #awaitAll({ step, world }: Steps): void {
    step("all have begun", () => 0, {
      when: () => world[this.#begun] === this.#total,
      reads: [this.#begun],
    });
  }

  #endSearch(steps: Steps): void {
    if (!this.#rules(steps).endSearch()) return;
    if (this.#options.mistake === "does not wake another") return;
    if (this.#seesQueued(steps)) this.#wakeOneBlocking(steps);
  }

  #seesQueued({ atomics, world }: Steps): boolean {
    return atomics.load(world, this.#queue) > 0;
  }

  /**
   * Where a thread stands is a phase, and three bits: whether it searches, has a
   * task that waits, and has seen work in its last look or has had its time.
   */
  #round(
    steps: Steps,
    seat: number,
    phase: (typeof PHASES)[number],
    bits: number,
  ): ReturnType<Round> {
    const { atomics, step, world } = steps;
    const { mistake, tasks } = this.#options;
    const isSearching = (bits & 1) !== 0;
    const hasJob = (bits & 2) !== 0;
    const go = (phase: (typeof PHASES)[number], bits: number) =>
      again(PHASES.indexOf(phase) + PHASES.length * bits);
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
        if (this.#take(steps)) {
          if (isSearching) this.#endSearch(steps);
          return go("run", 0);
        }
        if (!isSearching && this.#rules(steps).startSearch()) {
          return go("look", 1);
        }
        return go("park", bits);
      case "park":
        atomics.store(world, signal, 1);
        if (hasJob && mistake !== "counts on those that have a task") {
          return go("sleep", bits);
        }
        this.#rules(steps).goIdle(seat, isSearching);
        bits &= ~1;
        if (!hasJob && this.#seesQueued(steps)) return go("up", bits | 4);
        return go("sleep", bits);
      case "sleep": {
        const isOver = () => hasJob && world[this.#begun] === this.#total;
        const isUp = step("sleep", () => {
          if (world[signal] === 2 || isOver()) return 0;
          world[timeout]!--;
          return 1;
        }, {
          when: () =>
            world[signal] === 2 || isOver() || !hasJob && world[timeout]! > 0,
          reads: [signal, timeout, this.#begun],
          writes: [timeout],
        });
        // The bit that says that it saw work is free again.
        return go("up", bits | (isUp === 1 ? 8 : 0));
      }
      case "up": {
        atomics.store(world, signal, 0);
        const sawWork = (bits & 4) !== 0;
        const wasIdle = !hasJob ||
          mistake === "counts on those that have a task";
        const searches = wasIdle && this.#rules(steps).getUp(seat, sawWork)
          ? 1
          : 0;
        if (hasJob) {
          const isOver = atomics.load(world, this.#begun) === this.#total;
          return isOver ? go("look", searches) : go("park", 2 | searches);
        }
        const isDismissed = (bits & 8) !== 0 && !this.#seesQueued(steps);
        if (!isDismissed) return go("look", searches);
        const mustEnd = searches === 1 &&
          mistake !== "searches on when it leaves";
        return go(mustEnd ? "leave" : "vacate", 0);
      }
      case "leave":
        this.#endSearch(steps);
        return go("vacate", 0);
      case "vacate":
        atomics.store(world, status, VACANT);
        if (
          mistake !== "does not look again when a place is free" &&
          this.#seesQueued(steps)
        ) this.#wakeOneBlocking(steps);
        return go("start", 0);
      case "run":
        atomics.add(world, this.#begun, 1);
        if (tasks === "wait") return go("park", 2);
        if (tasks === "block") this.#awaitAll(steps);
        return go("look", 0);
    }
  }
}
