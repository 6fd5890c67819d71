import { assertEquals } from "@std/assert";
import { Timers } from "../../src/time/mod.ts";
import { TimerTable } from "../../src/time/timer_table.ts";
import { HEADS, MAX_TICK, Wheel } from "../../src/time/wheel.ts";
import { fc } from "./fast_check.ts";
import { made } from "./hostile_values.ts";
import { propertyTest } from "./support.ts";

/** Times are multiples of this, so that their sums are exact. */
const UNIT = 1 / 1024;

/** A timer as a list would have it that is sorted each time. */
interface Entry {
  readonly timer: number;
  readonly order: number;
  /** What was asked for; null once the turn has made a tick of it. */
  request: { ms: number; isInstant: boolean } | null;
  tick: number;
}

/** What `Timers` promises, in the simplest way. */
class Model {
  entries: Entry[] = [];
  #order = 0;
  #elapsed = 0;

  arm(timer: number, ms: number, isInstant: boolean): void {
    const request = { ms, isInstant };
    this.entries.push({ timer, order: this.#order++, request, tick: 0 });
  }

  remove(timer: number): void {
    this.entries = this.entries.filter((entry) => entry.timer !== timer);
  }

  /** The timers that fire at a turn, in their order. */
  turn(time: number): number[] {
    if (this.entries.length === 0) return [];
    const now = Math.floor(time);
    for (const entry of this.entries) {
      if (entry.request === null) continue;
      const { ms, isInstant } = entry.request;
      const due = Math.ceil(isInstant ? ms : time + ms);
      const isDue = isInstant ? ms <= time : ms === 0;
      entry.tick = Math.max(isDue ? Math.min(due, now) : due, this.#elapsed);
      entry.request = null;
    }
    this.#elapsed = now;
    const fired = this.entries.filter(({ tick }) => tick <= now)
      .sort((a, b) => a.tick - b.tick || a.order - b.order)
      .map(({ timer }) => timer);
    for (const timer of fired) this.remove(timer);
    return fired;
  }

  get first(): number {
    return Math.min(...this.entries.map(({ tick }) => tick));
  }
}

/** Durations of all orders of magnitude, those around a slot's border more often. */
const duration = fc.oneof(
  fc.constantFrom(0, UNIT, 1 - UNIT, 1, 63, 64, 65, 4095, 4096, 2 ** 30),
  fc.integer({ min: 0, max: 200 }),
  fc.integer({ min: 0, max: 2 ** 20 }).map((n) => n * UNIT),
  fc.tuple(fc.nat(36), fc.nat(3)).map(([bits, n]) => 2 ** bits + n - 1),
);

const step = fc.oneof(
  { weight: 4, arbitrary: duration.map((ms) => ({ what: "arm", ms })) },
  { weight: 2, arbitrary: duration.map((ms) => ({ what: "arm at", ms })) },
  { weight: 2, arbitrary: duration.map((ms) => ({ what: "rearm", ms })) },
  { weight: 1, arbitrary: fc.nat(50).map((ms) => ({ what: "release", ms })) },
  { weight: 4, arbitrary: duration.map((ms) => ({ what: "turn", ms })) },
);

propertyTest(
  "timers fire as a list does that is sorted each time: never early, at the first turn that may, in the order of their deadlines",
  fc.tuple(
    fc.constantFrom(0, 0.5, 2 ** 30 - 3, 2 ** 36 - 70, 2 ** 40 + UNIT),
    fc.array(step, { maxLength: 60 }),
  ),
  1_000,
  ([start, steps]) => {
    let clock = start;
    const timers = new Timers({ clock: () => clock });
    const model = new Model();
    const held: number[] = [];
    let fired: number[] = [];
    const wakerOf = (id: number) => ({ wake: () => void fired.push(id) });
    /** The timers' own numbers, by those of the model. */
    const numbers = new Map<number, number>();
    let ids = 0;
    for (const { what, ms } of steps) {
      const pick = held[Math.floor(ms) % Math.max(1, held.length)];
      switch (what) {
        case "arm":
        case "arm at": {
          const id = ids++;
          const isInstant = what === "arm at";
          const request = isInstant ? clock + ms - 100 : ms;
          const waker = wakerOf(id);
          numbers.set(
            id,
            isInstant
              ? timers.armAt(request, waker)
              : timers.arm(request, waker),
          );
          held.push(id);
          model.arm(id, request, isInstant);
          break;
        }
        case "rearm":
          if (pick === undefined) break;
          timers.rearm(numbers.get(pick)!, ms);
          timers.setWaker(numbers.get(pick)!, wakerOf(pick));
          model.remove(pick);
          model.arm(pick, ms, false);
          break;
        case "release":
          if (pick === undefined) break;
          timers.release(numbers.get(pick)!);
          held.splice(held.indexOf(pick), 1);
          model.remove(pick);
          break;
        default: {
          clock += ms;
          const expected = model.turn(clock);
          fired = [];
          const wait = timers.turn();
          assertEquals(fired, expected);
          const { first } = model;
          // As short as it likes, but some time, and never too long.
          if (!(wait > 0 && wait <= first - clock)) {
            if (!(wait === Infinity && first === Infinity)) {
              throw new Error(`waits ${wait} ms, of ${first - clock}`);
            }
          }
        }
      }
      assertEquals(timers.size, model.entries.length);
      assertEquals(timers.held, held.length);
    }
    for (const id of held) timers.release(numbers.get(id)!);
    assertEquals([timers.size, timers.held], [0, 0]);
  },
);

propertyTest(
  "a clock that jumps, stands still or says nonsense has no timer fire early, or never",
  fc.array(
    fc.oneof(
      fc.constantFrom(NaN, -1, -Infinity, Infinity, 0, 1e300, 2 ** 53).map(
        made,
      ),
      fc.double().map(made),
      fc.nat(1_000).map(made),
    ),
    { maxLength: 20 },
  ),
  400,
  (readings) => {
    let reading = 0;
    const timers = new Timers({ clock: () => reading });
    let woken = 0;
    const waker = { wake: () => void woken++ };
    const timer = timers.arm(50, waker);
    let latest = 0;
    let armedAt: number | null = null;
    for (const { make } of readings) {
      reading = make() as number;
      if (reading >= latest) latest = reading;
      timers.turn();
      armedAt ??= latest;
      // After 285,000 years there are no more ticks: all that is armed is due.
      const passed = latest < MAX_TICK ? latest - armedAt : Infinity;
      if (woken > 0 && passed < 50) throw new Error("fired early");
      if (woken === 0 && passed >= 51) throw new Error("has not fired");
    }
    timers.release(timer);
    assertEquals(timers.held, 0);
    timers.close();
  },
);

propertyTest(
  "a wheel gives every timer back once, whatever its tick, when it is emptied",
  fc.array(
    fc.oneof(fc.maxSafeNat(), duration.map(Math.ceil), fc.constant(MAX_TICK)),
    { maxLength: 100 },
  ),
  500,
  (ticks) => {
    const table = new TimerTable(HEADS);
    const wheel = new Wheel(table);
    const timers = ticks.map((tick) => {
      const timer = table.add(null);
      wheel.insert(timer, tick);
      return timer;
    });
    const given = ticks.map(() => wheel.takeAny());
    assertEquals(given.sort((a, b) => a - b), timers);
    assertEquals([wheel.takeAny(), wheel.size], [0, 0]);
    assertEquals(wheel.nextExpiration(), Infinity);
  },
);
