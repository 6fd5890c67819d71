/** Longer strings seldom come again. In words. */
const MAX_WORDS = 6;
/** The words of an entry: the first word of the string's value, and its bytes. */
const ENTRY_WORDS = 8;
const SLOT_BITS = 10;
/** An odd number near 2^32 divided by the golden ratio (Knuth, 6.4). */
const MULTIPLIER = 0x9e3779b1 | 0;

/**
 * The short strings that were read last: the names of fields come again and again,
 * and a string that is there already takes a fifth of the time of making one.
 *
 * Each string has one place, which the last one that belongs there keeps.
 */
export class StringCache {
  readonly #entries = new Int32Array(ENTRY_WORDS << SLOT_BITS);
  readonly #strings = new Array<string>(1 << SLOT_BITS).fill("");

  /**
   * The string whose value starts with the word `head`, of `length` characters of
   * one byte each, which are in `words` from `at`; `make` makes it.
   */
  get(
    head: number,
    length: number,
    words: Int32Array,
    at: number,
    bytes: StringSource,
  ): string {
    const count = (length + 3) >> 2;
    if (count > MAX_WORDS) return bytes.latin1(at, length);
    let hash = head;
    for (let i = 0; i < count; i++) {
      hash = Math.imul(hash ^ words[at + i]!, MULTIPLIER);
      hash ^= hash >>> 15;
    }
    const slot = hash >>> 0 >>> 32 - SLOT_BITS;
    const entries = this.#entries;
    const entry = slot * ENTRY_WORDS;
    if (entries[entry] === head) {
      let i = 0;
      while (i < count && entries[entry + 1 + i] === words[at + i]) i++;
      if (i === count) return this.#strings[slot]!;
    }
    const made = bytes.latin1(at, length);
    entries[entry] = head;
    for (let i = 0; i < count; i++) entries[entry + 1 + i] = words[at + i]!;
    this.#strings[slot] = made;
    return made;
  }
}

/** Makes strings of bytes. */
export interface StringSource {
  /** The string of `length` bytes from the word `at`. */
  latin1(at: number, length: number): string;
}
