import { Buffer } from "node:buffer";
import { decodeOther, type Reader, Restored } from "./decode_other.ts";
import { StringCache, type StringSource } from "./strings.ts";
import {
  ARRAY,
  ATTACHED,
  BIGINT,
  BIGINT64,
  DOUBLE,
  FALSE,
  HOLES,
  INT24,
  INT32,
  KIND,
  LATIN1,
  LONG,
  NULL,
  NULL_OBJECT,
  OBJECT,
  REF,
  SHARED,
  TRUE,
  UNDEFINED,
  UTF16,
} from "./tags.ts";

const NO_BYTES = new Uint8Array(0);
const double = new Float64Array(1);
const doubleWords = new Int32Array(double.buffer);
const bigint = new BigInt64Array(1);
const bigintWords = new Int32Array(bigint.buffer);

/** Decodes packets; one per thread. */
export class Decoder implements Reader, StringSource {
  source: Uint8Array = NO_BYTES;
  /** Where the packet starts in `source`, in bytes. */
  start = 0;
  #words = new Int32Array(0) as Int32Array;
  #text = Buffer.alloc(0);
  /** The next word. */
  #at = 0;
  /** The first word of the packet. */
  #base = 0;
  #attachments: readonly unknown[] | null = null;
  readonly #keys = new StringCache();
  readonly #strings = new StringCache();
  /** The values to which a `REF` may lead, by their places, which ascend. */
  readonly #sharedAt: number[] = [];
  readonly #shared: unknown[] = [];
  #restored: Restored | null = null;
  #busy = false;

  /**
   * Decodes the packet at `at` in `source`, with what came beside it.
   *
   * @throws {Error} If it has an instance of a class that this thread does not
   * know; and what the user's `[Portable.decode]` throws. Then everything that
   * moved here with it is closed.
   */
  decode(
    source: Uint8Array,
    at: number,
    attachments: readonly unknown[] | null = null,
  ): unknown {
    // The user's `[Portable.decode]` may wait for another task.
    if (this.#busy) return new Decoder().decode(source, at, attachments);
    let value: unknown;
    try {
      value = this.#run(source, at, attachments);
    } catch (error) {
      // There was no memory for a buffer, say. The next packet has its own classes.
      this.#restored?.dispose();
      this.#restored = null;
      throw error;
    }
    const restored = this.#restored;
    if (restored === null) return value;
    this.#restored = null;
    if (restored.failed) {
      restored.dispose();
      throw restored.error;
    }
    return value;
  }

  /** Closes what moved with a packet that nobody wants any more. */
  discard(
    source: Uint8Array,
    at: number,
    attachments: readonly unknown[] | null = null,
  ): void {
    if (this.#busy) return new Decoder().discard(source, at, attachments);
    // As after a failure, no code of the user's is run.
    this.#restored = new Restored(true);
    try {
      this.#run(source, at, attachments);
      this.#restored.dispose();
    } finally {
      this.#restored = null;
    }
  }

  #run(
    source: Uint8Array,
    at: number,
    attachments: readonly unknown[] | null,
  ): unknown {
    if (source !== this.source) this.#open(source);
    this.start = at;
    this.#base = this.#at = at >> 2;
    this.#attachments = attachments;
    this.#busy = true;
    try {
      return this.value();
    } finally {
      this.#busy = false;
      this.#attachments = null;
      if (this.#shared.length > 0) {
        this.#shared.length = 0;
        this.#sharedAt.length = 0;
      }
    }
  }

  #open(source: Uint8Array): void {
    const { buffer, byteOffset, byteLength } = source;
    this.source = source;
    // No shift: there may be more than 2^31 bytes.
    const words = Math.floor(byteLength / 4);
    this.#words = new Int32Array(buffer, byteOffset, words);
    this.#text = Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
  }

  get restored(): Restored {
    return this.#restored ??= new Restored(false);
  }

  value(): unknown {
    const words = this.#words;
    const word = words[this.#at++]!;
    switch (word & KIND) {
      case INT24:
        return word >> 8;
      case LATIN1:
        return this.#latin1(word, this.#strings);
      case OBJECT: {
        const object = {};
        if ((word & SHARED) !== 0) this.share(object);
        return this.fields(object, this.length(word));
      }
      case ARRAY: {
        const array: unknown[] = [];
        if ((word & SHARED) !== 0) this.share(array);
        return this.#elements(array, this.length(word));
      }
      case TRUE:
        return true;
      case FALSE:
        return false;
      case NULL:
        return null;
      case UNDEFINED:
        return undefined;
      case INT32:
        return words[this.#at++]!;
      case DOUBLE:
        return this.double();
      case UTF16:
        return this.#utf16(word);
      case BIGINT64:
        bigintWords[0] = words[this.#at++]!;
        bigintWords[1] = words[this.#at++]!;
        return bigint[0]!;
      case BIGINT: {
        const magnitude = BigInt(`0x${this.value()}`);
        return word >>> 8 === 1 ? -magnitude : magnitude;
      }
      case REF:
        return this.#shared[this.#indexOf(this.length(word))];
      case NULL_OBJECT: {
        const object = Object.create(null) as Record<string, unknown>;
        if ((word & SHARED) !== 0) this.share(object);
        return this.fields(object, this.length(word));
      }
      case ATTACHED: {
        const value = this.#attachments![this.length(word)];
        if ((word & SHARED) !== 0) this.share(value);
        return value;
      }
      default:
        return decodeOther(word, this);
    }
  }

  length(word: number): number {
    const length = word >>> 8;
    return length === LONG ? this.#words[this.#at++]! >>> 0 : length;
  }

  double(): number {
    doubleWords[0] = this.#words[this.#at++]!;
    doubleWords[1] = this.#words[this.#at++]!;
    return double[0]!;
  }

  string(): string {
    return this.value() as string;
  }

  skipIf(word: number): boolean {
    if (this.#words[this.#at] !== word) return false;
    this.#at++;
    return true;
  }

  share(value: unknown): number {
    this.#sharedAt.push(this.#at - 1 - this.#base);
    return this.#shared.push(value) - 1;
  }

  reshare(index: number, value: unknown): void {
    this.#shared[index] = value;
  }

  /** Where in the list the value at `place` is. */
  #indexOf(place: number): number {
    const places = this.#sharedAt;
    let low = 0;
    let high = places.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (places[middle]! <= place) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** Reads fields, keys and values in turn. */
  fields(
    object: Record<string, unknown>,
    count: number,
  ): Record<string, unknown> {
    for (let i = 0; i < count; i++) {
      const key = this.key();
      if (key === "__proto__") this.#defineProto(object);
      else object[key] = this.value();
    }
    return object;
  }

  /** Setting it would set the prototype. */
  #defineProto(object: Record<string, unknown>): void {
    Object.defineProperty(object, "__proto__", {
      value: this.value(),
      configurable: true,
      enumerable: true,
      writable: true,
    });
  }

  key(): string {
    const word = this.#words[this.#at++]!;
    return (word & KIND) === LATIN1
      ? this.#latin1(word, this.#keys)
      : this.#utf16(word);
  }

  #elements(array: unknown[], length: number): unknown[] {
    const words = this.#words;
    for (let i = 0; i < length; i++) {
      const word = words[this.#at]!;
      const kind = word & KIND;
      if (kind === INT24) {
        this.#at++;
        array.push(word >> 8);
      } else if (kind === DOUBLE) {
        // Straight from here, the engine need not make an object of it.
        this.#at++;
        array.push(this.double());
      } else if (kind !== HOLES) {
        array.push(this.value());
      } else {
        this.#at++;
        i += this.length(word) - 1;
        array.length = i + 1;
      }
    }
    return array;
  }

  #latin1(word: number, cache: StringCache): string {
    const length = this.length(word);
    const at = this.#at;
    this.#at = at + ((length + 3) >> 2);
    return cache.get(word, length, this.#words, at, this);
  }

  latin1(at: number, length: number): string {
    if (length <= 3) {
      let text = "";
      let rest = this.#words[at]!;
      for (let i = 0; i < length; i++, rest >>>= 8) {
        text += String.fromCharCode(rest & 0xff);
      }
      return text;
    }
    return this.#text.toString("latin1", at * 4, at * 4 + length);
  }

  #utf16(word: number): string {
    const length = this.length(word);
    const at = this.#at;
    this.#at = at + ((length + 1) >> 1);
    return this.#text.toString("utf16le", at * 4, at * 4 + length * 2);
  }
}
