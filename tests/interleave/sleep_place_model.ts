import { Inbox } from "../../src/executor/pool/inbox.ts";
import type { PoolMemory } from "../../src/executor/pool/memory.ts";
import type { RemoteTask } from "../../src/executor/pool/remote_task.ts";
import {
  COMPLETE,
  FAILED,
  JOIN_INTEREST,
  RUNNING,
  SharedStates,
} from "../../src/executor/pool/shared_state.ts";
import { SleepPlace } from "../../src/executor/pool/sleep_place.ts";
import { Parking, PARKING_BYTES } from "../../src/reactor/parking.ts";
import { expect } from "./expect.ts";
import { again, type Model, type Round, type Steps } from "./model.ts";
import { Places } from "./places.ts";
import { ENDED, UNDER_WAY, waitOffThread } from "./wait_off_thread.ts";

/** How a task ends, and whether its spawner waits for it. */
export interface Outcome {
  readonly fails?: boolean;
  /** Nobody waits for it: a failure has to be reported all the same. */
  readonly unawaited?: boolean;
  /** It is waited for from the thread's second turn on, and its wait may be under way. */
  readonly later?: boolean;
}

export const ENDS: Outcome = {};
export const FAILS: Outcome = { fails: true, unawaited: true };
export const LATER: Outcome = { later: true };

/** A thread that has spawned tasks, and others that end them. */
export interface SleepOptions {
  readonly tasks: readonly Outcome[];
  /**
   * How often the thread takes a look for another reason, which may take a signal,
   * while its wait goes on off the thread. None: it blocks in its wait.
   */
  readonly looks?: number;
  /** The place, or one that is to be found wanting. */
  readonly makePlace?: (
    ...args: ConstructorParameters<typeof SleepPlace>
  ) => SleepPlace;
  /** What a seat does when it is about to sleep, if not what `seat.ts` does. */
  readonly beforeSleep?: (
    place: SleepPlace,
    hasNews: () => boolean,
  ) => boolean;
  /** What it does while its wait goes on, if not what `seat.ts` does. */
  readonly stayAsleep?: (
    place: SleepPlace,
    hasNews: () => boolean,
  ) => boolean;
  /** Unparks the spawner only if it said that it waits. */
  readonly failsSilently?: boolean;
  /** Looks for a sleeper before it puts the record into the list. */
  readonly unparksEarly?: boolean;
}

/** The protocol of `seat.ts`, `sleep_place.ts` and `endings.ts` around a sleep. */
export class SleepModel implements Model {
  readonly words: number;
  readonly names: Readonly<Record<string, number>>;
  readonly threads: Model["threads"];
  readonly #options: SleepOptions;
  readonly #states: number;
  readonly #done: number;
  readonly #links: { at: number; stride: number };
  readonly #parking: number;
  /** Whether the backend was signalled, and no wait or look has taken it. */
  readonly #signal: number;
  readonly #offThread: number;
  /** Whether there is another reason for a look. */
  readonly #timer: number;
  /** The tasks that were settled, as bits. */
  readonly #settled: number;

  constructor(options: SleepOptions) {
    this.#options = options;
    const { tasks, looks = 0 } = options;
    const places = new Places();
    this.#states = places.block("STATE", tasks.length);
    this.#done = places.word("DONE");
    this.#links = {
      at: places.block("DONE LINK", tasks.length),
      stride: 1,
    };
    this.#parking = places.block("PARKING", PARKING_BYTES / 4, {
      ".STATE": 0,
      ".NOTIFIERS": 1,
    });
    this.#signal = places.word("SIGNAL");
    this.#offThread = places.word("OFF THREAD");
    this.#timer = places.word("TIMER");
    this.#settled = places.word("SETTLED");
    this.words = places.words;
    this.names = places.names;
    const isHosted = options.looks !== undefined;
    this.threads = [
      {
        name: "spawner",
        rounds: isHosted
          ? [(steps, carried) => this.#turn(steps, carried), this.#endWait()]
          : [(steps, carried) => this.#block(steps, carried)],
      },
      ...tasks.map((_, record) => ({
        name: `worker ${record}`,
        rounds: [(steps: Steps) => this.#end(steps, record)],
      })),
      ...(isHosted ? [waitOffThread(this.#offThread, this.#signal)] : []),
      ...(looks > 0
        ? [{
          name: "timer",
          isServant: true,
          rounds: Array.from({ length: looks }, () => this.#fire),
        }]
        : []),
    ];
  }

  readonly setUp = (world: Int32Array): void => {
    this.#options.tasks.forEach((_, record) => {
      world[this.#states + record] = RUNNING | JOIN_INTEREST;
    });
  };

  readonly check = ({ world }: { world: Int32Array }): void => {
    const all = 2 ** this.#options.tasks.length - 1;
    if (world[this.#settled] !== all) throw new Error("an outcome is lost");
  };

  #sharedStates({ words, atomics }: Steps): SharedStates {
    return new SharedStates(words, this.#states, 1, atomics);
  }

  #inbox({ words, atomics }: Steps): Inbox {
    return new Inbox(words, this.#done, this.#links, atomics);
  }

  /** The place as it is if these tasks are waited for and not announced. */
  #place(steps: Steps, unannounced: number): {
    readonly place: SleepPlace;
    /** Those of them that are still not announced. */
    readonly left: () => number;
  } {
    const settled = steps.atomics.load(steps.world, this.#settled);
    let left = unannounced & ~settled;
    const states = this.#sharedStates(steps);
    const memory = {
      shared: steps.world.buffer,
      layout: {
        parking: (memory: SharedArrayBuffer) => ({ memory, at: this.#parking }),
      },
      states: {
        await: (record: number) => {
          expect(
            (settled & 1 << record) === 0,
            "it asks for one that has ended, whose record may be another's",
          );
          const mayEnd = steps.retry(
            this.#states + record,
            () => states.await(record),
          );
          if (mayEnd) left &= ~(1 << record);
          return mayEnd;
        },
      },
    } as unknown as PoolMemory;
    const { makePlace } = this.#options;
    const args = [memory, 0, steps.atomics] as const;
    const place = makePlace?.(...args) ?? new SleepPlace(...args);
    this.#options.tasks.forEach((_, record) => {
      const bit = 1 << record;
      if ((unannounced & bit) === 0) return;
      const isComplete = (settled & bit) !== 0;
      place.await({ record, isComplete } as unknown as RemoteTask);
    });
    return { place, left: () => left };
  }

  #beforeSleep(place: SleepPlace, steps: Steps, tasks: number): boolean {
    const hasNews = () => !this.#inbox(steps).isEmpty;
    const { beforeSleep } = this.#options;
    if (beforeSleep) return beforeSleep(place, hasNews);
    return place.park() && this.#announce(place, steps, tasks) && !hasNews();
  }

  #stayAsleep(place: SleepPlace, steps: Steps, tasks: number): boolean {
    const hasNews = () => !this.#inbox(steps).isEmpty;
    const { stayAsleep } = this.#options;
    if (stayAsleep) return stayAsleep(place, hasNews);
    place.stayParked();
    return this.#announce(place, steps, tasks) && !hasNews();
  }

  #announce(place: SleepPlace, steps: Steps, tasks: number): boolean {
    if (place.announce()) return true;
    const { atomics, world } = steps;
    const mayArrive = this.#options.tasks.some((_, record) =>
      (tasks & 1 << record) !== 0 &&
      (atomics.load(world, this.#states + record) & COMPLETE) !== 0
    );
    expect(mayArrive, "it stays awake, and nothing is about to arrive");
    return false;
  }

  /** Takes what has arrived; returns whether that was the last. */
  #drain(steps: Steps): boolean {
    const inbox = this.#inbox(steps);
    const { atomics, world } = steps;
    inbox.drain((record) => {
      atomics.or(world, this.#settled, 1 << record);
    });
    const all = 2 ** this.#options.tasks.length - 1;
    return atomics.load(world, this.#settled) === all;
  }

  /** The tasks that are waited for now, or later. */
  #awaited(later: boolean): number {
    let bits = 0;
    this.#options.tasks.forEach((task, record) => {
      if (!task.unawaited && (task.later ?? false) === later) {
        bits |= 1 << record;
      }
    });
    return bits;
  }

  /** What a look at Deno's loop or a wait takes. */
  #takeSignal({ atomics, world }: Steps): void {
    atomics.exchange(world, this.#signal, 0);
  }

  /** Another look, which would spin until an outcome that is on its way is there. */
  #awaitNews({ step, world }: Steps): void {
    step("look again", () => 0, {
      when: () => world[this.#done] !== 0,
      reads: [this.#done],
    });
  }

  /** `carried`: 0 in the first round, then those not announced, and a bit above. */
  #unannounced(carried: number): number {
    const begun = 1 << this.#options.tasks.length;
    return carried === 0 ? this.#awaited(false) : carried & (begun - 1);
  }

  /** One sleep in `block_on`. */
  #block(steps: Steps, carried: number): ReturnType<Round> {
    if (this.#drain(steps)) return;
    const unannounced = this.#unannounced(carried);
    const { place, left } = this.#place(steps, unannounced);
    const { step, world } = steps;
    let mayEnd = this.#beforeSleep(place, steps, unannounced);
    if (!mayEnd && left() !== 0) {
      // What has not arrived by the next time is still waited for.
      place.unpark();
      mayEnd = this.#beforeSleep(place, steps, unannounced);
    }
    if (mayEnd) {
      step("sleep", () => void (world[this.#signal] = 0), {
        when: () => world[this.#signal] === 1,
        reads: [this.#signal],
        writes: [this.#signal],
      });
    } else this.#takeSignal(steps);
    place.unpark();
    if (left() !== 0) this.#awaitNews(steps);
    return again((1 << this.#options.tasks.length) | left());
  }

  /** One turn on Deno's loop. */
  #turn(steps: Steps, carried: number): ReturnType<Round> {
    const { atomics, step, world } = steps;
    const begun = 1 << this.#options.tasks.length;
    this.#takeSignal(steps);
    if (this.#drain(steps)) return;
    let unannounced = this.#unannounced(carried);
    if (carried !== 0 && carried < 2 * begun) {
      unannounced |= this.#awaited(true);
    }
    const { place, left } = this.#place(steps, unannounced);
    const next = () => again((carried === 0 ? 1 : 3) * begun | left());
    const wait = atomics.load(world, this.#offThread);
    if (wait === UNDER_WAY) {
      if (!this.#stayAsleep(place, steps, unannounced)) {
        if (left() !== 0) this.#awaitNews(steps);
        return next();
      }
    } else if (this.#beforeSleep(place, steps, unannounced)) {
      atomics.store(world, this.#offThread, UNDER_WAY);
    } else {
      place.unpark();
      if (left() !== 0) this.#awaitNews(steps);
      return next();
    }
    const reason = step("wait for a turn", () => {
      if (world[this.#offThread] === ENDED) {
        world[this.#offThread] = 0;
        return 1;
      }
      world[this.#timer] = 0;
      return 0;
    }, {
      when: () => world[this.#offThread] === ENDED || world[this.#timer] === 1,
      reads: [this.#offThread, this.#timer],
      writes: [this.#offThread, this.#timer],
    });
    if (reason === 1) place.unpark();
    return next();
  }

  /** Nobody waits for anything any more: the thread ends its own wait. */
  #endWait(): Round {
    return ({ atomics, step, world }) => {
      if (atomics.load(world, this.#offThread) === 0) return;
      atomics.store(world, this.#signal, 1);
      step("the wait has ended", () => 0, {
        when: () => world[this.#offThread] === ENDED,
        reads: [this.#offThread],
      });
    };
  }

  readonly #fire: Round = ({ step, world }) => {
    step("fire", () => void (world[this.#timer] = 1), {
      when: () => world[this.#timer] === 0,
      reads: [this.#timer],
      writes: [this.#timer],
    });
  };

  /** A worker ends a task: `Endings.#tell`. */
  #end(steps: Steps, record: number): void {
    const { fails = false } = this.#options.tasks[record]!;
    const { failsSilently, unparksEarly } = this.#options;
    const mayBeAsleep = steps.retry(
      this.#states + record,
      () => this.#sharedStates(steps).complete(record, fails ? FAILED : 0),
    );
    const mustUnpark = mayBeAsleep || fails && !failsSilently;
    if (unparksEarly && mustUnpark) this.#unpark(steps);
    steps.retry(this.#done, () => this.#inbox(steps).push(record), {
      reuses: true,
    });
    if (!unparksEarly && mustUnpark) this.#unpark(steps);
  }

  #unpark({ world, atomics }: Steps): void {
    const memory = world.buffer as SharedArrayBuffer;
    new Parking({ memory, at: this.#parking }, atomics).notifyIfParked(() => {
      atomics.store(world, this.#signal, 1);
    });
  }
}
