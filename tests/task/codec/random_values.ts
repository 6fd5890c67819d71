/** Random nested values, and a comparison that tells shared objects from equal ones. */

/** Numbers from 0 to 1, the same ones for the same seed (Mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = state + 0x6d2b79f5 | 0;
    let mixed = Math.imul(state ^ state >>> 15, 1 | state);
    mixed = mixed + Math.imul(mixed ^ mixed >>> 7, 61 | mixed) ^ mixed;
    return ((mixed ^ mixed >>> 14) >>> 0) / 2 ** 32;
  };
}

const UNITS = ["a", "bc", "é", "ÿ", "中", "🦕", "\ud800", "\0", "x".repeat(45)];

/** Makes values. */
export class RandomValues {
  readonly #random: () => number;
  /** Objects made so far, some of which come again. */
  #made: object[] = [];
  #left = 0;

  constructor(seed: number) {
    this.#random = randomNumbers(seed);
  }

  /** The next value, of about `size` objects. */
  next(size: number): unknown {
    this.#made = [];
    this.#left = size;
    const value: unknown[] = [];
    while (this.#left > 0) value.push(this.#object(0));
    return value;
  }

  #below(n: number): number {
    return Math.floor(this.#random() * n);
  }

  #pick<T>(values: readonly T[]): T {
    return values[this.#below(values.length)]!;
  }

  #text(): string {
    let text = "";
    for (let i = this.#below(6); i > 0; i--) text += this.#pick(UNITS);
    return text;
  }

  #value(depth: number): unknown {
    if (this.#left > 0 && depth < 20 && this.#below(3) === 0) {
      return this.#below(6) === 0 && this.#made.length > 0
        ? this.#pick(this.#made)
        : this.#object(depth);
    }
    switch (this.#below(8)) {
      case 0:
        return this.#below(1_000) - 500;
      case 1:
        return (this.#random() - 0.5) * 2 ** this.#below(70);
      case 2:
        return Math.trunc((this.#random() - 0.5) * 2 ** this.#below(60));
      case 3:
        return BigInt(this.#below(2 ** 30)) ** BigInt(this.#below(9)) *
          BigInt(this.#pick([1, -1]));
      case 4:
        return this.#pick([true, false, null, undefined, NaN, -0, Infinity]);
      default:
        return this.#text();
    }
  }

  #object(depth: number): object {
    this.#left--;
    const object = this.#empty();
    this.#made.push(object);
    for (let i = this.#below(6); i > 0; i--) this.#fill(object, depth + 1);
    return object;
  }

  #empty(): object {
    const bytes = () =>
      Uint8Array.from({ length: 16 }, () => this.#below(256)).buffer;
    switch (this.#below(14)) {
      case 0:
        return new Map();
      case 1:
        return new Set();
      case 2:
        return new Date(this.#below(2 ** 40));
      case 3:
        return this.#pick([new Error("a"), new RangeError(this.#text())]);
      case 4:
        return new Uint8Array(bytes(), this.#below(8), this.#below(8));
      case 5:
        return new Float32Array(bytes());
      case 6: {
        const shared = this.#made.find((made) => made instanceof ArrayBuffer);
        return new Uint16Array(shared ?? bytes(), 2, this.#below(4));
      }
      case 7:
        return bytes();
      case 8:
      case 9:
      case 10:
        return [];
      default:
        return {};
    }
  }

  #fill(object: object, depth: number): void {
    if (Array.isArray(object)) {
      if (this.#below(8) === 0) object.length += this.#below(4);
      else object.push(this.#value(depth));
    } else if (object instanceof Map) {
      object.set(this.#value(depth), this.#value(depth));
    } else if (object instanceof Set) {
      object.add(this.#value(depth));
    } else if (Object.getPrototypeOf(object) === Object.prototype) {
      (object as Record<string, unknown>)[this.#text()] = this.#value(depth);
    } else if (object instanceof Error) {
      object.cause = this.#value(depth);
    }
  }
}

/**
 * Where two values differ, or null: in kind, in content, or in which of their
 * objects are the same.
 */
export function difference(
  a: unknown,
  b: unknown,
  pairs: Map<object, object> = new Map(),
  path = "it",
): string | null {
  if (typeof a !== "object" || a === null) {
    return Object.is(a, b) ? null : `${path}: ${String(a)}, ${String(b)}`;
  }
  if (typeof b !== "object" || b === null) return `${path}: ${String(b)}`;
  const known = pairs.get(a);
  if (known !== undefined) return known === b ? null : `${path}: identity`;
  pairs.set(a, b);
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) {
    return `${path}: prototype`;
  }
  const partsA = partsOf(a);
  const partsB = partsOf(b);
  if (partsA.length !== partsB.length) return `${path}: length`;
  for (const [i, [key, value]] of partsA.entries()) {
    const [otherKey, other] = partsB[i]!;
    const found = difference(key, otherKey, pairs, `${path}.key`) ??
      difference(value, other, pairs, `${path}[${String(key)}]`);
    if (found !== null) return found;
  }
  return null;
}

/** All that an object consists of, as keys and values. */
function partsOf(object: object): [unknown, unknown][] {
  if (object instanceof Map) return [...object];
  if (object instanceof Set) return [...object].map((value) => [0, value]);
  if (object instanceof Date) return [[0, object.getTime()]];
  if (object instanceof Error) {
    const { message, stack, cause } = object;
    return Object.entries({ message, stack, cause });
  }
  if (object instanceof ArrayBuffer) {
    return [...new Uint8Array(object)].map((byte) => [0, byte]);
  }
  if (ArrayBuffer.isView(object)) {
    const { buffer, byteOffset, byteLength } = object;
    return [...new Uint8Array(buffer, byteOffset, byteLength)]
      .map((byte) => [0, byte]);
  }
  const length = Array.isArray(object) ? object.length : 0;
  return [["length", length], ...Object.entries(object)];
}
