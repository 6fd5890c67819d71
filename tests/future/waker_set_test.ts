import { assertEquals } from "@std/assert";
import { type Waker, WakerSet } from "../../src/future/mod.ts";
import { CountingWaker } from "./support.ts";
import { seededRandom } from "../time_support.ts";

Deno.test("a set holds each waker once and wakes them oldest first", () => {
  const order: number[] = [];
  const wakers = [0, 1, 2, 3].map((n): Waker => ({
    wake: () => void order.push(n),
  }));
  const set = new WakerSet();
  assertEquals([...wakers, ...wakers].map((waker) => set.add(waker)), [
    true,
    true,
    true,
    true,
    false,
    false,
    false,
    false,
  ]);
  assertEquals([set.size, set.isEmpty], [4, false]);
  set.wakeAll();
  assertEquals([order, set.size, set.isEmpty], [[0, 1, 2, 3], 0, true]);
  set.wakeAll();
  assertEquals(order.length, 4);
});

Deno.test("wakers that add themselves again while all are woken stay for the next time", () => {
  const set = new WakerSet();
  let wakes = 0;
  const eager: Waker = {
    wake() {
      wakes++;
      set.add(eager);
    },
  };
  const other = new CountingWaker();
  set.add(eager);
  set.add(other);
  set.wakeAll();
  assertEquals([wakes, other.count, set.size], [1, 1, 1]);
  set.wakeAll();
  assertEquals([wakes, other.count, set.size], [2, 1, 1]);
});

Deno.test("a waker that takes others out while all are woken comes too late", () => {
  const set = new WakerSet();
  const other = new CountingWaker();
  set.add({ wake: () => void set.delete(other) });
  set.add(other);
  set.wakeAll();
  assertEquals([other.count, set.size], [1, 0]);
});

Deno.test("a set does what an array without duplicates does, over random operations", () => {
  const seed = Math.floor(Math.random() * 2 ** 32);
  const random = seededRandom(seed);
  const order: number[] = [];
  const wakers = Array.from(
    { length: 8 },
    (_, n): Waker => ({ wake: () => void order.push(n) }),
  );
  const set = new WakerSet();
  let model: number[] = [];
  for (let i = 0; i < 50_000; i++) {
    const n = Math.floor(8 * random());
    const choice = random();
    const message = `seed ${seed}, operation ${i}`;
    if (choice < 0.5) {
      const added = !model.includes(n);
      if (added) model.push(n);
      if (set.add(wakers[n]!) !== added) assertEquals(!added, added, message);
    } else if (choice < 0.95) {
      const had = model.includes(n);
      model = model.filter((other) => other !== n);
      if (set.delete(wakers[n]!) !== had) assertEquals(!had, had, message);
    } else {
      set.wakeAll();
      assertEquals(order.splice(0), model, message);
      model = [];
    }
    if (set.size !== model.length || set.isEmpty !== (model.length === 0)) {
      assertEquals(set.size, model.length, message);
    }
  }
});
