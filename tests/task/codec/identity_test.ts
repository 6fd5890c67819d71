import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { send, trip } from "./support.ts";

interface Node {
  name: string;
  next?: Node;
  all?: unknown;
}

Deno.test("an object that occurs twice is one afterwards, across arguments too", () => {
  const shared = { a: 1 };
  const [first, second] = send([[shared, shared], { shared }]) as [
    [object, object],
    { shared: object },
  ];
  assertStrictEquals(first[0], first[1]);
  assertStrictEquals(first[0], second.shared);
  assertEquals(second.shared, { a: 1 });
});

Deno.test("objects that lead back to themselves arrive as they are", () => {
  const a: Node = { name: "a" };
  const b: Node = { name: "b", next: a };
  a.next = b;
  const map = new Map<unknown, unknown>([["a", a]]);
  map.set(map, map);
  const set = new Set<unknown>([map]);
  set.add(set);
  a.all = [a, map, set];
  const arrived = trip(a);
  assertStrictEquals(arrived.next!.next, arrived);
  const [self, gotMap, gotSet] = arrived.all as [
    Node,
    Map<unknown, unknown>,
    Set<unknown>,
  ];
  assertStrictEquals(self, arrived);
  assertStrictEquals(gotMap.get("a"), arrived);
  assertStrictEquals(gotMap.get(gotMap), gotMap);
  assert(gotSet.has(gotMap) && gotSet.has(gotSet));
});

Deno.test("an array that contains itself arrives", () => {
  const array: unknown[] = [1];
  array.push(array, [array]);
  const arrived = trip(array);
  assertStrictEquals(arrived[1], arrived);
  assertStrictEquals((arrived[2] as unknown[])[0], arrived);
});

Deno.test("every kind of object keeps its identity", () => {
  const buffer = new ArrayBuffer(8);
  const kinds: object[] = [
    {},
    Object.create(null),
    [],
    new Date(),
    new Map(),
    new Set(),
    /a/,
    Object(1),
    new Error("a"),
    new DOMException("a", "b"),
    buffer,
    new Uint8Array(buffer),
    new DataView(new ArrayBuffer(2)),
    new SharedArrayBuffer(4),
  ];
  const [first, second] = send([kinds, kinds.toReversed()]) as [
    object[],
    object[],
  ];
  for (const [i, object] of first.entries()) {
    assertStrictEquals(object, second[second.length - 1 - i]);
    assertStrictEquals(
      Object.getPrototypeOf(object),
      Object.getPrototypeOf(kinds[i]),
    );
  }
  assertEquals(new Set(first).size, kinds.length);
});

Deno.test("thousands of shared objects are told apart", () => {
  const objects = Array.from({ length: 3_000 }, (_, id) => ({ id }));
  const order = objects.map((_, i) => objects[(i * 7919) % 3_000]);
  const [first, second] = send([objects, order]) as [object[], object[]];
  for (const [i, object] of second.entries()) {
    assertStrictEquals(object, first[(i * 7919) % 3_000]);
  }
});

Deno.test("what was sent before is another object the next time", () => {
  const value = { a: {} };
  const first = trip(value);
  const second = trip(value);
  assert(first !== second && first.a !== second.a);
});
