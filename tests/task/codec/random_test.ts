import { assert, assertEquals } from "@std/assert";
import { Decoder, Encoder } from "../../../src/task/codec/mod.ts";
import { difference, RandomValues } from "./random_values.ts";
import { trip, tripResult } from "./support.ts";

const SEEDS = [1, 2, 3, 4];
const VALUES = 500;

for (const seed of SEEDS) {
  Deno.test(`random values arrive as they are, and as structuredClone has them, with seed ${seed}`, () => {
    const values = new RandomValues(seed);
    for (let i = 0; i < VALUES; i++) {
      const value = values.next(1 + i / 4);
      const arrived = i % 2 === 0 ? trip(value) : tripResult(value);
      assertEquals(difference(value, arrived), null, `value ${i}`);
      assertEquals(
        difference(structuredClone(value), arrived),
        null,
        `value ${i}, cloned`,
      );
    }
  });
}

Deno.test("the comparison of random values sees what differs", () => {
  const shared = {};
  const different: [unknown, unknown][] = [
    [0, -0],
    [[shared, shared], [shared, {}]],
    [[1], { 0: 1 }],
    [[undefined], new Array(1)],
    [new Map([[1, 2]]), new Map([[1, 3]])],
    [new Error("a"), new Error("b")],
    [new Uint8Array([1]), new Uint8Array([2])],
    [{ a: 1, b: 2 }, { b: 2, a: 1 }],
  ];
  for (const [a, b] of different) assert(difference(a, b) !== null);
});

Deno.test("packets side by side in one memory do not disturb each other", () => {
  const values = new RandomValues(9);
  const encoder = new Encoder();
  const decoder = new Decoder();
  const memory = new Uint8Array(new SharedArrayBuffer(1 << 20)).fill(0xee);
  const packets: { value: unknown; at: number }[] = [];
  let at = 8;
  for (let i = 0; i < 100; i++) {
    const value = values.next(10);
    const packet = encoder.encodeResult("crunch", value);
    packet.copyTo(memory, at);
    packets.push({ value, at });
    const end = at + packet.length;
    at = end + 7 & ~7;
    // Nothing is written behind a packet.
    assert(memory.subarray(end, end + 64).every((byte) => byte === 0xee));
  }
  for (const { value, at } of packets) {
    assertEquals(difference(value, decoder.decode(memory, at)), null);
  }
});
