import { assert, assertEquals } from "@std/assert";
import { Pace } from "../../src/executor/pool/pace.ts";

/** Looks each `every` ms, while a task ends each `each` ms; counts the pauses. */
class Watch {
  readonly pace = new Pace();
  now = 0;
  #spawned = 0;

  /** Looks at the end of so many milliseconds in which nothing is out. */
  idle(ms: number): boolean {
    this.now += ms;
    return this.pace.look(this.#spawned, 0, this.now);
  }

  /** Spawns so many tasks, and waits for all. */
  batch(size: number, each: number, every: number): number {
    const began = this.now;
    this.#spawned += size;
    this.pace.look(this.#spawned, size, began);
    let pauses = 0;
    for (let pending = size; pending > 0;) {
      this.now += every;
      pending = Math.max(0, size - Math.floor((this.now - began) / each));
      if (this.pace.look(this.#spawned, pending, this.now)) pauses++;
    }
    return pauses;
  }
}

Deno.test("nobody pauses before it is known what an outcome takes", () => {
  const pace = new Pace();
  assertEquals(pace.look(100_000, 100_000, 0), false);
  assertEquals(pace.look(100_000, 99_990, 10), false);
  // A window is full.
  assertEquals(pace.look(100_000, 99_936, 64), true);
});

Deno.test("who waits for many tasks of a microsecond pauses, but not for the last ones", () => {
  const watch = new Watch();
  const pauses = watch.batch(10_000, 0.002, 0.02);
  // 1,000 looks, of which those before the first window and after the last 0.2 ms
  // bring no pause.
  assert(pauses > 900 && pauses < 1_000, `${pauses} pauses`);
});

Deno.test("who waits for tasks that take next to nothing looks all the time", () => {
  const watch = new Watch();
  for (let n = 0; n < 10; n++) {
    assertEquals(watch.batch(10_000, 0.001, 0.01), 0);
  }
});

Deno.test("who waits for few tasks, however long, looks all the time", () => {
  const watch = new Watch();
  watch.batch(1_000, 0.01, 0.05);
  assertEquals(watch.batch(20, 0.01, 0.01), 0);
});

Deno.test("tasks that have become shorter are noticed after some windows", () => {
  const watch = new Watch();
  watch.batch(10_000, 0.002, 0.02);
  const pauses = watch.batch(10_000, 0.0005, 0.005);
  assert(pauses > 0 && pauses < 100, `${pauses} pauses`);
  assertEquals(watch.batch(10_000, 0.0005, 0.005), 0);
});

Deno.test("the time in which nothing is out, or others are spawned, does not count", () => {
  const watch = new Watch();
  for (let n = 0; n < 20; n++) {
    assertEquals(watch.batch(1_000, 0.001, 0.01), 0);
    // A look in vain, and then the program computes.
    assertEquals(watch.idle(1_000), false);
  }
});

Deno.test("when a pool has gone, and its count with it, measuring goes on", () => {
  const pace = new Pace();
  pace.look(1_000_000, 1_000, 0);
  pace.look(1_000, 1_000, 1);
  pace.look(1_000, 968, 2);
  assertEquals(pace.look(1_000, 936, 3), true);
});
