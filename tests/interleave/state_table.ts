/** A hash of a state, kept up to date as its parts change. */
export interface StateHash {
  a: number;
  b: number;
  c: number;
}

/** Mixes two numbers into 32 bits, after the finalizer of MurmurHash3. */
function mix(position: number, value: number, salt: number): number {
  let h = Math.imul(position + salt, 0x9e3779b1) ^ Math.imul(value, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d);
  h = Math.imul(h ^ (h >>> 15) ^ salt, 0x846ca68b);
  return h ^ (h >>> 16);
}

/**
 * Adds that there is `value` at `position`, or, the second time, takes it away:
 * exclusive-or is its own inverse (Zobrist hashing).
 */
export function toggle(hash: StateHash, position: number, value: number): void {
  hash.a ^= mix(position, value, 0x3c6ef372);
  hash.b ^= mix(position, value, 0x1f83d9ab);
  hash.c ^= mix(position, value, 0x5be0cd19);
}

/**
 * The states that were seen, numbered from 0. Two states count as one if the 96
 * bits of their hashes agree: among ten million states, that happens by chance once
 * in 10^15 explorations.
 */
export class StateTable {
  /** Three words for each state. */
  #hashes = new Int32Array(3 * 1024);
  /** The number of a state, plus 1, where its hash says or in a free place behind. */
  #slots = new Int32Array(4096);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The number of a state; -1 if it was not seen yet. */
  find(hash: StateHash): number {
    return this.#slots[this.#slotOf(hash.a, hash.b, hash.c)]! - 1;
  }

  /** Gives a state that was not seen yet the next number. */
  add(hash: StateHash): number {
    const state = this.#size++;
    if (3 * this.#size > this.#hashes.length) {
      const larger = new Int32Array(2 * this.#hashes.length);
      larger.set(this.#hashes);
      this.#hashes = larger;
    }
    this.#hashes.set([hash.a, hash.b, hash.c], 3 * state);
    if (2 * this.#size > this.#slots.length) this.#rehash();
    else this.#slots[this.#slotOf(hash.a, hash.b, hash.c)] = state + 1;
    return state;
  }

  #slotOf(a: number, b: number, c: number): number {
    const mask = this.#slots.length - 1;
    for (let slot = a & mask;; slot = (slot + 1) & mask) {
      const at = 3 * (this.#slots[slot]! - 1);
      if (at < 0) return slot;
      const hashes = this.#hashes;
      if (hashes[at] === a && hashes[at + 1] === b && hashes[at + 2] === c) {
        return slot;
      }
    }
  }

  #rehash(): void {
    this.#slots = new Int32Array(2 * this.#slots.length);
    for (let state = 0; state < this.#size; state++) {
      const [a, b, c] = this.#hashes.subarray(3 * state, 3 * state + 3);
      this.#slots[this.#slotOf(a!, b!, c!)] = state + 1;
    }
  }
}
