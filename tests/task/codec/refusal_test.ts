import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { sleep } from "../../../src/time/mod.ts";
import { Encoder, MAX_DEPTH } from "../../../src/task/codec/mod.ts";
import { assertRefused, send, trip } from "./support.ts";

class Plain {}
class Sub extends Map {}
function* generate() {}
async function* generateAsync() {}
const NOT_PORTABLE = "a class that does not say how it travels: " +
  "make it portable() with [Portable.encode] and [Portable.decode]";
const STAYS = "which stays on its thread";

const REFUSED: [unknown, string][] = [
  [() => {}, `is a function, ${STAYS}`],
  [class {}, `is a function, ${STAYS}`],
  [Symbol("a"), `is a symbol, ${STAYS}`],
  [generate(), `is a generator or an iterator, ${STAYS}`],
  [[].values(), `is a generator or an iterator, ${STAYS}`],
  [generateAsync(), `is an async generator, ${STAYS}`],
  [Promise.resolve(), `is a Promise, ${STAYS}`],
  [sleep(1), `is a future, ${STAYS}`],
  [new WeakMap(), `is a WeakMap, ${STAYS}`],
  [new WeakSet(), `is a WeakSet, ${STAYS}`],
  [new WeakRef({}), `is a WeakRef, ${STAYS}`],
  [
    new FinalizationRegistry(() => {}),
    `is a FinalizationRegistry, ${STAYS}`,
  ],
  [new Plain(), `is an instance of Plain, ${NOT_PORTABLE}`],
  [new Sub(), `is an instance of Sub, ${NOT_PORTABLE}`],
  [
    new (class extends Array {})(),
    `is an instance of a class without a name, ${NOT_PORTABLE}`,
  ],
  [new URL("a:b"), `is an instance of URL, ${NOT_PORTABLE}`],
  [new ReadableStream(), `is an instance of ReadableStream, ${NOT_PORTABLE}`],
  [Object(Symbol("a")), `is an instance of Symbol, ${NOT_PORTABLE}`],
];

for (const [value, reason] of REFUSED) {
  Deno.test(`refused: what ${reason}`, () => {
    assertRefused([value], `Cannot send argument 1 of "crunch": it ${reason}`);
    assertRefused(
      [0, { options: { callback: value } }],
      `Cannot send argument 2 of "crunch": .options.callback ${reason}`,
    );
  });
}

Deno.test("a refusal tells the path, through every kind of container", () => {
  const f = () => {};
  const error = new Error("a", { cause: { f } });
  const paths: [unknown, string][] = [
    [{ a: [0, { "b c": f }] }, '.a[1]["b c"]'],
    [[f], "[0]"],
    [{ ключ: { $_1: f } }, ".ключ.$_1"],
    [{ "": f, "0": 1 }, '[""]'],
    [new Map([["a", { f }]]), '.get("a").f'],
    [new Map([[1, f]]), ".get(1)"],
    [new Map([[{}, f]]), ".get(…)"],
    [new Map([[f, 1]]), ".keys()[0]"],
    [new Set([1, [f]]), ".values()[1][0]"],
    [error, ".cause.f"],
    [new AggregateError([1, f]), ".errors[1]"],
    [Object.assign(new Error("a"), { f }), ".f"],
  ];
  for (const [value, path] of paths) {
    assertRefused(
      [value],
      `Cannot send argument 1 of "crunch": ${path} is a function, ${STAYS}`,
    );
  }
});

Deno.test("a path leads through what was left again", () => {
  assertRefused(
    [{ a: { b: [1, { c: 2 }] }, d: [{}, { e: Symbol() }] }],
    `Cannot send argument 1 of "crunch": .d[1].e is a symbol, ${STAYS}`,
  );
});

Deno.test("a result that cannot travel is named as one", () => {
  const error = assertThrows(
    () => new Encoder().encodeResult("crunch", { f: () => {} }),
    TypeError,
  );
  assertEquals(
    error.message,
    `Cannot send the result of "crunch": .f is a function, ${STAYS}`,
  );
});

/** A value nested so many levels deep. */
function nested(levels: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < levels; i++) value = i % 2 === 0 ? { value } : [value];
  return value;
}

Deno.test("values nested as deep as allowed arrive, deeper ones are refused", () => {
  assertEquals(JSON.stringify(trip(nested(MAX_DEPTH))).length > 1_000, true);
  assertRefused(
    [nested(MAX_DEPTH + 1)],
    'Cannot send argument 1 of "crunch": .value[0] is nested more than ' +
      `${MAX_DEPTH} levels deep`,
  );
});

Deno.test("what a getter throws is passed on as it is", () => {
  const thrown = new RangeError("mine");
  const value = {
    get a(): never {
      throw thrown;
    },
  };
  const error = assertThrows(() => send([[value]]));
  assertStrictEquals(error, thrown);
  assertEquals(trip([1]), [1]);
});

Deno.test("a getter may send something itself", () => {
  const encoder = new Encoder();
  const inner = new Uint8Array(new SharedArrayBuffer(64));
  const value = {
    a: 1,
    get b() {
      const packet = encoder.encodeArguments("inner", [{ a: 7 }]);
      packet.copyTo(inner, 0);
      packet.commit();
      return 2;
    },
    c: [3],
  };
  const outer = new Uint8Array(new SharedArrayBuffer(256));
  encoder.encodeArguments("outer", [value]).copyTo(outer, 0);
  const words = new Int32Array(outer.buffer);
  const expected = new Uint8Array(new SharedArrayBuffer(256));
  new Encoder().encodeArguments("outer", [{ a: 1, b: 2, c: [3] }])
    .copyTo(expected, 0);
  assertEquals(words, new Int32Array(expected.buffer));
});
