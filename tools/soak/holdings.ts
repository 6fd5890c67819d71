/**
 * What the process holds, as Linux tells it, and what is left in the memory of a
 * runtime that has ended.
 *
 * @module
 */
import { HEADER, RECORD, SEAT } from "../../src/executor/pool/layout.ts";
import { PoolMemory } from "../../src/executor/pool/memory.ts";

/** Deno's own files, which it opens when it first needs them. */
const DENO_FILES = /_cache_v\d+(-wal|-shm|-journal)?$|^\/dev\/u?random$/;

/** Threads of Web Workers; Deno's own pools come and go as they like. */
const WORKER_THREAD = /^worker-\d+$/;

/** Whether this system tells what a process holds. */
export const canCount: boolean = Deno.build.os === "linux";

/** How many descriptors of each sort there are, and how many threads of workers. */
export interface Holdings {
  readonly descriptors: ReadonlyMap<string, number>;
  readonly threads: number;
}

/** Looks at what the process holds now. */
export function holdings(): Holdings {
  const descriptors = new Map<string, number>();
  if (!canCount) return { descriptors, threads: 0 };
  for (const { name } of Deno.readDirSync("/proc/self/fd")) {
    const target = ifThere(() => Deno.readLinkSync(`/proc/self/fd/${name}`));
    if (target === null || DENO_FILES.test(target)) continue;
    // `socket:[123]` is one of the sockets.
    const sort = target.replace(/:?\[(\d+)\]$/, "");
    descriptors.set(sort, (descriptors.get(sort) ?? 0) + 1);
  }
  let threads = 0;
  for (const { name } of Deno.readDirSync("/proc/self/task")) {
    const comm = ifThere(() =>
      Deno.readTextFileSync(`/proc/self/task/${name}/comm`).trim()
    );
    if (comm !== null && WORKER_THREAD.test(comm)) threads++;
  }
  return { descriptors, threads };
}

/** How many descriptors there are of all sorts. */
export function countOf({ descriptors }: Holdings): number {
  let count = 0;
  for (const n of descriptors.values()) count += n;
  return count;
}

/** What there is more of now: `2 more of socket`. Empty: nothing. */
export function moreThan(before: Holdings, now: Holdings): string[] {
  const more: string[] = [];
  for (const [sort, n] of now.descriptors) {
    const known = before.descriptors.get(sort) ?? 0;
    if (n > known) more.push(`${n - known} more of ${sort}`);
  }
  return more;
}

/**
 * Deno keeps what the worker that ended last had, an epoll and an eventfd, until
 * it next loads a module. So it is asked for one that there is not: each one that
 * there is would stay, and a long run would seem to grow.
 */
export async function releaseEndedWorker(): Promise<void> {
  await import(NO_MODULE).catch(() => {});
}

/** Of a scheme that Deno does not know, and does not keep as a failure. */
const NO_MODULE: string = "no-module:";

function ifThere<T>(look: () => T): T | null {
  try {
    return look();
  } catch {
    // Gone between being listed and being looked at.
    return null;
  }
}

/** What nobody has given back of a runtime's memory. */
export interface Left {
  /** How many records were handed out, and are in no list of free ones. */
  readonly records: number;
  /** How many wait for a thread that has gone to hear of their end. */
  readonly unheard: number;
  /** How many bytes of the heap, those that the names of functions take aside. */
  readonly bytes: number;
  /** How many records, and bytes of the heap, were ever in use. */
  readonly usedRecords: number;
  readonly usedBytes: number;
  /** How many numbers were given to functions. */
  readonly functions: number;
}

/** The smallest block of the heap, in bytes: see `heap.ts`. */
const UNIT = 256;
/** How many sizes of blocks there are. */
const SIZES = 19;

/** Looks at the memory of a runtime that was shut down. */
export function leftIn(shared: SharedArrayBuffer): Left {
  const memory = PoolMemory.open(shared);
  const { words, layout } = memory;
  const usedRecords = Math.min(words[layout.slots]!, layout.sizes.records);
  let free = 0;
  for (let r = words[layout.slots + 1]!; r !== 0; free++) {
    r = memory.get(r - 1, RECORD.LINK);
  }
  let unheard = 0;
  for (let seat = 0; seat < layout.sizes.seats; seat++) {
    let r = words[layout.seat(seat) + SEAT.DONE]!;
    for (; r !== 0; unheard++) r = memory.get(r - 1, RECORD.DONE_LINK);
  }
  const usedBytes = words[layout.heap]! * UNIT;
  let bytes = usedBytes;
  for (let size = 0; size < SIZES; size++) {
    let block = words[layout.heap + 1 + size]!;
    while (block !== 0) {
      bytes -= UNIT * 2 ** size;
      block = words[(layout.heapBytes + (block - 1) * UNIT) >> 2]!;
    }
  }
  const functions = words[HEADER.FUNCTIONS]!;
  for (let i = 0; i < functions; i++) {
    // Its name has a block of its own, of a power of two.
    const length = words[layout.functions + 2 * i + 1]!;
    let block = UNIT;
    while (block < length) block *= 2;
    if (length > 0) bytes -= block;
  }
  return {
    records: usedRecords - free,
    unheard,
    bytes,
    usedRecords,
    usedBytes,
    functions,
  };
}
