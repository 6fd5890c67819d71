import {
  assert,
  assertEquals,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { Decoder, Encoder } from "../../../src/task/codec/mod.ts";
import { assertRefused, send, trip } from "./support.ts";

type ViewClass = new (
  buffer: ArrayBuffer,
  byteOffset?: number,
  length?: number,
) => ArrayBufferView;

const CLASSES: ViewClass[] = [
  Uint8Array,
  Int8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  BigInt64Array,
  BigUint64Array,
  Float16Array,
  Float32Array,
  Float64Array,
  DataView,
];

/** Bytes that tell where they are. */
function numbered(length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, i) => i);
}

function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

for (const viewClass of CLASSES) {
  Deno.test(`a ${viewClass.name} arrives as a copy of its bytes`, () => {
    const { buffer } = numbered(32);
    const view = new viewClass(buffer, 8, 2);
    const arrived = trip(view);
    assertStrictEquals(Object.getPrototypeOf(arrived), viewClass.prototype);
    assertEquals(bytesOf(arrived), bytesOf(view));
    assertEquals(
      [arrived.byteOffset, arrived.buffer.byteLength],
      [0, view.byteLength],
    );
    assert(arrived.buffer !== buffer);
    assertEquals(trip(new viewClass(new ArrayBuffer(0))).byteLength, 0);
  });
}

Deno.test("an ArrayBuffer arrives as a copy, of any size", () => {
  for (const length of [0, 1, 7, 8, 9, 1_000, 1_000_003]) {
    const { buffer } = numbered(length);
    const arrived = trip(buffer);
    assertEquals(new Uint8Array(arrived), new Uint8Array(buffer));
  }
});

Deno.test("a node:buffer Buffer arrives as a Uint8Array", async () => {
  const { Buffer } = await import("node:buffer");
  assertEquals(trip([Buffer.from("abc")]), [new Uint8Array([97, 98, 99])]);
});

Deno.test("views of one buffer share it afterwards, in any order", () => {
  const { buffer } = numbered(64);
  const a = new Uint8Array(buffer, 4, 8);
  const b = new Uint16Array(buffer, 10, 3);
  for (const values of [[a, b], [b, a], [a, b, buffer], [buffer, a, b]]) {
    const arrived = send([values, "and more"])[0] as (ArrayBufferView)[];
    const views = arrived.filter((value) => ArrayBuffer.isView(value));
    assertStrictEquals(views[0]!.buffer, views[1]!.buffer);
    assertEquals(new Uint8Array(views[0]!.buffer), numbered(64));
    for (const [i, view] of views.entries()) {
      const sent = values.filter((value) => ArrayBuffer.isView(value))[i]!;
      assertEquals(view.byteOffset, sent.byteOffset);
      assertEquals(view.byteLength, sent.byteLength);
    }
  }
});

Deno.test("one view in two places carries its bytes alone", () => {
  const view = numbered(1_000).subarray(10, 13);
  const [a, b] = trip([view, view]);
  assertStrictEquals(a, b);
  assertEquals(a!.buffer.byteLength, 3);
  assertEquals(a, numbered(1_000).subarray(10, 13));
});

Deno.test("a buffer that can grow still can, when it travels whole", () => {
  const buffer = new ArrayBuffer(4, { maxByteLength: 16 });
  const arrived = trip(buffer);
  assertEquals([arrived.byteLength, arrived.maxByteLength], [4, 16]);
  assertEquals(trip(new ArrayBuffer(4)).resizable, false);
});

Deno.test("many buffers among other values keep apart", () => {
  const values = Array.from({ length: 100 }, (_, i) => [
    numbered(i),
    `text ${i}`,
    i / 3,
  ]);
  assertEquals(trip(values), values);
});

Deno.test("a SharedArrayBuffer is shared, and so are its views", () => {
  const shared = new SharedArrayBuffer(16);
  const view = new Int32Array(shared, 4, 2);
  const encoder = new Encoder();
  const packet = encoder.encodeArguments("crunch", [{ shared, view }, shared]);
  assertEquals(packet.attachments, [shared]);
  assertEquals([...packet.transfer], []);
  const memory = new Uint8Array(new SharedArrayBuffer(256));
  packet.copyTo(memory, 0);
  const [first, second] = new Decoder().decode(
    memory,
    0,
    packet.attachments,
  ) as [{ shared: SharedArrayBuffer; view: Int32Array }, SharedArrayBuffer];
  assertStrictEquals(first.shared, shared);
  assertStrictEquals(second, shared);
  assertStrictEquals(first.view.buffer, shared);
  assertEquals([first.view.byteOffset, first.view.length], [4, 2]);
});

Deno.test("a transferred buffer moves, and its views with it", () => {
  const { buffer } = numbered(16);
  const view = new Uint8Array(buffer, 4, 4);
  const [a, b] = send([view, { buffer }], [buffer]) as [
    Uint8Array,
    { buffer: ArrayBuffer },
  ];
  assertStrictEquals(a.buffer, b.buffer);
  assertEquals([...a], [4, 5, 6, 7]);
  assert(buffer.detached);
});

Deno.test("what is transferred goes along, even if no argument has it", () => {
  const buffer = new ArrayBuffer(4);
  assertEquals(send([1], [buffer]), [1]);
  assert(buffer.detached);
});

Deno.test("other objects that can be transferred go along", () => {
  const { port1, port2 } = new MessageChannel();
  const encoder = new Encoder();
  const packet = encoder.encodeArguments("crunch", [{ port1 }], [port1]);
  assertEquals(packet.attachments, [port1]);
  assertEquals([...packet.transfer], [port1]);
  port1.close();
  port2.close();
});

Deno.test("what cannot be transferred is refused", () => {
  const gone = new ArrayBuffer(1);
  gone.transfer();
  const twice = new ArrayBuffer(1);
  const cases: [unknown[], string][] = [
    [[5], 'item 1 to "crunch": it is 5, which cannot be transferred'],
    [
      [twice, new SharedArrayBuffer(1)],
      'item 2 to "crunch": it is a SharedArrayBuffer, which is shared as it is',
    ],
    [
      [gone],
      'item 1 to "crunch": it is an ArrayBuffer that was transferred before',
    ],
    [[twice, twice], 'item 2 to "crunch": it is in the list twice'],
  ];
  for (const [transfer, message] of cases) {
    const error = assertThrows(
      () => send([], transfer as Transferable[]),
      TypeError,
    );
    assertEquals(error.message, `Cannot transfer ${message}`);
  }
});

Deno.test("a buffer that was transferred before cannot be sent", () => {
  const gone = new ArrayBuffer(1);
  const view = new Uint8Array(gone);
  gone.transfer();
  assertRefused(
    [{ gone }],
    'Cannot send argument 1 of "crunch": .gone is an ArrayBuffer ' +
      "that was transferred before",
  );
  assertRefused(
    [[view]],
    'Cannot send argument 1 of "crunch": [0] is a view on an ArrayBuffer ' +
      "that was transferred before",
  );
});

Deno.test("a string too long for the first word of its value arrives", () => {
  const text = "abcdefgh".repeat(1 << 21);
  const packet = new Encoder().encodeArguments("crunch", [text, "end"]);
  const memory = new Uint8Array(new SharedArrayBuffer(packet.length));
  packet.copyTo(memory, 0);
  const [arrived, end] = new Decoder().decode(memory, 0) as string[];
  assert(arrived === text);
  assertEquals(end, "end");
});
