/** Queues whose indices, which count on for ever, pass the ends of 32 bits. */
import { assertEquals } from "@std/assert";
import { Injector } from "../../src/executor/pool/injector.ts";
import { NONE, TaskDeque } from "../../src/executor/pool/task_deque.ts";
import { seededRandom } from "../time_support.ts";

const CAPACITY = 8;

/** The indices of the two ends, in both queues: of the oldest and of the next. */
const [OLDEST, NEXT] = [0, 16];

/** Where the places of an injector begin, of two words each. */
const CELLS = 32;

/** From just before where an index turns negative, comes back to 0, or passes it. */
const STARTS = [2 ** 31 - 5, 2 ** 32 - 5, 2 ** 31 - 1, 2 ** 32 - 1, 0];

for (const start of STARTS) {
  Deno.test(`a deque does what an array does from index ${start} on, thefts included`, () => {
    const random = seededRandom(start);
    const words = new Int32Array(
      new SharedArrayBuffer(4 * TaskDeque.size(CAPACITY)),
    );
    words[OLDEST] = words[NEXT] = start;
    const deque = new TaskDeque(words, 0, CAPACITY);
    const expected: number[] = [];
    const mostly = { push: 0.6, pop: 0.8 };
    for (let task = 0; task < 2_000; task++) {
      const what = random();
      if (what < mostly.push) {
        const hasRoom = expected.length < CAPACITY;
        assertEquals([deque.hasRoom, deque.push(task)], [hasRoom, hasRoom]);
        if (hasRoom) expected.push(task);
      } else if (what < mostly.pop) {
        assertEquals(deque.peek(), expected.at(-1) ?? NONE);
        assertEquals(deque.pop(), expected.pop() ?? NONE);
      } else {
        assertEquals(deque.steal(), expected.shift() ?? NONE);
      }
      assertEquals(deque.length, expected.length);
    }
  });

  Deno.test(`a theft takes half of a deque, rounded up, from index ${start} on`, () => {
    for (let count = 0; count <= CAPACITY; count++) {
      const [victim, own] = [start, start].map((index) => {
        const words = new Int32Array(
          new SharedArrayBuffer(4 * TaskDeque.size(CAPACITY)),
        );
        words[OLDEST] = words[NEXT] = index;
        return new TaskDeque(words, 0, CAPACITY);
      }) as [TaskDeque, TaskDeque];
      for (let task = 0; task < count; task++) victim.push(task);
      const half = Math.ceil(count / 2);
      assertEquals(victim.stealHalfInto(own), count === 0 ? NONE : 0);
      assertEquals([own.length, victim.length], [
        Math.max(0, half - 1),
        count - half,
      ]);
      // The oldest were taken, in their order, and the newest are left.
      for (let task = 1; task < half; task++) assertEquals(own.steal(), task);
      for (let task = half; task < count; task++) {
        assertEquals(victim.steal(), task);
      }
    }
  });

  Deno.test(`an injector does what an array does from index ${start} on, one by one and in batches`, () => {
    const random = seededRandom(start);
    const words = new Int32Array(
      new SharedArrayBuffer(4 * Injector.size(CAPACITY)),
    );
    words[OLDEST] = words[NEXT] = start;
    // As it is after so many tasks: each place has its next index, less the place.
    for (let index = start; index < start + CAPACITY; index++) {
      const place = index % CAPACITY;
      words[CELLS + 2 * place] = index - place;
    }
    const injector = new Injector(words, 0, CAPACITY);
    const expected: number[] = [];
    const into = new Int32Array(CAPACITY);
    for (let task = 0; task < 2_000; task++) {
      const what = random();
      if (what < 0.6) {
        const hasRoom = expected.length < CAPACITY;
        assertEquals(injector.push(task), hasRoom);
        if (hasRoom) expected.push(task);
      } else if (what < 0.8) {
        assertEquals(injector.pop(), expected.shift() ?? NONE);
      } else {
        const most = 1 + Math.floor(CAPACITY * random());
        const count = injector.popMany(most, into);
        assertEquals([...into.subarray(0, count)], expected.splice(0, most));
      }
      assertEquals(injector.length, expected.length);
    }
  });
}
