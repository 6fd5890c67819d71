/** Where arguments find room, however the heap was used before. */
import { assertEquals, assertNotEquals } from "@std/assert";
import { Chains } from "../../src/executor/pool/chains.ts";
import { Heap } from "../../src/executor/pool/heap.ts";

const KIB = 1024;

/** Threads that share a heap of so many bytes. */
function makeHeaps(bytes: number, threads: number) {
  const start = 128;
  const memory = new SharedArrayBuffer(start + bytes);
  const words = new Int32Array(memory);
  const heaps = Array.from(
    { length: threads },
    () => new Heap(words, 0, start, bytes),
  );
  const chains = heaps.map((heap) => {
    return new Chains(words, new Uint8Array(memory), heap);
  });
  return { heaps, chains };
}

/** All blocks that a thread gets. */
function takeAll(heap: Heap, bytes: number): number[] {
  const blocks: number[] = [];
  for (let block; (block = heap.allocate(bytes)) !== 0;) blocks.push(block);
  return blocks;
}

function pattern(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => i * 31 + (i >> 8));
}

Deno.test("a thread that takes from what all share leaves others nearly all of it", () => {
  const { heaps: [a, b, c] } = makeHeaps(1024 * KIB, 3);
  const blocks = takeAll(a!, KIB);
  assertEquals(blocks.length, 1024);
  for (const block of blocks) a!.free(block, KIB);
  b!.free(b!.allocate(KIB), KIB);
  // 8 KiB of each size is what a thread of such a heap keeps.
  assertEquals(takeAll(c!, KIB).length, 1024 - 8 - 8);
});

Deno.test("no large block stays with a thread that frees it", () => {
  const { heaps: [a, b] } = makeHeaps(1024 * KIB, 2);
  const blocks = takeAll(a!, 256 * KIB);
  for (const block of blocks) b!.free(block, 256 * KIB);
  assertEquals(takeAll(a!, 256 * KIB).length, blocks.length);
});

Deno.test("small blocks are found where all was used for large ones, and each once", () => {
  const { heaps: [a, b] } = makeHeaps(1024 * KIB, 2);
  for (const block of takeAll(a!, 256 * KIB)) a!.free(block, 256 * KIB);
  assertEquals(b!.allocate(256), 0);
  const found = new Set<number>();
  for (let block; (block = b!.find(256)) !== 0;) found.add(block);
  assertEquals(found.size, 4 * KIB);
  assertEquals(Math.max(...found), 4 * KIB);
});

Deno.test("bytes in several blocks arrive as they were, and free what they took", () => {
  const { heaps: [a, b], chains: [mine, theirs] } = makeHeaps(64 * KIB, 2);
  for (const length of [100, 249, 5_000, 30_000, 60_000]) {
    // Nothing but blocks of 256 bytes, and not all of them.
    const blocks = takeAll(a!, 256);
    const left = new Set(blocks);
    for (const block of blocks.slice(0, 252)) {
      a!.free(block, 256);
      left.delete(block);
    }
    a!.giveBack();
    const bytes = pattern(length);
    const first = mine!.write(bytes);
    assertNotEquals(first, 0);
    assertEquals(theirs!.read(first, length), bytes);
    for (const block of left) a!.free(block, 256);
    a!.giveBack();
    b!.giveBack();
    assertEquals(takeAll(a!, 256).length, 256);
    for (const block of blocks) a!.free(block, 256);
  }
});

Deno.test("what finds too little room takes none of it", () => {
  const { heaps: [a], chains: [chains] } = makeHeaps(64 * KIB, 1);
  const blocks = takeAll(a!, 4 * KIB);
  for (const block of blocks.slice(1)) a!.free(block, 4 * KIB);
  assertEquals(chains!.write(new Uint8Array(62_000)), 0);
  const first = chains!.write(pattern(60_000));
  assertEquals(chains!.read(first, 60_000), pattern(60_000));
});

Deno.test("a chain that nobody reads is freed as well", () => {
  const { heaps: [a], chains: [chains] } = makeHeaps(64 * KIB, 1);
  for (const block of takeAll(a!, KIB)) a!.free(block, KIB);
  for (let round = 0; round < 100; round++) {
    const first = chains!.write(new Uint8Array(50_000));
    assertNotEquals(first, 0);
    chains!.free(first);
  }
});
