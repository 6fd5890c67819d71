/**
 * Values that nobody expects, made anew for each use: some can be used only once.
 *
 * @module
 */
import { Future, Pending, time, yieldNow } from "../../mod.ts";
import { fc } from "./fast_check.ts";
import { Sentinel } from "./verdict.ts";

/** A way to make a value, with words for it: printing the value might run it. */
export class Made {
  readonly label: string;
  readonly make: () => unknown;

  constructor(label: string, make: () => unknown) {
    this.label = label;
    this.make = make;
  }

  [fc.toStringMethod](): string {
    return this.label;
  }
}

function refuse(): never {
  throw new Sentinel("of hostile code");
}

/** An object of which nothing at all can be asked. */
export function allTraps<T extends object>(target: T): T {
  const traps = Object.getOwnPropertyNames(Reflect);
  return new Proxy(
    target,
    Object.fromEntries(traps.map((trap) => [trap, refuse])),
  );
}

function revoked(target: object): object {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

/** An object whose field of that name throws. */
export function throwing(field: PropertyKey): object {
  return Object.defineProperty({}, field, { get: refuse, enumerable: true });
}

function started(): Generator {
  const generator = (function* () {
    yield 1;
    yield 2;
  })();
  generator.next();
  return generator;
}

function ended(): Generator {
  const generator = (function* () {})();
  generator.next();
  return generator;
}

function outOfBounds(): Uint8Array {
  const buffer = new ArrayBuffer(8, { maxByteLength: 16 });
  const view = new Uint8Array(buffer, 4, 4);
  buffer.resize(0);
  return view;
}

function detached(): Uint8Array {
  const view = new Uint8Array(8);
  structuredClone(view.buffer, { transfer: [view.buffer] });
  return view;
}

function cyclic(): unknown[] {
  const array: unknown[] = [];
  array.push(array, { array });
  return array;
}

function named(name: PropertyDescriptor): () => object {
  return () => Object.defineProperty(() => 1, "name", name);
}

/** A future that calls nobody's waker. */
class Never extends Future<never> {
  poll(): Pending {
    return Pending;
  }
}

const MAKERS: Record<string, () => unknown> = {
  "a symbol": () => Symbol("s"),
  "a symbol with a long name": () => Symbol("s".repeat(1e5)),
  "Symbol.iterator": () => Symbol.iterator,
  "80n": () => 80n,
  "2n ** 5_000_000n": () => 2n ** 5_000_000n,
  "a megabyte of text": () => "x".repeat(1 << 20),
  "half a surrogate pair": () => "\ud800",
  "an object": () => ({}),
  "an object without a prototype": () => Object.create(null),
  "an array": () => [],
  "a cyclic array": cyclic,
  "a sparse array of 2^32 - 1": () => new Array(2 ** 32 - 1),
  "an object whose toString throws": () => ({ toString: refuse }),
  "an object whose valueOf throws": () => ({ valueOf: refuse }),
  "an object whose toJSON throws": () => ({ toJSON: refuse }),
  "an object that becomes no primitive": () => ({
    [Symbol.toPrimitive]: refuse,
  }),
  "an object whose then throws": () => throwing("then"),
  "an object whose constructor throws": () => throwing("constructor"),
  "an object whose class has a symbol as its name": () => ({
    constructor: { name: Symbol("s") },
  }),
  "a proxy all of whose traps throw": () => allTraps({}),
  "a function all of whose traps throw": () => allTraps(() => {}),
  "an array all of whose traps throw": () => allTraps([]),
  "a revoked proxy": () => revoked({}),
  "a revoked function": () => revoked(() => {}),
  "a frozen object": () => Object.freeze({}),
  "a function": () => () => 1,
  "a function that throws": () => refuse,
  "a frozen function": () => Object.freeze(function frozen() {}),
  "a function whose name is a symbol": named({ value: Symbol("s") }),
  "a function whose name throws": named({ get: refuse }),
  "a function whose name is long": named({ value: "n".repeat(1 << 20) }),
  "a function without a prototype of functions": () =>
    Object.setPrototypeOf(() => 1, null),
  "a bound function": () => (function bound() {}).bind(null),
  "an async function": () => async function later() {},
  "a generator function": () => function* steps() {},
  "a generator function that throws": () =>
    function* fails() {
      yield* yieldNow();
      refuse();
    },
  "a generator function that yields what it must not": () =>
    function* wrong() {
      yield 5;
    },
  "an async generator function": () => async function* both() {},
  "a class": () => class Some {},
  "a class that throws": () =>
    class {
      constructor() {
        refuse();
      }
    },
  "a generator": () => (function* () {})(),
  "a generator that was started": started,
  "a generator that has ended": ended,
  "a future": () => yieldNow(),
  "a future that throws": () =>
    new (class extends Future<never> {
      poll(): never {
        refuse();
      }
    })(),
  "a future that never wakes anybody": () => new Never(),
  "a future whose cancel throws": () =>
    new (class extends Never {
      override cancel(): void {
        refuse();
      }
    })(),
  "a sleep": () => time.sleep(1),
  "an object that inherits from Future": () => Object.create(Future.prototype),
  "a promise": () => Promise.resolve(1),
  "an object with a then": () => ({ then() {} }),
  "an object whose then throws when called": () => ({ then: refuse }),
  "an invalid date": () => new Date(NaN),
  "a regular expression": () => /x/,
  "an error": () => new Error("e"),
  "a Map": () => new Map([[1, 2]]),
  "a WeakMap": () => new WeakMap(),
  "an ArrayBuffer": () => new ArrayBuffer(8),
  "a SharedArrayBuffer": () => new SharedArrayBuffer(8),
  "a SharedArrayBuffer of no bytes": () => new SharedArrayBuffer(0),
  "a Uint8Array": () => new Uint8Array(8),
  "a Uint8Array that was transferred": detached,
  "a Uint8Array out of bounds": outOfBounds,
  "a Uint16Array": () => new Uint16Array(4),
  "a DataView": () => new DataView(new ArrayBuffer(4)),
  "a boxed number": () => Object(5),
  "a signal": () => new AbortController().signal,
  "an aborted signal": () => AbortSignal.abort(new Sentinel("aborted")),
  "an object that inherits from AbortSignal": () =>
    Object.create(AbortSignal.prototype),
  "the global object": () => globalThis,
};

const NUMBERS: readonly number[] = [
  ...[NaN, 0, -0, 1, -1, 0.5, 1.5, 255, 256, 65_535, 65_536, -65_536],
  ...[2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 32 + 1, 2 ** 53, -(2 ** 53)],
  ...[2 ** 63, 1e308, -1e308, 5e-324, Infinity, -Infinity],
];

/** A value with its literal as words. */
export function made(value: unknown): Made {
  return new Made(fc.stringify(value), () => value);
}

/** Numbers of all kinds, those at limits more often. */
export const number: fc.Arbitrary<Made> = fc.oneof(
  fc.constantFrom(...NUMBERS),
  fc.double(),
  fc.integer({ min: -10, max: 70_000 }),
).map(made);

/** Texts of all kinds. */
export const text: fc.Arbitrary<Made> = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: "grapheme" }),
  fc.constantFrom(
    ...["", "0", " ", "\0", "\n", "NaN", "__proto__", "constructor", "then"],
  ),
).map(made);

/** What nobody expects. */
export const hostile: fc.Arbitrary<Made> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom(...Object.entries(MAKERS))
      .map(([label, make]) => new Made(label, make)),
  },
  { weight: 2, arbitrary: fc.constantFrom(null, undefined, true).map(made) },
  { weight: 2, arbitrary: number },
  { weight: 1, arbitrary: text },
  {
    weight: 2,
    arbitrary: fc.anything({
      maxDepth: 2,
      withBigInt: true,
      withBoxedValues: true,
      withDate: true,
      withMap: true,
      withNullPrototype: true,
      withObjectString: true,
      withSet: true,
      withSparseArray: true,
      withTypedArray: true,
    }).map(made),
  },
);

/** What futures and generators there are, those that fail included. */
export const future: fc.Arbitrary<Made> = fc.constantFrom(
  ...Object.entries(MAKERS).filter(([label]) =>
    /^a (future|generator|sleep)(?! function)/.test(label)
  ),
).map(([label, make]) => new Made(label, make));

/** Functions of all kinds, those that can be no task included. */
export const callable: fc.Arbitrary<Made> = fc.constantFrom(
  ...Object.entries(MAKERS).filter(([label]) => /function|class/.test(label)),
).map(([label, make]) => new Made(label, make));

/** One of the values that are right, or more often one that nobody expects. */
export function orHostile(
  ...right: readonly (fc.Arbitrary<Made> | unknown)[]
): fc.Arbitrary<Made> {
  if (right.length === 0) return hostile;
  const good = right.map((one) =>
    one instanceof fc.Arbitrary
      ? one as fc.Arbitrary<Made>
      : fc.constant(one instanceof Made ? one : made(one))
  );
  return fc.oneof(
    { weight: 2, arbitrary: fc.oneof(...good) },
    { weight: 3, arbitrary: hostile },
  );
}

/** An object with these fields, each of which may be missing, wrong or a trap. */
export function options(
  fields: Record<string, fc.Arbitrary<Made>>,
): fc.Arbitrary<Made> {
  const shape = fc.record(
    Object.fromEntries(
      Object.entries(fields).map(([key, field]) => [key, fc.option(field)]),
    ),
    { requiredKeys: [] },
  );
  return fc.tuple(shape, fc.nat(9)).map(([record, kind]) => {
    const present = Object.entries(record)
      .filter(([, value]) => value !== null) as [string, Made][];
    const words = present.map(([key, { label }]) => `${key}: ${label}`);
    const make = () => {
      const base = kind === 0 ? Object.create(null) as object : {};
      for (const [i, [key, value]] of present.entries()) {
        const isTrap = kind === 1 && i === 0;
        Object.defineProperty(base, key, {
          enumerable: true,
          configurable: true,
          ...(isTrap ? { get: refuse } : { value: value.make() }),
        });
      }
      if (kind === 2) return new Proxy(base, {});
      return kind === 3 ? Object.freeze(base) : base;
    };
    const kinds = ["null prototype ", "throwing ", "proxy ", "frozen "];
    return new Made(`${kinds[kind] ?? ""}{ ${words.join(", ")} }`, make);
  });
}
