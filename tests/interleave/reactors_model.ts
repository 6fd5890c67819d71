import { Inbox } from "../../src/executor/pool/inbox.ts";
import type { PoolMemory } from "../../src/executor/pool/memory.ts";
import type { RemoteTask } from "../../src/executor/pool/remote_task.ts";
import {
  JOIN_INTEREST,
  RUNNING,
  SharedStates,
} from "../../src/executor/pool/shared_state.ts";
import { SleepPlace } from "../../src/executor/pool/sleep_place.ts";
import { NONE } from "../../src/executor/pool/task_deque.ts";
import { Parking, PARKING_BYTES } from "../../src/reactor/parking.ts";
import type { SignalTarget } from "../../src/reactor/mod.ts";
import { expect } from "./expect.ts";
import type { Model, Steps, Thread } from "./model.ts";
import { Places } from "./places.ts";

/**
 * What a reactor of the thread is signalled through: something of the system, a word
 * in the pool's memory, or a word elsewhere, which the pool cannot reach.
 */
export type ReactorKind = "system" | "pool" | "elsewhere";

export interface ReactorsOptions {
  /**
   * The reactors that the thread has, one after the other. In each it sleeps until
   * one more task has ended.
   */
  readonly reactors: readonly ReactorKind[];
  /** Whether the last task gets its record when the thread has slept once. */
  readonly unplaced?: boolean;
  /** What the thread does wrong. */
  readonly mistake?: "closes its reactor before the place";
}

/** The protocol of `crew.ts` and `sleep_place.ts` when a thread's reactor changes. */
export class ReactorsModel implements Model {
  readonly words: number;
  readonly names: Readonly<Record<string, number>>;
  readonly threads: readonly Thread[];
  readonly #options: ReactorsOptions;
  readonly #states: number;
  readonly #done: number;
  readonly #links: { at: number; stride: number };
  readonly #parking: number;
  /** Which reactor a signal goes to, which have it, and which are gone. */
  readonly #target: number;
  readonly #signals: number;
  readonly #gone: number;
  readonly #placed: number;

  constructor(options: ReactorsOptions) {
    this.#options = options;
    const count = options.reactors.length;
    const places = new Places();
    this.#states = places.block("STATE", count);
    this.#done = places.word("DONE");
    this.#links = { at: places.block("DONE LINK", count), stride: 1 };
    this.#parking = places.block("PARKING", PARKING_BYTES / 4, {
      ".STATE": 0,
      ".NOTIFIERS": 1,
    });
    this.#target = places.word("TARGET");
    this.#signals = places.block("SIGNAL", count);
    this.#gone = places.block("GONE", count);
    this.#placed = places.word("PLACED");
    this.words = places.words;
    this.names = places.names;
    this.threads = [
      { name: "spawner", rounds: [(steps) => this.#spawner(steps)] },
      ...options.reactors.map((_, record) => ({
        name: `worker ${record}`,
        rounds: [(steps: Steps) => this.#end(steps, record)],
      })),
    ];
  }

  readonly setUp = (world: Int32Array): void => {
    world.fill(
      RUNNING | JOIN_INTEREST,
      this.#states,
      this.#states + this.#options.reactors.length,
    );
    // Nobody is there.
    world[this.#parking] = 3;
    if (!this.#options.unplaced) world[this.#placed] = 1;
  };

  #sharedStates({ words, atomics }: Steps): SharedStates {
    return new SharedStates(words, this.#states, 1, atomics);
  }

  #inbox({ words, atomics }: Steps): Inbox {
    return new Inbox(words, this.#done, this.#links, atomics);
  }

  #atomicsOfPlace({ atomics, loadUntil }: Steps): Steps["atomics"] {
    const notifiers = this.#parking + 1;
    return {
      ...atomics,
      // `close` waits for those who are about to signal.
      load: (words: Int32Array, index: number) =>
        words.byteOffset / 4 + index === notifiers
          ? loadUntil(notifiers, (value) => value === 0)
          : atomics.load(words, index),
    } as Steps["atomics"];
  }

  #spawner(steps: Steps): void {
    const { atomics, world } = steps;
    const { reactors, unplaced, mistake } = this.#options;
    const states = this.#sharedStates(steps);
    const tasks = reactors.map((_, record) => ({
      record: unplaced && record === reactors.length - 1 ? NONE : record,
      isComplete: false,
    }));
    const memory = {
      shared: world.buffer,
      layout: {
        parking: (memory: SharedArrayBuffer) => ({ memory, at: this.#parking }),
      },
      setTarget: (_: number, { target }: SignalTarget) =>
        atomics.store(world, this.#target, target),
      states: {
        await: (record: number) => {
          expect(record !== NONE, "there is no such record");
          expect(!tasks[record]!.isComplete, "it asks for one that has ended");
          return steps.retry(
            this.#states + record,
            () => states.await(record),
          );
        },
      },
    } as unknown as PoolMemory;
    const place = new SleepPlace(memory, 0, this.#atomicsOfPlace(steps));
    for (const task of tasks) place.await(task as unknown as RemoteTask);

    const drain = () =>
      this.#inbox(steps).drain((record) => {
        tasks[record]!.isComplete = true;
      });
    reactors.forEach((kind, number) => {
      place.open(this.#targetOf(steps, kind, number));
      expect(
        place.isUnreachable === (kind === "elsewhere"),
        "it does not know who can reach it",
      );
      // CLOSED: nobody would signal it.
      const isClosed = atomics.load(world, this.#parking) === 3;
      expect(isClosed === (kind === "elsewhere"), "others signal it wrongly");
      while (tasks.filter(({ isComplete }) => isComplete).length <= number) {
        if (drain()) continue;
        const isWaiting = tasks.some(({ record }) => record === NONE);
        const isShort = isWaiting || kind === "elsewhere";
        this.#sleep(steps, place, number, isShort);
        for (const [record, task] of tasks.entries()) {
          if (task.record !== NONE) continue;
          task.record = record;
          atomics.store(world, this.#placed, 1);
        }
      }
      const gone = () => void atomics.store(world, this.#gone + number, 1);
      if (mistake === "closes its reactor before the place") gone();
      place.close();
      gone();
    });
  }

  #targetOf(
    { world }: Steps,
    kind: ReactorKind,
    number: number,
  ): SignalTarget {
    const target = { backend: "epoll", target: number };
    if (kind === "system") return target;
    const signals = kind === "pool"
      ? world.buffer as SharedArrayBuffer
      : new SharedArrayBuffer(4);
    return { ...target, signals };
  }

  /**
   * One sleep. One that cannot be reached, or waits for room, sleeps for moments
   * only, which count as one until there is something new.
   */
  #sleep(
    steps: Steps,
    place: SleepPlace,
    number: number,
    isShort: boolean,
  ): void {
    const { step, world } = steps;
    const signal = this.#signals + number;
    const { reactors } = this.#options;
    const isParked = place.park();
    expect(isParked || reactors[number] !== "elsewhere", "it does not sleep");
    const isAnnounced = isParked && place.announce();
    // What has no record cannot arrive.
    if (isShort && reactors.length === 1) expect(isAnnounced, "it spins");
    const mayStay = isAnnounced && this.#inbox(steps).isEmpty;
    const wake = () => void (world[signal] = 0);
    if (mayStay && !isShort) {
      step("sleep", wake, {
        when: () => world[signal] === 1,
        reads: [signal],
        writes: [signal],
      });
    } else {
      step("look again", wake, {
        when: () => world[this.#done] !== 0 || world[this.#placed] === 0,
        reads: [this.#done, this.#placed],
        writes: [signal],
      });
    }
    place.unpark();
  }

  /** A worker ends a task: `Endings.#tell`. */
  #end(steps: Steps, record: number): void {
    const { loadUntil, world } = steps;
    const { reactors } = this.#options;
    if (record === reactors.length - 1) {
      loadUntil(this.#placed, (placed) => placed === 1);
    }
    const mustUnpark = steps.retry(
      this.#states + record,
      () => this.#sharedStates(steps).complete(record, 0),
    );
    steps.retry(this.#done, () => this.#inbox(steps).push(record), {
      reuses: true,
    });
    if (!mustUnpark) return;
    const parking = new Parking(
      { memory: world.buffer as SharedArrayBuffer, at: this.#parking },
      steps.atomics,
    );
    parking.notifyIfParked(() => this.#signal(steps));
  }

  #signal({ atomics, step, world }: Steps): void {
    const target = atomics.load(world, this.#target);
    const [gone, signal] = [this.#gone + target, this.#signals + target];
    expect(
      this.#options.reactors[target] !== "elsewhere",
      "a signal goes to where the pool cannot reach",
    );
    step("signal", () => {
      expect(world[gone] === 0, "a signal to a reactor that is gone");
      world[signal] = 1;
    }, { reads: [gone], writes: [signal] });
  }
}
