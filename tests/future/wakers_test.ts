import { assertEquals, assertStrictEquals } from "@std/assert";
import {
  addWaker,
  removeWaker,
  wakeAll,
  type Wakers,
  WakerSet,
} from "../../src/future/waker_set.ts";
import { CountingWaker } from "./support.ts";

Deno.test("one waker is kept as it is, however often it is added", () => {
  const waker = new CountingWaker();
  const wakers = addWaker(addWaker(null, waker), waker);
  assertStrictEquals(wakers, waker);
  wakeAll(wakers);
  assertEquals(waker.count, 1);
});

Deno.test("several wakers are each woken once, and none are no error", () => {
  const all = [0, 1, 2].map(() => new CountingWaker());
  let wakers: Wakers = null;
  for (const waker of [...all, ...all]) wakers = addWaker(wakers, waker);
  assertEquals(wakers instanceof WakerSet && wakers.size, 3);
  wakeAll(wakers);
  wakeAll(null);
  assertEquals(all.map(({ count }) => count), [1, 1, 1]);
});

Deno.test("wakers that were all removed leave nothing, and others stay", () => {
  const [a, b] = [new CountingWaker(), new CountingWaker()];
  assertEquals(removeWaker(null, a), null);
  assertStrictEquals(removeWaker(a, b), a);
  assertEquals(removeWaker(a, a), null);
  const both = addWaker(a, b);
  const left = removeWaker(both, a);
  wakeAll(left);
  assertEquals([a.count, b.count], [0, 1]);
  assertEquals(removeWaker(addWaker(left, b), b), null);
});
