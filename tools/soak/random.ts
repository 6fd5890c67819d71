/**
 * Numbers that look random and are the same for the same seed: mulberry32, whose
 * state is one number of 32 bits. Good enough to choose among actions.
 */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 up to 1, which is not included. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from 0 up to `n`, which is not included. */
  below(n: number): number {
    return Math.floor(this.next() * n);
  }

  /** A whole number from one up to another, both included. */
  between(min: number, max: number): number {
    return min + this.below(max - min + 1);
  }

  /** Whether something that happens so often happens now. */
  chance(part: number): boolean {
    return this.next() < part;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  /** From 0 to `max`, small ones as often as large ones. */
  size(max: number): number {
    return Math.min(max, Math.floor((max + 2) ** this.next()) - 1);
  }

  /** A seed for somebody else. */
  seed(): number {
    return this.below(2 ** 32);
  }
}

/** The byte that stands at a place of the stream of a seed. */
export function byteAt(seed: number, at: number): number {
  return Math.imul(seed ^ at, 0x9e3779b1) >>> 24;
}

/** Bytes of the stream of a seed, from a place on. */
export function fill(bytes: Uint8Array, seed: number, from: number): void {
  for (let i = 0; i < bytes.length; i++) bytes[i] = byteAt(seed, from + i);
}

/** Whether bytes are those of the stream of a seed, from a place on. */
export function isFilled(
  bytes: Uint8Array,
  seed: number,
  from: number,
): boolean {
  for (let i = 0; i < bytes.length; i++) {
    if (bytes[i] !== byteAt(seed, from + i)) return false;
  }
  return true;
}

/** A number that other bytes are unlikely to have. */
export function checksum(bytes: Uint8Array): number {
  let sum = bytes.length;
  for (const byte of bytes) sum = (Math.imul(sum, 31) + byte) | 0;
  return sum;
}
