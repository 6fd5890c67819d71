/**
 * Graphs of values that travel: as recipes, which can be shrunk and printed, and
 * made into values with circles and shared parts.
 *
 * @module
 */
import { fc } from "./fast_check.ts";

/** A part of a value: another node of the graph, by its number, or a primitive. */
type Slot = { node: number } | { value: unknown };

/** One object of a graph. */
interface Node {
  readonly kind: string;
  readonly keys: readonly string[];
  readonly slots: readonly Slot[];
  readonly n: number;
}

/** A graph of objects; the first is the value. */
export type Recipe = readonly Node[];

/** What both the codec and `structuredClone` carry, and carry alike. */
const CLONED = [
  ...["object", "array", "holes", "map", "set", "date", "regexp", "boxed"],
  ...["buffer", "view", "data view", "growing buffer", "string object"],
];

/** What the codec alone carries whole. */
const OWN = [
  "bare object",
  "error",
  "range error",
  "deno error",
  "many errors",
];

const KEYS = [
  ...["a", "b", "__proto__", "constructor", "toString", "then", "", "0", "1"],
  ...["4294967295", "length", "stack", "message", "name", "é", "中", "\ud800"],
  "x".repeat(41),
];

const primitive: fc.Arbitrary<unknown> = fc.oneof(
  fc.integer(),
  fc.double(),
  fc.constantFrom(...[0, -0, NaN, Infinity, -Infinity, 2 ** 31, -(2 ** 31)]),
  fc.constantFrom(...[2 ** 23, -(2 ** 23) - 1, 2 ** 53, 5e-324]),
  fc.bigInt(),
  fc.bigInt({ min: -(2n ** 200n), max: 2n ** 200n }),
  fc.constantFrom(2n ** 63n, -(2n ** 63n), -(2n ** 63n) - 1n),
  fc.string({ unit: "binary" }),
  fc.string({
    unit: fc.constantFrom("a", "\ud800", "\udfff", "ÿ", "中", "\0"),
  }),
  fc.string({ minLength: 38, maxLength: 45 }),
  fc.constantFrom(undefined, null, true, false),
);

/** Recipes of graphs, of the kinds that `structuredClone` has too or of all. */
export function recipes(all: boolean): fc.Arbitrary<Recipe> {
  const kinds = all ? [...CLONED, ...OWN] : CLONED;
  const slot: fc.Arbitrary<Slot> = fc.oneof(
    { weight: 2, arbitrary: primitive.map((value) => ({ value })) },
    { weight: 1, arbitrary: fc.nat(30).map((node) => ({ node })) },
  );
  const node = fc.record({
    kind: fc.constantFrom(...kinds),
    keys: fc.array(
      fc.oneof(fc.constantFrom(...KEYS), fc.string({ unit: "binary" })),
      { maxLength: 6 },
    ),
    slots: fc.array(slot, { minLength: 1, maxLength: 6 }),
    n: fc.nat(40),
  });
  return fc.array(node, { minLength: 1, maxLength: 14 });
}

/** Makes a value of a recipe. */
export function build(recipe: Recipe): unknown {
  const objects = recipe.map((node) => bare(node));
  recipe.forEach((node, i) => {
    // Views need the buffers that are there by now.
    if (node.kind === "view" || node.kind === "data view") {
      objects[i] = viewOf(node, objects);
    }
  });
  recipe.forEach((node, i) => fill(node, objects[i]!, objects));
  return objects[0];
}

const VIEWS = [
  ...[Uint8Array, Int8Array, Uint8ClampedArray, Int16Array, Uint16Array],
  ...[Int32Array, Uint32Array, BigInt64Array, BigUint64Array, Float32Array],
  ...[Float64Array],
] as unknown as (new (
  buffer: ArrayBuffer,
  offset: number,
  length: number,
) => ArrayBufferView)[];

function bare({ kind, slots, n }: Node): object {
  const [first] = slots as [Slot];
  const value = "value" in first ? first.value : n;
  switch (kind) {
    case "array":
    case "holes":
      return [];
    case "map":
      return new Map();
    case "set":
      return new Set();
    case "date":
      return new Date(typeof value === "number" ? value : NaN);
    case "regexp":
      return new RegExp(["a", "", "/", "\\n", "[é中]"][n % 5]!, FLAGS[n % 4]);
    case "boxed":
      return Object(typeof value === "number" || value === true ? value : 5n);
    case "string object":
      return Object(typeof value === "string" ? value : "");
    case "buffer":
      return Uint8Array.from({ length: n }, (_, i) => i * 37).buffer;
    case "growing buffer":
      return new ArrayBuffer(n, { maxByteLength: n + 8 });
    case "bare object":
      return Object.create(null);
    case "error":
      return new Error(String(n));
    case "range error":
      return new RangeError(String(n), { cause: value });
    case "deno error":
      return new Deno.errors.Busy(String(n));
    case "many errors":
      return new AggregateError([], String(n));
    default:
      return {};
  }
}

const FLAGS = ["", "g", "giu", "dsy"];

function viewOf({ kind, slots, n }: Node, objects: readonly object[]): object {
  const found = slots.flatMap((slot) =>
    "node" in slot ? [objects[slot.node % objects.length]!] : []
  ).find((object) => object instanceof ArrayBuffer);
  const buffer = (found as ArrayBuffer | undefined) ?? new ArrayBuffer(n + 16);
  if (kind === "data view") {
    const offset = Math.min(n % 8, buffer.byteLength);
    return new DataView(buffer, offset, (buffer.byteLength - offset) >> 1);
  }
  const view = VIEWS[n % VIEWS.length]!;
  const size = (view as unknown as { BYTES_PER_ELEMENT: number })
    .BYTES_PER_ELEMENT;
  const room = Math.floor(buffer.byteLength / size);
  const offset = Math.min(n % 3, room);
  return new view(buffer, offset * size, Math.min(n % 5, room - offset));
}

function fill(node: Node, object: object, objects: readonly object[]): void {
  const { kind, keys, slots, n } = node;
  const values = slots.map((slot) =>
    "node" in slot ? objects[slot.node % objects.length] : slot.value
  );
  if (object instanceof Map) {
    values.forEach((value, i) => object.set(value, values[i + 1]));
  } else if (object instanceof Set) {
    for (const value of values) object.add(value);
  } else if (Array.isArray(object)) {
    values.forEach((value, i) => object[kind === "holes" ? i * n : i] = value);
    if (kind === "holes") object.length += n * 100;
  } else if (object instanceof AggregateError) {
    object.errors = values;
  } else if (kind.endsWith("object") && kind !== "string object") {
    keys.forEach((key, i) => own(object, key, values[i % values.length], true));
  } else if (object instanceof Error) {
    // As a class of the user's may do; `stack` and the like stay what they are.
    keys.forEach((key, i) => {
      if (!Object.hasOwn(object, key)) {
        own(object, key, values[i % values.length], true);
      }
    });
    if (n % 3 === 0) own(object, "cause", values[0], false);
  }
}

function own(
  object: object,
  key: string,
  value: unknown,
  enumerable: boolean,
): void {
  const rest = { configurable: true, writable: true, enumerable };
  Object.defineProperty(object, key, { value, ...rest });
}
