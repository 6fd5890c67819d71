/**
 * Whether a value is a copy of another one.
 *
 * @module
 */

/** What is paired up while two values are compared, both ways. */
class Pairs {
  readonly #there = new Map<object, object>();
  readonly #back = new Map<object, object>();

  /** True if the two are a pair already; throws if one has another partner. */
  meet(a: object, b: object, path: string): boolean {
    const known = this.#there.get(a);
    if (known === b) return true;
    if (known !== undefined || this.#back.has(b)) {
      throw new Error(`${path}: shared in one of the two alone`);
    }
    this.#there.set(a, b);
    this.#back.set(b, a);
    return false;
  }
}

const intrinsics = [Date, RegExp, Number, String, Boolean, BigInt] as const;

/**
 * Throws unless one value is a copy of the other: the same kinds with the same
 * contents in the same order, and the same of their objects shared. A buffer of
 * which there is one view may be shorter.
 */
export function assertCopy(a: unknown, b: unknown): void {
  compare(a, b, new Pairs(), "it");
}

function compare(a: unknown, b: unknown, pairs: Pairs, path: string): void {
  if (typeof a !== "object" || a === null) {
    if (!Object.is(a, b)) throw new Error(`${path}: another primitive`);
    return;
  }
  if (typeof b !== "object" || b === null) {
    throw new Error(`${path}: no object any more`);
  }
  if (pairs.meet(a, b, path)) return;
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) {
    throw new Error(`${path}: another class`);
  }
  if (ArrayBuffer.isView(a)) return compareViews(a, b as DataView, pairs, path);
  if (a instanceof ArrayBuffer) {
    const other = b as ArrayBuffer;
    compareBytes(new Uint8Array(a), new Uint8Array(other), path);
    if (a.maxByteLength !== other.maxByteLength) {
      throw new Error(`${path}: grows to another length`);
    }
    return;
  }
  for (const intrinsic of intrinsics) {
    if (!(a instanceof intrinsic)) continue;
    const text = (value: unknown) =>
      Object.is(Number(value), -0) ? "-0" : String(value);
    if (text(a) !== text(b)) throw new Error(`${path}: another ${text(b)}`);
    return;
  }
  if (a instanceof Map || a instanceof Set) {
    const partsOf = (value: object) =>
      value instanceof Map ? [...value].flat() : [...value as Set<unknown>];
    compareAll(partsOf(a), partsOf(b), pairs, path);
    return;
  }
  compareFields(a, b, pairs, path);
}

function compareAll(
  as: readonly unknown[],
  bs: readonly unknown[],
  pairs: Pairs,
  path: string,
): void {
  if (as.length !== bs.length) throw new Error(`${path}: another size`);
  as.forEach((part, i) => compare(part, bs[i], pairs, `${path}<${i}>`));
}

/** Own fields in their order, and whether they are shown; those of errors in any. */
function compareFields(a: object, b: object, pairs: Pairs, path: string): void {
  const keys = Reflect.ownKeys(a);
  const others = Reflect.ownKeys(b);
  if (a instanceof Error) {
    keys.sort();
    others.sort();
  }
  const list = JSON.stringify(others.map(String));
  if (JSON.stringify(keys.map(String)) !== list) {
    throw new Error(`${path}: the fields ${list}`);
  }
  for (const key of keys) {
    const one = Object.getOwnPropertyDescriptor(a, key)!;
    const other = Object.getOwnPropertyDescriptor(b, key)!;
    const at = `${path}[${String(key)}]`;
    if (one.enumerable !== other.enumerable) {
      throw new Error(`${at}: hidden in one of the two alone`);
    }
    const [x, y] = [one, other].map((field, i) =>
      "value" in field ? field.value : field.get!.call([a, b][i])
    );
    compare(x, y, pairs, at);
  }
}

function compareViews(
  a: ArrayBufferView,
  b: ArrayBufferView,
  pairs: Pairs,
  path: string,
): void {
  const bytes = (view: ArrayBufferView) =>
    new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  compareBytes(bytes(a), bytes(b), path);
  const before = a.buffer.byteLength === b.buffer.byteLength;
  if (before && a.byteOffset !== b.byteOffset) {
    throw new Error(`${path}: another offset`);
  }
  // One that is shorter belongs to this view alone.
  if (pairs.meet(a.buffer, b.buffer, `${path}.buffer`) && !before) {
    throw new Error(`${path}: a shared buffer is shorter`);
  }
}

function compareBytes(a: Uint8Array, b: Uint8Array, path: string): void {
  if (a.length !== b.length || a.some((byte, i) => byte !== b[i])) {
    throw new Error(`${path}: other bytes`);
  }
}
