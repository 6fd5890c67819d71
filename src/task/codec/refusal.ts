import { Future } from "../../future/mod.ts";

/** The prototypes of what generators and the iterators of collections are. */
const IteratorPrototype = Iterator.prototype;
const AsyncIteratorPrototype = Object.getPrototypeOf(
  Object.getPrototypeOf(async function* () {}.prototype),
) as object;

/** What is bound to its thread by what it is, whatever its class says. */
const BOUND: readonly [(value: object) => boolean, string][] = [
  [(value) => value instanceof Future, "a future"],
  [(value) => value instanceof Promise, "a Promise"],
  [(value) => isOf(AsyncIteratorPrototype, value), "an async generator"],
  [(value) => isOf(IteratorPrototype, value), "a generator or an iterator"],
  [(value) => value instanceof WeakMap, "a WeakMap"],
  [(value) => value instanceof WeakSet, "a WeakSet"],
  [(value) => value instanceof WeakRef, "a WeakRef"],
  [
    (value) => value instanceof FinalizationRegistry,
    "a FinalizationRegistry",
  ],
];

function isOf(prototype: object, value: object): boolean {
  return Object.prototype.isPrototypeOf.call(prototype, value);
}

/** Why an object of no known class cannot travel: `is …`. */
export function whyNot(value: object): string {
  for (const [is, what] of BOUND) {
    if (is(value)) return `is ${what}, which stays on its thread`;
  }
  return `is an instance of ${className(value)}, ` +
    "a class that does not say how it travels: make it portable() " +
    "with [Portable.encode] and [Portable.decode]";
}

function className(value: object): string {
  const { constructor } = value;
  const name = typeof constructor === "function" ? constructor.name : "";
  return name || "a class without a name";
}
