import { PARKING_BYTES, type ParkingPlace } from "../../reactor/parking.ts";
import { Heap } from "./heap.ts";
import type { Links } from "./inbox.ts";
import { Injector } from "./injector.ts";
import { Sleepers } from "./sleepers.ts";
import { Slots } from "./slots.ts";
import { TaskDeque } from "./task_deque.ts";

/** A cache line in words: what different threads write stays on different ones. */
const LINE = 16;

/** How large the parts of a pool's memory are. Counts are powers of two. */
export interface Sizes {
  /** How many workers run tasks. */
  readonly workers: number;
  /** How many threads may take part, the workers and the creator included. */
  readonly seats: number;
  /** How many tasks may be spawned and not finished at a time. */
  readonly records: number;
  /** How many tasks one worker's deque holds. */
  readonly deque: number;
  /** How many tasks an injector holds. */
  readonly injector: number;
  /** How many bytes there are for arguments and results that do not fit. */
  readonly heap: number;
}

/**
 * The sizes of a pool. None is a limit on what a program may spawn: what does not
 * fit waits in the heap of its spawner. Memory that was never used costs nothing
 * but addresses.
 */
export function defaultSizes(workers: number): Sizes {
  return {
    workers,
    seats: 1 + workers + BLOCKING_SEATS + OUTSIDE_SEATS,
    // As many tasks can wait for each other; 64 MiB if they ever do.
    records: 2 ** 19,
    // tokio's deques hold 256 tasks. A larger one takes work longer to reach the
    // injector, from which all workers take, and costs 16 KiB.
    deque: 2 ** 12,
    injector: 2 ** 16,
    heap: 2 ** 28,
  };
}

/**
 * How many threads may block at a time. tokio allows 512; a Web Worker takes 9 MiB,
 * so that would be 4.6 GB.
 */
export const BLOCKING_SEATS = 64;

/** How many threads of the user's own may take part, with a `Handle`. */
const OUTSIDE_SEATS = 64;

/** The seat of the thread that made the pool, and tells the others of each other. */
export const CREATOR = 0;

/** The words of a record. */
export const RECORD = {
  /** See `shared_state.ts`. */
  STATE: 0,
  /** The next record of the mail, or of the free ones. */
  LINK: 1,
  /** The next record of those done. */
  DONE_LINK: 2,
  /** The seat that spawned the task. */
  SPAWNER: 3,
  /** The seat that runs it. */
  HOME: 4,
  /** The number of its function, see `functions.ts`. */
  FN: 5,
  /** How many bytes its arguments take; later, its outcome. */
  LENGTH: 6,
  /** Where they are: a block of the heap, 0: in the record, `BY_PORT`. */
  BLOCK: 7,
  /** Whether a message with attachments belongs to them, see `ATTACHED`. */
  ATTACHED: 8,
  /** Whether it was mailed to a worker, which counts it from then on. */
  PINNED: 9,
  /** Where small arguments and outcomes stand. */
  INLINE: 10,
} as const;

/** What `RECORD.ATTACHED` can say. */
export const ATTACHED = {
  NONE: 0,
  /** It went to the thread that reads it, or waits until that is known. */
  SENT: 1,
  /** The thread that shall have it has asked for it, see `held.ts`. */
  ASKED: 2,
} as const;

/** How many words a record takes: two cache lines. */
export const RECORD_WORDS = 32;

/** How many bytes of arguments fit into a record. */
export const INLINE_BYTES = 4 * (RECORD_WORDS - RECORD.INLINE);

/** The words of a seat. */
export const SEAT = {
  /** Where its thread parks. */
  PARKING: 0,
  /** What a signal goes to: the number of a backend, and 64 bits. */
  BACKEND: 4,
  TARGET_LOW: 5,
  TARGET_HIGH: 6,
  /** Whether a thread has the seat: `VACANT`, or one of those below it. */
  STATUS: 7,
  /** How many tasks others have mailed to the seat. */
  MAILED: 8,
  /** The record that is being polled, plus one. */
  CURRENT: 9,
  /** 1: it sleeps under Deno's loop, see `memory.ts`. */
  HOSTED: 11,
  /** How many tasks wait on the thread, as it counted when it last went idle. */
  WAITING: 10,
  /** The newest of the records mailed to the seat. */
  MAIL: LINE,
  /** The newest of the records that it spawned and that are done. */
  DONE: 2 * LINE,
  /** What only its own thread counts. */
  SPAWNED: 3 * LINE,
  COMPLETED: 3 * LINE + 1,
  FAILED: 3 * LINE + 2,
  ABORTED: 3 * LINE + 3,
  LOST: 3 * LINE + 4,
  STOLEN: 3 * LINE + 5,
  PARKED: 3 * LINE + 6,
  /** How many tasks the worker took from a queue, and how many it is rid of. */
  TAKEN: 3 * LINE + 7,
  ENDED: 3 * LINE + 8,
} as const;

const SEAT_WORDS = 4 * LINE;

/** What `SEAT.STATUS` can say. */
export const STATUS = {
  /** No thread has the seat, or its thread will not touch the memory again. */
  VACANT: 0,
  /** A thread is being started, and has not come up. */
  STARTING: 1,
  /** The seat's thread is there. */
  TAKEN: 2,
  /** The worker was ended from inside a task: another must take its place. */
  DEAD: 3,
  /** The same, and it still has to clear up. */
  DYING: 4,
} as const;

/**
 * Whether a status says that no thread has the seat: one whose thread has ended in
 * the middle is as good as vacant.
 */
export function isVacant(status: number): boolean {
  return status === STATUS.VACANT || status === STATUS.DEAD;
}

/** The words of the header. */
export const HEADER = {
  SIZES: 0,
  /** See `life.ts`. */
  LIFE: LINE,
  /** How many functions have a number. */
  FUNCTIONS: 2 * LINE,
  /** What the creator has to see to: bits of `ATTENTION`. */
  ATTENTION: 3 * LINE,
  /** A number that no other pool has, in two words. */
  ID: 3 * LINE + 1,
  /** 1: other threads have handles, so the workers have to stay. */
  EXPORTED: 3 * LINE + 3,
  /** How many workers sleep under Deno's loop. */
  HOSTED: 3 * LINE + 4,
} as const;

/** What the creator of a pool has to see to, as it alone can start threads. */
export const ATTENTION = {
  /** A worker has ended in the middle of its work. */
  DEATH: 1,
  /** A blocking task has no thread. */
  BLOCKING: 2,
  /** There is work, and there are no workers. */
  START: 4,
} as const;

const HEADER_WORDS = 4 * LINE;

/** How many functions can be spawned in one pool. */
export const MAX_FUNCTIONS = 4096;

/** Where everything is in a pool's memory, in words unless it says bytes. */
export class Layout {
  readonly sizes: Sizes;
  readonly life: number = HEADER.LIFE;
  readonly sleepers: number;
  readonly blockingSleepers: number;
  readonly slots: number;
  readonly heap: number;
  readonly functions: number;
  readonly injector: number;
  readonly blockingInjector: number;
  readonly records: number;
  readonly heapBytes: number;
  /** How many bytes all of it takes. */
  readonly bytes: number;
  readonly #seats: number;
  readonly #deques: number;
  readonly #dequeWords: number;

  constructor(sizes: Sizes) {
    this.sizes = sizes;
    let at = HEADER_WORDS;
    const take = (words: number) => {
      const start = at;
      at += Math.ceil(words / LINE) * LINE;
      return start;
    };
    this.sleepers = take(Sleepers.size(sizes.workers));
    this.blockingSleepers = take(Sleepers.size(BLOCKING_SEATS));
    this.slots = take(Slots.SIZE);
    this.heap = take(Heap.SIZE);
    this.functions = take(2 * MAX_FUNCTIONS);
    this.#seats = take(SEAT_WORDS * sizes.seats);
    this.#dequeWords = TaskDeque.size(sizes.deque);
    this.#deques = take(this.#dequeWords * sizes.workers);
    this.injector = take(Injector.size(sizes.injector));
    this.blockingInjector = take(Injector.size(sizes.injector));
    this.records = take(RECORD_WORDS * sizes.records);
    this.heapBytes = 4 * take(0);
    this.bytes = this.heapBytes + sizes.heap;
  }

  /**
   * Reads the sizes that another thread has written into the memory; null if it
   * cannot be a pool's, as its length is another one.
   */
  static of(memory: SharedArrayBuffer): Layout | null {
    if (memory.byteLength < 4 * HEADER_WORDS) return null;
    const words = new Int32Array(memory, 0, HEADER_WORDS);
    const [workers, seats, records, deque, injector, heap] = words.subarray(
      HEADER.SIZES,
      HEADER.SIZES + 6,
    );
    const layout = new Layout({
      workers: workers!,
      seats: seats!,
      records: records!,
      deque: deque!,
      injector: injector!,
      heap: heap!,
    });
    const areSizes = Object.values(layout.sizes).every((size) => size > 0);
    return areSizes && layout.bytes === memory.byteLength ? layout : null;
  }

  /** Writes the sizes into new memory, for `of`. */
  write(words: Int32Array): void {
    const { workers, seats, records, deque, injector, heap } = this.sizes;
    words.set([workers, seats, records, deque, injector, heap], HEADER.SIZES);
  }

  /** Where a record begins. */
  record(record: number): number {
    return this.records + RECORD_WORDS * record;
  }

  /** Where a word of each record is. */
  links(word: number): Links {
    return { at: this.records + word, stride: RECORD_WORDS };
  }

  /** Where a seat begins. */
  seat(seat: number): number {
    return this.#seats + SEAT_WORDS * seat;
  }

  /** Where the thread of a seat parks. */
  parking(memory: SharedArrayBuffer, seat: number): ParkingPlace {
    return { memory, at: this.seat(seat) + SEAT.PARKING };
  }

  /** Where the deque of a worker begins; the first worker is 0. */
  deque(worker: number): number {
    return this.#deques + this.#dequeWords * worker;
  }
}

// The parking place must end before the words that tell what a signal goes to.
if (PARKING_BYTES > 4 * SEAT.BACKEND) {
  throw new Error("Cannot lay out a pool: its parking places overlap");
}
