import type { Scratch } from "./scratch.ts";
import { BUFFER } from "./tags.ts";

/**
 * The classes of views on a buffer, by their number in a packet; a class that this
 * engine does not have leaves its place empty.
 */
export const VIEW_CLASSES = [
  Uint8Array,
  Int8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  BigInt64Array,
  BigUint64Array,
  Float16Array,
  Float32Array,
  Float64Array,
  DataView,
] as const;

/** Where the doubles of a `BUFFER` are, in words from its first; see `tags.ts`. */
const LENGTH = 1;
const PLACE = 3;
const MAX_LENGTH = 5;
/** Where the `byteOffset` of a `VIEW` is from the `BUFFER` that follows it. */
const VIEW_OFFSET = -4;

/** What a packet has of one buffer. */
interface Segment {
  readonly buffer: ArrayBuffer;
  /** Which of its bytes travel: those of the first view, or all. */
  start: number;
  end: number;
  isWhole: boolean;
}

/**
 * The buffers of a packet. Their bytes are not copied before there is room for the
 * packet, and from there straight to it.
 *
 * A buffer of which one view is met travels with the bytes of that view alone; one
 * that is met again, or by itself, travels whole.
 */
export class Buffers {
  /** By the place of the `BUFFER`, in the order of these. */
  readonly #segments = new Map<number, Segment>();
  /** How many bytes all of these take, but for padding. */
  #bytes = 0;

  get isEmpty(): boolean {
    return this.#segments.size === 0;
  }

  /** Writes a buffer that is met for the first time, and by itself. */
  writeWhole(out: Scratch, buffer: ArrayBuffer): void {
    this.#write(out, {
      buffer,
      start: 0,
      end: buffer.byteLength,
      isWhole: true,
    });
  }

  /** Writes a buffer that is met for the first time, after the `VIEW` on it. */
  writePart(out: Scratch, view: ArrayBufferView<ArrayBuffer>): void {
    const { buffer, byteOffset: start, byteLength } = view;
    out.setDouble(out.at + VIEW_OFFSET, 0);
    this.#write(out, {
      buffer,
      start,
      end: start + byteLength,
      isWhole: false,
    });
  }

  #write(out: Scratch, segment: Segment): void {
    this.#segments.set(out.at, segment);
    this.#grow(out, segment.end - segment.start);
    out.word(BUFFER);
    for (let i = 0; i < 3; i++) out.double(0);
  }

  #grow(out: Scratch, bytes: number): void {
    this.#bytes += bytes;
    out.checkSize(out.at * 4 + this.#bytes);
  }

  /** The value at this place, perhaps a buffer, is met again. */
  widen(out: Scratch, at: number): void {
    const segment = this.#segments.get(at);
    if (segment === undefined || segment.isWhole) return;
    out.setDouble(at + VIEW_OFFSET, segment.start);
    const { byteLength } = segment.buffer;
    this.#grow(out, byteLength - (segment.end - segment.start));
    segment.start = 0;
    segment.end = byteLength;
    segment.isWhole = true;
  }

  /**
   * Completes the packet's words. Returns its length in bytes.
   *
   * @throws {TypeError} If a buffer lost bytes meanwhile, by code of the user's.
   */
  place(out: Scratch): number {
    let length = out.at * 4;
    for (const [at, { buffer, start, end, isWhole }] of this.#segments) {
      if (end > buffer.byteLength) {
        throw new TypeError(
          "Cannot send an ArrayBuffer: it shrank while it was being sent",
        );
      }
      length = aligned(length);
      out.setDouble(at + LENGTH, end - start);
      out.setDouble(at + PLACE, length);
      out.setDouble(
        at + MAX_LENGTH,
        isWhole && buffer.resizable ? buffer.maxByteLength : -1,
      );
      length += end - start;
    }
    return length;
  }

  /** Copies the bytes of a packet that starts at `at`, of `words` words. */
  copyTo(target: Uint8Array, at: number, words: number): void {
    let place = words * 4;
    for (const { buffer, start, end } of this.#segments.values()) {
      place = aligned(place);
      target.set(new Uint8Array(buffer, start, end - start), at + place);
      place += end - start;
    }
  }

  clear(): void {
    if (this.#segments.size > 0) this.#segments.clear();
    this.#bytes = 0;
  }
}

/** The next place that is a multiple of 8; beyond 32 bits as well. */
function aligned(place: number): number {
  return Math.ceil(place / 8) * 8;
}

/** The number of a view's class, also of a class derived from it; or -1. */
export function viewClassOf(view: ArrayBufferView): number {
  return VIEW_CLASSES.findIndex((viewClass) => view instanceof viewClass);
}
