import { type Heap, LARGEST_BLOCK, SMALLEST_BLOCK } from "./heap.ts";

/** The words that a link of a chain begins with: the next one, or 0; its bytes. */
const NEXT = 0;
const LENGTH = 1;
const HEAD_BYTES = 8;

/**
 * Bytes in several blocks, for what finds no block that holds it as a whole: only
 * what no thread has a block left for has to wait. Whoever reads it frees it.
 */
export class Chains {
  readonly #words: Int32Array;
  readonly #bytes: Uint8Array;
  readonly #heap: Heap;

  constructor(words: Int32Array, bytes: Uint8Array, heap: Heap) {
    this.#words = words;
    this.#bytes = bytes;
    this.#heap = heap;
  }

  /** Writes `source`, and returns the first block; 0: there is no room for it. */
  write(source: Uint8Array): number {
    let most = LARGEST_BLOCK;
    let first = 0;
    let last = 0;
    for (let at = 0; at < source.length;) {
      const length = Math.min(source.length - at, most - HEAD_BYTES);
      const block = this.#heap.find(HEAD_BYTES + length);
      if (block === 0) {
        most = halfOf(HEAD_BYTES + length);
        if (most >= SMALLEST_BLOCK) continue;
        this.free(first);
        return 0;
      }
      const word = this.#heap.offset(block) >> 2;
      this.#words[word + NEXT] = 0;
      this.#words[word + LENGTH] = length;
      this.#bytes.set(source.subarray(at, at + length), 4 * word + HEAD_BYTES);
      if (last === 0) first = block;
      else this.#words[(this.#heap.offset(last) >> 2) + NEXT] = block;
      last = block;
      at += length;
    }
    return first;
  }

  /** Reads `length` bytes that begin in a block, and frees them. */
  read(first: number, length: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(length);
    let at = 0;
    this.#freeEach(first, (start, length) => {
      bytes.set(this.#bytes.subarray(start, start + length), at);
      at += length;
    });
    return bytes;
  }

  /** Frees what begins in a block. */
  free(first: number): void {
    this.#freeEach(first, () => {});
  }

  #freeEach(first: number, visit: (start: number, length: number) => void) {
    for (let block = first; block !== 0;) {
      const word = this.#heap.offset(block) >> 2;
      const next = this.#words[word + NEXT]!;
      const length = this.#words[word + LENGTH]!;
      visit(4 * word + HEAD_BYTES, length);
      this.#heap.free(block, HEAD_BYTES + length);
      block = next;
    }
  }
}

/** The largest size of a block that is smaller than the one for so many bytes. */
function halfOf(bytes: number): number {
  return 2 ** (31 - Math.clz32(bytes - 1));
}
