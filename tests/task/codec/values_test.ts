import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { send, trip, tripResult } from "./support.ts";

const PRIMITIVES: Record<string, unknown[]> = {
  "small integers": [0, 1, -1, 127, 8388607, -8388608],
  "integers of 32 bits": [8388608, -8388609, 2 ** 31 - 1, -(2 ** 31)],
  "larger integers": [2 ** 31, 2 ** 32, -(2 ** 32), 2 ** 53, -(2 ** 60)],
  "fractions": [0.5, -0.1, Math.PI, 5e-324, Number.MAX_VALUE],
  "numbers that are none": [NaN, Infinity, -Infinity, -0],
  "bigints of 64 bits": [0n, -1n, 2n ** 63n - 1n, -(2n ** 63n)],
  "larger bigints": [2n ** 63n, -(2n ** 63n) - 1n, 3n ** 5_000n, -(7n ** 900n)],
  "booleans, null and undefined": [true, false, null, undefined],
  "strings of ASCII": ["", "a", "ab", "abc", "abcd", "x".repeat(10_000)],
  "strings of Latin-1": ["é", "ÿ\u0080\0", "ü".repeat(39), "ü".repeat(1_001)],
  "other strings": ["中", "a中", "🦕", "中".repeat(41), `${"a".repeat(50)}中`],
  "lone surrogates": ["\ud800", "a\udc00b", `${"\udfff".repeat(99)}x`],
  "strings that look like a byte order mark": ["\ufeffa", "\ufeff".repeat(99)],
};

for (const [what, values] of Object.entries(PRIMITIVES)) {
  Deno.test(`${what} arrive as they were`, () => {
    for (const value of values) assert(Object.is(trip(value), value));
    const arrived = send(values);
    for (const [i, value] of values.entries()) {
      assert(Object.is(arrived[i], value), `${String(value)} in a row`);
    }
  });
}

Deno.test("every length of a string arrives, ASCII, Latin-1 and wider", () => {
  for (let length = 0; length < 100; length++) {
    for (const last of ["z", "ÿ", "Ā"]) {
      const text = "abcdefgh".repeat(13).slice(0, length) + last;
      assertEquals(send([text, length]), [text, length]);
    }
  }
});

Deno.test("strings that share their first characters do not take each other's place", () => {
  const texts: string[] = [];
  for (let i = 0; i < 5_000; i++) texts.push(`name${i}`, `${i}`, `n${i % 7}`);
  assertEquals(trip(texts), texts);
  assertEquals(trip(texts), texts);
});

Deno.test("strings that end in zeros differ from shorter ones", () => {
  const texts = ["a", "a\0", "a\0\0", "a\0\0\0", "a\0\0\0\0", "", "\0"];
  assertEquals(trip(texts), texts);
});

const OBJECTS: Record<string, unknown> = {
  "an empty object": {},
  "a plain object": { id: 1, name: "abc", nested: { a: [1, { b: 2 }] } },
  "an object with numbers for keys": { 2: "b", 1: "a", x: 0 },
  "an object with wide keys": { "中": 1, "ключ": 2, "": 3 },
  "a field without a value": { a: undefined, b: null },
  "an array of arrays": [[], [[]], [[1], 2]],
  "a Date": new Date(1.7e12),
  "a Date that is none": new Date(NaN),
  "a Map": new Map<unknown, unknown>([["a", 1], [{ b: 1 }, new Map()]]),
  "a Set": new Set([1, "a", null, undefined]),
  "a regular expression": /a(b)\/c/giu,
  "wrapped primitives": [Object(1), Object("a"), Object(false), Object(1n)],
};

for (const [what, value] of Object.entries(OBJECTS)) {
  Deno.test(`what arrives as a copy: ${what}`, () => {
    const arrived = trip(value);
    assertEquals(arrived, value);
    assert(arrived !== value);
    assertEquals(tripResult(value), value);
  });
}

Deno.test("no arguments and many arguments arrive", () => {
  assertEquals(send([]), []);
  const many = Array.from({ length: 1_000 }, (_, i) => i);
  assertEquals(send(many), many);
});

Deno.test("fields keep their order", () => {
  const value = { z: 1, a: 2, m: 3 };
  assertEquals(Object.keys(trip(value)), ["z", "a", "m"]);
});

Deno.test("an object without a prototype arrives without one", () => {
  const value = Object.assign(Object.create(null), { a: 1, toString: 2 });
  const arrived = trip(value);
  assertStrictEquals(Object.getPrototypeOf(arrived), null);
  assertEquals({ ...arrived }, { a: 1, toString: 2 });
});

Deno.test("a field called __proto__ is a field", () => {
  const arrived = trip(JSON.parse('{"__proto__":{"a":1},"b":2}'));
  assertStrictEquals(Object.getPrototypeOf(arrived), Object.prototype);
  assertEquals(JSON.stringify(arrived), '{"__proto__":{"a":1},"b":2}');
});

Deno.test("only own enumerable fields with a string for a key travel", () => {
  const value = { a: 1, [Symbol("s")]: 2 };
  Object.defineProperty(value, "hidden", { value: 3 });
  assertEquals(Reflect.ownKeys(trip(value)), ["a"]);
  const prototype = Object.prototype as Record<string, unknown>;
  prototype["inherited"] = 1;
  try {
    assertEquals(Object.keys(trip({ a: 1 })), ["a"]);
  } finally {
    delete prototype["inherited"];
  }
});

Deno.test("a field with a getter arrives with the value that it returned", () => {
  const arrived = trip({
    get a() {
      return 5;
    },
  });
  assertEquals(Object.getOwnPropertyDescriptor(arrived, "a"), {
    value: 5,
    configurable: true,
    enumerable: true,
    writable: true,
  });
});

Deno.test("holes stay holes, at every place and in any number", () => {
  // deno-lint-ignore no-sparse-arrays
  const arrays: unknown[][] = [[,], [1, , 2], [, 1], [undefined, , undefined]];
  arrays.push(new Array(5_000), [...new Array(3)]);
  const sparse: unknown[] = [0];
  sparse[3_000] = "a";
  sparse[1_000_000_000] = { b: 1 };
  sparse.length = 2_000_000_000;
  for (const array of [...arrays, sparse]) {
    const arrived = trip(array);
    assertStrictEquals(arrived.length, array.length);
    assertEquals(Object.keys(arrived), Object.keys(array));
    for (const key of Object.keys(array)) {
      assertEquals(arrived[Number(key)], array[Number(key)]);
    }
  }
});

Deno.test("what takes more room than any before arrives whole", () => {
  const value = Array.from({ length: 20_000 }, (_, i) => ({
    id: i,
    name: `number ${i}`,
    half: i / 2,
  }));
  assertEquals(trip(value), value);
  assertEquals(trip("a".repeat(3_000_000)).length, 3_000_000);
  assertEquals(trip([1]), [1]);
});
