import { Life } from "../../src/executor/pool/life.ts";
import { again, type Model, type Round, type Steps } from "./model.ts";
import { Places } from "./places.ts";

/** A creator that spawns tasks with attachments, and workers that come and go. */
export interface PortsOptions {
  readonly workers: number;
  /** How many tasks it spawns, one after the other. */
  readonly tasks: number;
  /** Whether a thread for blocking tasks has one when all begins. */
  readonly blocking?: boolean;
  /** What they do wrong. */
  readonly mistake?:
    | "closes the ways to workers whose results it has not got"
    | "closes the ways to workers that stay"
    | "sends to workers before it makes sure that they stay"
    | "starts workers before the others have left"
    | "closes ways by which something has come"
    | "does not try to retire again after two tried at once"
    | "has only workers retire";
}

/** What `LIFE` says of a pool without workers. */
const ASLEEP = 0;
/** What it says while somebody makes sure that there is nothing to do. */
const RETIRING = 2;

/**
 * The protocol of `seat.ts`, `pool.ts` and `creator_seat.ts` around the ways by
 * which attachments travel: workers that start get new ones, and the creator closes
 * its own when all have retired. A way is the number of the start that made it.
 */
export class PortsModel implements Model {
  readonly words: number;
  readonly names: Readonly<Record<string, number>>;
  readonly threads: Model["threads"];
  readonly #options: PortsOptions;
  readonly #life: number;
  readonly #spawned: number;
  readonly #ended: number;
  /** The records in the workers' mail, and in the creator's list, as bits. */
  readonly #mail: number;
  readonly #done: number;
  /** How many tasks the creator has spawned and is not done with. */
  readonly #pending: number;
  /** The ways that the creator has, 0: none, and how many were ever made. */
  readonly #ways: number;
  readonly #made: number;
  /** By worker: whether there is a thread, and the ways that it was given. */
  readonly #threads: number;
  readonly #given: number;
  /** By task: the ways by which its arguments went, and its result. */
  readonly #sent: number;
  readonly #returned: number;
  /** Whether there is a thread for blocking tasks. */
  readonly #blocking: number;

  constructor(options: PortsOptions) {
    this.#options = options;
    const { workers, tasks, blocking = false } = options;
    const places = new Places();
    this.#life = places.word("LIFE");
    this.#spawned = places.word("SPAWNED");
    this.#ended = places.word("ENDED");
    this.#mail = places.word("MAIL");
    this.#done = places.word("DONE");
    this.#pending = places.word("PENDING");
    this.#ways = places.word("WAYS");
    this.#made = places.word("MADE");
    this.#threads = places.block("THREAD", workers);
    this.#given = places.block("GIVEN", workers);
    this.#sent = places.block("SENT", tasks);
    this.#returned = places.block("RETURNED", tasks);
    this.#blocking = places.word("BLOCKING");
    this.words = places.words;
    this.names = places.names;
    this.threads = [
      {
        name: "creator",
        rounds: [
          ...Array.from({ length: tasks }, (_, i) => this.#spawning(i)).flat(),
          (steps) => this.#join(steps),
          (steps) => this.#awaitRetirement(steps),
          (steps) => this.#drain(steps),
        ],
      },
      ...Array.from({ length: workers }, (_, worker) => ({
        name: `worker ${worker}`,
        isServant: true,
        rounds: [
          (steps: Steps, hasTried: number) =>
            this.#work(steps, worker, hasTried),
        ],
      })),
      ...(blocking
        ? [{ name: "blocking", rounds: [this.#block, this.#dismiss] }]
        : []),
    ];
  }

  readonly setUp = (world: Int32Array): void => {
    if (!this.#options.blocking) return;
    const { workers } = this.#options;
    new Life(world, this.#life).wakeUp();
    world[this.#spawned] = 1;
    world[this.#blocking] = 1;
    world[this.#made] = 1;
    world[this.#ways] = 1;
    world.fill(1, this.#threads, this.#threads + workers);
    world.fill(1, this.#given, this.#given + workers);
  };

  readonly check = ({ world }: { world: Int32Array }): void => {
    if (world[this.#pending] !== 0) throw new Error("a task has not ended");
    if (world[this.#ways] !== 0) throw new Error("the ways stay open");
  };

  #rules({ words, atomics }: Steps): Life {
    return new Life(words, this.#life, atomics);
  }

  /** `Seat.spawn`, and one look for outcomes after it. */
  #spawning(task: number): Round[] {
    const { mistake } = this.#options;
    const keepAwake: Round[] = [
      (steps) => {
        const life = this.#rules(steps);
        return steps.retry(this.#life, () => life.keepAwake()) ? 1 : 0;
      },
      (steps, isAwake) => {
        if (isAwake === 0) this.#start(steps);
      },
    ];
    const count: Round = ({ atomics, world }) => {
      atomics.add(world, this.#spawned, 1);
      atomics.add(world, this.#pending, 1);
    };
    const send: Round = ({ atomics, world }) => {
      const ways = atomics.load(world, this.#ways);
      if (ways === 0) throw new Error("there is no way to the worker");
      atomics.store(world, this.#sent + task, ways);
    };
    const publish: Round = ({ atomics, world }) => {
      atomics.or(world, this.#mail, 1 << task);
    };
    const hasWays = this.#options.blocking || task > 0;
    return [
      count,
      ...(mistake === "sends to workers before it makes sure that they stay" &&
          hasWays
        ? []
        : keepAwake),
      send,
      publish,
      ...keepAwake,
      (steps) => this.#drain(steps),
    ];
  }

  /** `Pool.start`. */
  #start(steps: Steps): void {
    const { atomics, world } = steps;
    const { workers, mistake } = this.#options;
    const life = this.#rules(steps);
    const isEarly = mistake === "starts workers before the others have left";
    if (life.isAwake) return;
    if (!isEarly) this.#awaitVacant(steps);
    if (!life.wakeUp()) return;
    const ways = atomics.add(world, this.#made, 1) + 1;
    this.#receive(steps, ways);
    atomics.store(world, this.#ways, ways);
    for (let i = 0; i < workers; i++) {
      atomics.store(world, this.#given + i, ways);
      atomics.store(world, this.#threads + i, 1);
    }
  }

  /** `Ports.set`: takes what has come by the old ways. */
  #receive({ step, world }: Steps, ways: number): void {
    const { tasks, mistake } = this.#options;
    if (mistake === "closes ways by which something has come") return;
    const results = Array.from({ length: tasks }, (_, i) => this.#returned + i);
    step("receive", () => {
      for (const at of results) if (world[at] !== 0) world[at] = ways;
    }, { reads: results, writes: results });
  }

  #awaitVacant({ step, world }: Steps): void {
    const threads = [this.#blocking];
    for (let i = 0; i < this.#options.workers; i++) {
      threads.push(this.#threads + i);
    }
    step("threads have left", () => 0, {
      when: () => threads.every((at) => world[at] === 0),
      reads: threads,
    });
  }

  /** `CreatorSeat.drain`. */
  #drain(steps: Steps): void {
    const { atomics, world } = steps;
    const { mistake, tasks } = this.#options;
    const done = atomics.exchange(world, this.#done, 0);
    for (let task = 0; task < tasks; task++) {
      if ((done & 1 << task) === 0) continue;
      const returned = atomics.load(world, this.#returned + task);
      if (atomics.load(world, this.#ways) !== returned) {
        throw new Error(`the result of task ${task} is lost`);
      }
      atomics.sub(world, this.#pending, 1);
    }
    const mustListen = this.#rules(steps).isAwake &&
      mistake !== "closes the ways to workers that stay";
    const isSettled = atomics.load(world, this.#pending) === 0 ||
      mistake === "closes the ways to workers whose results it has not got";
    if (!mustListen && isSettled) atomics.store(world, this.#ways, 0);
  }

  /** Looks for outcomes until there is nothing to wait for. */
  #join(steps: Steps): ReturnType<Round> {
    const { atomics, step, world } = steps;
    if (atomics.load(world, this.#pending) === 0) return;
    step("look again", () => 0, {
      when: () => world[this.#done] !== 0,
      reads: [this.#done],
    });
    this.#drain(steps);
    return again();
  }

  /** Those who retire wake the creator. */
  #awaitRetirement({ loadUntil }: Steps): void {
    loadUntil(this.#life, (word) => word === ASLEEP);
  }

  /** Returns whether somebody else will try. */
  #retire(steps: Steps, worker: number): boolean {
    const { atomics, world } = steps;
    const isIdle = () => {
      const ended = atomics.load(world, this.#ended);
      return atomics.load(world, this.#spawned) === ended;
    };
    if (this.#rules(steps).retire(isIdle, worker)) return true;
    return this.#options.mistake ===
        "does not try to retire again after two tried at once" || !isIdle();
  }

  /** `hasTried`: since its last task, it found that the others are busy. */
  #work(
    steps: Steps,
    worker: number,
    hasTried: number,
  ): ReturnType<Round> {
    const { atomics, step, world } = steps;
    const { tasks, workers } = this.#options;
    const thread = this.#threads + worker;
    step("is there a thread", () => 0, {
      when: () => world[thread] === 1,
      reads: [thread],
    });
    if (!this.#rules(steps).isAwake) {
      atomics.store(world, thread, 0);
      return again(0);
    }
    let own = 0;
    for (let task = worker; task < tasks; task += workers) own |= 1 << task;
    const task = step("take a task", () => {
      const mail = world[this.#mail]! & own;
      if (mail === 0) return -1;
      world[this.#mail]! &= ~(mail & -mail);
      return Math.log2(mail & -mail);
    }, { reads: [this.#mail], writes: [this.#mail] });
    if (task >= 0) {
      const given = atomics.load(world, this.#given + worker);
      if (atomics.load(world, this.#sent + task) !== given) {
        throw new Error(`the arguments of task ${task} are lost`);
      }
      atomics.store(world, this.#returned + task, given);
      atomics.add(world, this.#ended, 1);
      atomics.or(world, this.#done, 1 << task);
      return again(0);
    }
    if (hasTried === 0) {
      if (this.#retire(steps, worker)) return again(1);
      // The next time is a while later. As long as another tries it is in vain.
      steps.loadUntil(this.#life, (word) => (word & 3) !== RETIRING);
      return again(0);
    }
    const phase = () => world[this.#life]! & 3;
    step("sleep", () => 0, {
      when: () => (world[this.#mail]! & own) !== 0 || phase() === ASLEEP,
      reads: [this.#mail, this.#life],
    });
    return again(1);
  }

  /** The end of a task that has blocked its thread. */
  readonly #block: Round = ({ atomics, world }) => {
    atomics.add(world, this.#ended, 1);
  };

  /** Its thread goes when there is no other for a while. */
  readonly #dismiss: Round = (steps) => {
    const { atomics, loadUntil, world } = steps;
    const { mistake, workers } = this.#options;
    const mayStay = mistake !== "has only workers retire";
    if (mayStay && this.#rules(steps).isAwake) {
      if (!this.#retire(steps, workers)) {
        loadUntil(this.#life, (word) => (word & 3) !== RETIRING);
        return again();
      }
    }
    atomics.store(world, this.#blocking, 0);
  };
}
