import { assertEquals, assertThrows } from "@std/assert";
import { Decoder, Encoder } from "../../src/task/codec/mod.ts";
import { Portable, portable } from "../../mod.ts";
import { build, recipes } from "./codec_values.ts";
import { fc } from "./fast_check.ts";
import { propertyTest } from "./support.ts";

/** As much as a packet in the memory of a pool may have behind it. */
const BYTES = 1 << 16;
const AT = 64;

const encoder = new Encoder();
const decoder = new Decoder();
const memory = new Uint8Array(new SharedArrayBuffer(BYTES));
const words = new Int32Array(memory.buffer);

class Coin {
  static {
    portable(import.meta, this);
  }
  [Portable.encode](): number {
    return 1;
  }
  static [Portable.decode](): Coin {
    return new Coin();
  }
}

/** What is decoded after a failure, to see whether something is left of it. */
function isAsGoodAsNew(): void {
  const packet = encoder.encodeResult("t", [new Coin(), "é", { a: [1] }]);
  packet.copyTo(memory, AT);
  packet.commit();
  const [coin, ...rest] = decoder.decode(memory, AT) as unknown[];
  assertEquals(coin instanceof Coin, true);
  assertEquals(rest, ["é", { a: [1] }]);
}

/** What a value has of buffers, in bytes. */
function bytesOf(value: unknown, seen = new Set<unknown>()): number {
  if (typeof value !== "object" || value === null || seen.has(value)) return 0;
  if (seen.size > 10_000) return 0;
  seen.add(value);
  if (value instanceof ArrayBuffer) return value.byteLength;
  if (ArrayBuffer.isView(value)) return bytesOf(value.buffer, seen);
  const parts = value instanceof Map
    ? [...value.keys(), ...value.values()]
    : value instanceof Set
    ? [...value]
    : Object.values(value);
  return parts.reduce<number>((sum, part) => sum + bytesOf(part, seen), 0);
}

/** Decodes what may be anything: it ends, with a value or an error. */
function decodeAnything(): void {
  let value: unknown;
  try {
    value = decoder.decode(memory, AT);
  } catch (error) {
    if (!(error instanceof Error)) throw new Error("no error was thrown");
    return;
  }
  if (bytesOf(value) > 8 * BYTES) throw new Error("buffers out of nothing");
}

const word = fc.oneof(
  fc.integer(),
  // The first word of some kind, with a small number or the largest.
  fc.tuple(fc.nat(0x3f), fc.constantFrom(0, 1, 2, 5, 0xff_ff_fe, 0xff_ff_ff))
    .map(([kind, n]) => kind | n << 8),
);

/** A change to a packet: which word, and what becomes of it. */
const change = fc.record({
  at: fc.nat(400),
  to: word,
  how: fc.constantFrom("set", "xor", "copy"),
});

propertyTest(
  "a packet some of whose words were changed is decoded to something, or to an error, and the decoder goes on",
  fc.tuple(recipes(true), fc.array(change, { minLength: 1, maxLength: 5 })),
  3_000,
  ([recipe, changes]) => {
    const packet = encoder.encodeResult("t", build(recipe));
    if (packet.length > BYTES - AT) return packet.discard();
    memory.fill(0);
    packet.copyTo(memory, AT);
    const count = packet.length / 4;
    packet.commit();
    for (const { at, to, how } of changes) {
      const place = AT / 4 + at % Math.max(1, Math.floor(count));
      if (how === "set") words[place] = to;
      else if (how === "xor") words[place]! ^= to & -to;
      else words[place] = words[AT / 4 + Math.abs(to) % 50]!;
    }
    decodeAnything();
    isAsGoodAsNew();
  },
);

propertyTest(
  "words of any kind are decoded to something, or to an error, and the decoder goes on",
  fc.array(word, { minLength: 1, maxLength: 200 }),
  3_000,
  (packet) => {
    memory.fill(0);
    words.set(packet, AT / 4);
    decodeAnything();
    isAsGoodAsNew();
  },
);

Deno.test("a buffer that is said to be longer than the memory is an error, before it is made", () => {
  for (const length of [BYTES, 2 ** 33, 2 ** 53, -1, 0.5, NaN, Infinity]) {
    const packet = encoder.encodeResult("t", new ArrayBuffer(8));
    packet.copyTo(memory, AT);
    packet.commit();
    new DataView(memory.buffer).setFloat64(AT + 4, length, true);
    assertThrows(
      () => decoder.decode(memory, AT),
      RangeError,
      "Cannot decode a buffer",
    );
  }
  isAsGoodAsNew();
});

Deno.test("a view on what is no buffer is an error, before an array of that length is made", () => {
  const packet = encoder.encodeResult("t", new Float64Array(2));
  packet.copyTo(memory, AT);
  packet.commit();
  // A double in place of the buffer: 2^30 elements would be 8 GiB.
  words[AT / 4 + 5] = 0x06;
  new DataView(memory.buffer).setFloat64(AT + 24, 2 ** 30, true);
  assertThrows(
    () => decoder.decode(memory, AT),
    TypeError,
    "Cannot decode a view",
  );
  isAsGoodAsNew();
});
