import { Inbox } from "../../src/executor/pool/inbox.ts";
import { Life } from "../../src/executor/pool/life.ts";
import type { Model, Round, Steps } from "./model.ts";
import { Places } from "./places.ts";

/** A task that one worker runs and another one waits for. */
export interface Child {
  readonly by: number;
  readonly on: number;
}

/** Workers whose tasks wait for each other, and a shutdown. */
export interface CancellingOptions {
  readonly workers: number;
  readonly children: readonly Child[];
  readonly mistake?: "looks if the pool is closed before it takes its outcomes";
}

/**
 * The protocol of `worker_seat.ts` around a shutdown: a worker cancels its own tasks
 * before they hear that those they wait for were cancelled by others.
 */
export class CancellingModel implements Model {
  readonly words: number;
  readonly names: Readonly<Record<string, number>>;
  readonly threads: Model["threads"];
  readonly #options: CancellingOptions;
  readonly #life: number;
  readonly #done: readonly number[];
  readonly #links: { at: number; stride: number };
  /** By child: whether its end was heard of, by tasks that were there to hear it. */
  readonly #heard: number;
  /** By child: whether it came to a thread whose tasks had been cancelled. */
  readonly #reaped: number;

  constructor(options: CancellingOptions) {
    this.#options = options;
    const { workers, children } = options;
    const places = new Places();
    const numbers = Array.from({ length: workers }, (_, i) => i);
    this.#life = places.word("LIFE");
    this.#done = numbers.map((i) => places.word(`DONE ${i}`));
    this.#links = { at: places.block("LINK", children.length), stride: 1 };
    this.#heard = places.block("HEARD", children.length);
    this.#reaped = places.block("REAPED", children.length);
    this.words = places.words;
    this.names = places.names;
    this.threads = [
      { name: "closer", rounds: [(steps) => this.#lifeOf(steps).close()] },
      ...numbers.map((worker) => ({
        name: `worker ${worker}`,
        rounds: [this.#drain(worker), this.#leave(worker)],
      })),
    ];
  }

  readonly setUp = (world: Int32Array): void => {
    new Life(world, this.#life).wakeUp();
  };

  readonly check = ({ world }: { world: Int32Array }): void => {
    const reaped = new Set<number>();
    const left = world.slice();
    for (const at of this.#done) {
      new Inbox(left, at, this.#links).drain((child) => reaped.add(child));
    }
    this.#options.children.forEach((_, child) => {
      if (world[this.#heard + child] !== 0) {
        throw new Error(`a task heard that child ${child} was cancelled`);
      }
      if (world[this.#reaped + child] === 0 && !reaped.has(child)) {
        throw new Error(`the end of child ${child} is lost`);
      }
    });
  };

  #lifeOf({ words, atomics }: Steps): Life {
    return new Life(words, this.#life, atomics);
  }

  #inbox({ words, atomics }: Steps, worker: number): Inbox {
    return new Inbox(words, this.#done[worker]!, this.#links, atomics);
  }

  /** `WorkerSeat.drain` and `WorkerSeat.receive`, at any time. */
  #drain(worker: number): Round {
    const checksEach = this.#options.mistake === undefined;
    return (steps) => {
      const life = this.#lifeOf(steps);
      if (life.isClosed) return;
      const inbox = this.#inbox(steps, worker);
      inbox.drain((child) => {
        if (checksEach && life.isClosed) inbox.push(child);
        else steps.atomics.store(steps.world, this.#heard + child, 1);
      });
    };
  }

  /** `WorkerExecutor.#leave`: its own tasks first, then what others wait for. */
  #leave(worker: number): Round {
    return (steps) => {
      const { atomics, world } = steps;
      steps.step("sees the shutdown", () => {}, {
        when: () => new Life(world, this.#life).isClosed,
        reads: [this.#life],
      });
      this.#options.children.forEach(({ by, on }, child) => {
        if (on !== worker) return;
        const inbox = this.#inbox(steps, by);
        steps.retry(this.#done[by]!, () => inbox.push(child), { reuses: true });
      });
      this.#inbox(steps, worker).drain((child) => {
        atomics.store(world, this.#reaped + child, 1);
      });
    };
  }
}
