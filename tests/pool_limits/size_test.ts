/** Values that are larger than anybody expects, and those that are too large. */
import { assertEquals, assertThrows } from "@std/assert";
import { Decoder, Encoder } from "../../src/task/codec/mod.ts";
import { Seen } from "../../src/task/codec/seen.ts";

const GIB = 2 ** 30;

Deno.test("an argument that is too large is refused with its number and its size", () => {
  const encoder = new Encoder(2 ** 16);
  const fail = (...args: unknown[]) => {
    const { message } = assertThrows(
      () => encoder.encodeArguments("crunch", args),
      RangeError,
    );
    return message;
  };
  assertEquals(
    fail(1, new Uint8Array(70_000)),
    'Cannot send argument 2 of "crunch": it takes 70028 bytes with what comes ' +
      "before it, and 65536 at most can be sent",
  );
  assertEquals(
    fail("a".repeat(40_000), "b".repeat(40_000)),
    'Cannot send argument 2 of "crunch": it takes 80012 bytes with what comes ' +
      "before it, and 65536 at most can be sent",
  );
  // A buffer of which more is met later travels as a whole.
  const large = new Uint8Array(70_000);
  assertEquals(
    fail(large.subarray(0, 8), large.subarray(8, 16)).slice(0, 30),
    'Cannot send argument 2 of "cru',
  );
  // Nothing of it stays behind.
  const packet = encoder.encodeArguments("crunch", [new Uint8Array(40_000)]);
  assertEquals(packet.length, 40_056);
});

Deno.test("so is a result, and the error that takes its place says so", () => {
  const encoder = new Encoder(2 ** 16);
  assertThrows(
    () => encoder.encodeResult("crunch", new Uint8Array(70_000)),
    RangeError,
    'Cannot send the result of "crunch": it takes 70020 bytes',
  );
});

Deno.test("what is refused as too large has not moved", () => {
  const encoder = new Encoder(2 ** 16);
  const moving = new ArrayBuffer(8);
  assertThrows(
    () =>
      encoder.encodeArguments("crunch", [moving, new Uint8Array(70_000)], [
        moving,
      ]),
    RangeError,
  );
  assertEquals([moving.byteLength, moving.detached], [8, false]);
});

Deno.test("places in a packet of more than 2 GiB are right", () => {
  // Nobody touches these bytes, so they take no memory.
  const large = new Uint8Array(2 * GIB + 1);
  const packet = new Encoder().encodeArguments("crunch", [
    large,
    new Uint8Array(3),
  ]);
  const words = 4 * (1 + 2 * 12);
  const start = Math.ceil(words / 8) * 8;
  assertEquals(packet.length, start + 2 * GIB + 8 + 3);
  packet.discard();
});

Deno.test("a packet is written to memory of more than 2 GiB, and read there", () => {
  const memory = new Uint8Array(2 * GIB + 64);
  const packet = new Encoder().encodeArguments("crunch", ["here", [1.5, 2]]);
  packet.copyTo(memory, 0);
  assertEquals(new Decoder().decode(memory, 0), ["here", [1.5, 2]]);
});

Deno.test("more objects than a Map holds are told apart", () => {
  const seen = new Seen(10);
  const objects = Array.from({ length: 100 }, () => ({}));
  objects.forEach((object, i) => assertEquals(seen.visit(object, i), -1));
  objects.forEach((object, i) => assertEquals(seen.visit(object, 0), i));
  seen.clear();
  assertEquals(seen.visit(objects[50]!, 7), -1);
});
