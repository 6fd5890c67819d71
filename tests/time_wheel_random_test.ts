import { assertEquals } from "@std/assert";
import { NO_TIMER, TimerTable } from "../src/time/timer_table.ts";
import { HEADS, MAX_TICK, Wheel } from "../src/time/wheel.ts";
import { seededRandom } from "./time_support.ts";

/** What a wheel must do, in the simplest way: a list that is sorted each time. */
class Model {
  #entries: { timer: number; key: number; order: number }[] = [];
  #order = 0;
  elapsed = 0;

  get size(): number {
    return this.#entries.length;
  }

  get first(): number {
    return Math.min(...this.#entries.map((entry) => entry.key));
  }

  insert(timer: number, tick: number): boolean {
    const key = Math.max(tick, this.elapsed);
    this.#entries.push({ timer, key, order: this.#order++ });
    return tick > this.elapsed;
  }

  cancel(timer: number): void {
    this.#entries = this.#entries.filter((entry) => entry.timer !== timer);
  }

  pick(random: () => number): number {
    return this.#entries[Math.floor(random() * this.#entries.length)]!.timer;
  }

  pop(now: number): number {
    this.#entries.sort((a, b) => a.key - b.key || a.order - b.order);
    const entry = this.#entries[0];
    if (entry === undefined || entry.key > Math.max(now, this.elapsed)) {
      this.elapsed = Math.max(now, this.elapsed);
      return NO_TIMER;
    }
    this.elapsed = entry.key;
    this.#entries.shift();
    return entry.timer;
  }
}

/** The same operations on a wheel and on the model. */
class Pair {
  readonly #random: () => number;
  readonly #table = new TimerTable(HEADS);
  readonly #wheel = new Wheel(this.#table);
  readonly #model = new Model();
  readonly #what: string;

  constructor(start: number, seed: number) {
    this.#what = `start ${start}, seed ${seed}`;
    this.#random = seededRandom(seed);
    this.#wheel.pop(start);
    this.#model.pop(start);
  }

  /** A distance in ticks, of a random order of magnitude. */
  #distance(maxBits: number): number {
    const bits = Math.floor(this.#random() * (maxBits + 1));
    return Math.floor(this.#random() * 2 ** bits);
  }

  insert(): void {
    const ahead = this.#distance(38) - (this.#random() < 0.1 ? 3 : 0);
    const elapsed = this.#model.elapsed;
    // One in four at a round tick, where slots of higher levels begin.
    const unit = this.#random() < 0.25
      ? 64 ** Math.floor(this.#random() * 6)
      : 1;
    const tick = Math.min(Math.ceil((elapsed + ahead) / unit) * unit, MAX_TICK);
    const timer = this.#table.add(null);
    const expected = this.#model.insert(timer, tick);
    assertEquals(this.#wheel.insert(timer, tick), expected, this.#what);
  }

  cancel(): void {
    if (this.#model.size === 0) return;
    const timer = this.#model.pick(this.#random);
    this.#model.cancel(timer);
    this.#wheel.cancel(timer);
    this.#table.remove(timer);
  }

  advance(): void {
    const elapsed = this.#model.elapsed;
    const to = this.#random() < 0.3
      ? Math.min(this.#wheel.nextExpiration(), elapsed + 2 ** 36)
      : elapsed + this.#distance(37);
    const now = Math.min(to, MAX_TICK);
    for (;;) {
      const expected = this.#model.pop(now);
      const timer = this.#wheel.pop(now);
      if (timer !== expected) {
        assertEquals(timer, expected, `${this.#what}, now ${now}`);
      }
      this.check();
      if (timer === NO_TIMER) return;
      this.#table.remove(timer);
      // What a waker may do between two pops.
      if (this.#random() < 0.3) this.insert();
      if (this.#random() < 0.3) this.cancel();
    }
  }

  step(): void {
    const dice = this.#random();
    if (dice < 0.5) this.insert();
    else if (dice < 0.7) this.cancel();
    else this.advance();
    this.check();
  }

  check(): void {
    const { size, elapsed, first } = this.#model;
    const next = this.#wheel.nextExpiration();
    const inOrder = this.#wheel.size === size &&
      this.#table.count >= size &&
      this.#wheel.elapsed === elapsed &&
      next <= first && next >= elapsed && (next === Infinity) === (size === 0);
    if (inOrder) return;
    const wheel = { size: this.#wheel.size, elapsed: this.#wheel.elapsed };
    assertEquals(
      { ...wheel, next },
      { size, elapsed, next: first },
      this.#what,
    );
  }
}

const STARTS = [
  0,
  2 ** 31 - 5,
  2 ** 32 - 5,
  2 ** 36 - 5,
  2 ** 36 - 2 ** 30 - 5,
  2 ** 52 - 5,
  2 ** 53 - 2 ** 44,
  MAX_TICK - 2 ** 20,
];

for (const start of STARTS) {
  Deno.test(`the wheel does what a sorted list does, from tick ${start}`, () => {
    // The same ones each time, and one that was never tried; its number is in the
    // message if it fails.
    const fresh = Math.floor(Math.random() * 2 ** 31);
    for (const seed of [1, 2, 3, 4, 5, 6, 7, 8, fresh]) {
      const pair = new Pair(start, seed);
      for (let i = 0; i < 1_500; i++) pair.step();
    }
  });
}
