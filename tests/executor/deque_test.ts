import { assert, assertEquals } from "@std/assert";
import { Deque } from "../../src/executor/deque.ts";
import { seededRandom } from "../time_support.ts";

/** Runs random operations on a deque and on an array; `bias` makes it fill up. */
function compare(seed: number, operations: number, bias: number): void {
  const random = seededRandom(seed);
  const deque = new Deque<number>();
  const model: number[] = [];
  for (let i = 0; i < operations; i++) {
    const choice = random();
    if (choice < bias) {
      deque.pushBack(i);
      model.push(i);
    } else if (choice < (1 + bias) / 2) {
      assertSame(deque.popFront(), model.shift());
    } else {
      assertSame(deque.popBack(), model.pop());
    }
    assertSame(deque.length, model.length);
    assertSame(deque.peekBack(), model.at(-1));
  }
  while (model.length > 0) assertSame(deque.popFront(), model.shift());
  assertSame(deque.popFront(), undefined);
}

/** `assertEquals` costs a microsecond even when it has nothing to say. */
function assertSame(actual: unknown, expected: unknown): void {
  if (actual !== expected) assertEquals(actual, expected);
}

Deno.test("a deque does what an array does, over random operations", () => {
  for (const bias of [0.2, 0.5, 0.55, 0.8]) {
    for (let round = 0; round < 10; round++) {
      const seed = Math.floor(Math.random() * 2 ** 32);
      try {
        compare(seed, 20_000, bias);
      } catch (error) {
        console.error(`with compare(${seed}, 20_000, ${bias}):`);
        throw error;
      }
    }
  }
});

Deno.test("a deque grows wherever its head is, and keeps the order", () => {
  for (let head = 0; head < 70; head++) {
    const deque = new Deque<number>();
    for (let i = 0; i < head; i++) {
      deque.pushBack(-1);
      deque.popFront();
    }
    for (let i = 0; i < 300; i++) deque.pushBack(i);
    for (let i = 0; i < 300; i++) assertSame(deque.popFront(), i);
    assertEquals(deque.length, 0);
  }
});

Deno.test("an empty deque gives nothing, from either end, and stays usable", () => {
  const deque = new Deque<string>();
  for (let i = 0; i < 200; i++) {
    assertEquals([deque.popFront(), deque.popBack()], [undefined, undefined]);
    assertEquals([deque.peekBack(), deque.length], [undefined, 0]);
    deque.pushBack("only");
    assertEquals(deque.peekBack(), "only");
    assertEquals(i % 2 === 0 ? deque.popBack() : deque.popFront(), "only");
  }
});

Deno.test("a million items pass through a short deque, and a long one gives all back", () => {
  const deque = new Deque<number>();
  for (let i = 0; i < 1_000_000; i++) {
    deque.pushBack(i);
    if (i >= 50) assertSame(deque.popFront(), i - 50);
  }
  assertEquals(deque.length, 50);
  for (let i = 0; i < 1_000_000; i++) deque.pushBack(i);
  for (let i = 999_999; i >= 0; i--) assertSame(deque.popBack(), i);
  assert(deque.length === 50);
});
