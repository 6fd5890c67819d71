import { setImmediate } from "node:timers";
import { Random } from "./random.ts";
import type { Kind, Soak } from "./soak.ts";
import { LANE_WORDS } from "./watchdog.ts";

/**
 * Who acts: lanes side by side, each of which does one action after another. What a
 * lane does follows from its seed alone.
 */
export class Lanes {
  /** For the watchdog, with the names of what can be under way. */
  readonly memory: SharedArrayBuffer;
  readonly names: readonly string[];
  readonly #words: Int32Array;
  readonly #soak: Soak;
  readonly #kinds: readonly Kind[];
  readonly #weight: number;
  readonly #count: number;
  /** How often each kind was done, and how long it took, in milliseconds. */
  readonly done = new Map<string, { count: number; ms: number }>();
  #isStopped = false;
  /** While they rest: settles when they may go on. */
  #gate: Promise<void> | null = null;
  #busy = 0;
  #onRest: (() => void) | null = null;

  constructor(soak: Soak, kinds: readonly Kind[], count: number) {
    this.#soak = soak;
    this.#kinds = kinds;
    this.#count = count;
    this.#weight = kinds.reduce((sum, { weight }) => sum + weight, 0);
    // One more, for what is done while they rest.
    this.memory = new SharedArrayBuffer(4 * LANE_WORDS * (count + 1));
    this.#words = new Int32Array(this.memory);
    this.names = [...kinds.map(({ name }) => name), "the look at rest"];
    for (const { name } of kinds) this.done.set(name, { count: 0, ms: 0 });
  }

  /** Acts until it is stopped. */
  async run(seed: number): Promise<void> {
    const seeds = new Random(seed);
    await Promise.all(
      Array.from(
        { length: this.#count },
        (_, lane) => this.#runLane(lane, new Random(seeds.seed())),
      ),
    );
  }

  /** No further action begins. */
  stop(): void {
    this.#isStopped = true;
  }

  /** Does something while no action is under way. */
  async rest(fn: () => Promise<void>): Promise<void> {
    const gate = Promise.withResolvers<void>();
    this.#gate = gate.promise;
    try {
      if (this.#busy > 0) {
        await new Promise<void>((resolve) => this.#onRest = resolve);
      }
      Atomics.store(
        this.#words,
        LANE_WORDS * this.#count,
        this.#kinds.length + 1,
      );
      await fn();
    } finally {
      Atomics.store(this.#words, LANE_WORDS * this.#count, 0);
      this.#gate = null;
      gate.resolve();
    }
  }

  async #runLane(lane: number, random: Random): Promise<void> {
    while (!this.#isStopped) {
      if (this.#gate !== null) {
        await this.#gate;
        continue;
      }
      const kind = this.#choose(random);
      const words = this.#words;
      Atomics.store(words, LANE_WORDS * lane, kind + 1);
      this.#busy++;
      await this.#act(this.#kinds[kind]!, random.seed());
      this.#busy--;
      Atomics.add(words, LANE_WORDS * lane + 1, 1);
      Atomics.store(words, LANE_WORDS * lane, 0);
      if (this.#busy === 0) {
        this.#onRest?.();
        this.#onRest = null;
      }
      // Lanes that only block would keep Deno's loop from turning.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  #choose(random: Random): number {
    let at = random.next() * this.#weight;
    const kind = this.#kinds.findIndex(({ weight }) => (at -= weight) < 0);
    return Math.max(0, kind);
  }

  async #act(kind: Kind, seed: number): Promise<void> {
    const start = performance.now();
    try {
      await kind.run(this.#soak, new Random(seed));
    } catch (error) {
      this.#soak.complain(`${kind.name} (${seed}): ${described(error)}`);
    }
    const done = this.done.get(kind.name)!;
    done.count++;
    done.ms += performance.now() - start;
    this.#soak.counters.actions++;
  }
}

function described(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? "" : ` (${described(error.cause)})`;
  return `${error.stack ?? error}${cause}`;
}
