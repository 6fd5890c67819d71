import { AFD_POLL_INFO, IO_STATUS_BLOCK } from "./layouts.ts";
import { PINNED_BYTES, PinnedMemory } from "./memory.ts";

/** Bytes of a place: a status block and a poll record, in a cache line. */
const SLOT_BYTES = 64;

/** Where the poll record is in a place. */
const INFO_AT: number = IO_STATUS_BLOCK.size;

const SLOTS_PER_CHUNK: number = PINNED_BYTES / SLOT_BYTES;

/** `Timeout` of a poll that waits for as long as it takes: 2^63 - 1. */
const FOR_EVER_LOW = 0xFFFF_FFFF;
const FOR_EVER_HIGH = 0x7FFF_FFFF;

/** The same offsets in 32-bit words. */
const WORD = {
  slot: SLOT_BYTES / 4,
  status: IO_STATUS_BLOCK.status / 4,
  timeout: (INFO_AT + AFD_POLL_INFO.timeout) / 4,
  numberOfHandles: (INFO_AT + AFD_POLL_INFO.numberOfHandles) / 4,
  exclusive: (INFO_AT + AFD_POLL_INFO.exclusive) / 4,
  handle: (INFO_AT + AFD_POLL_INFO.handle) / 4,
  events: (INFO_AT + AFD_POLL_INFO.events) / 4,
  handleStatus: (INFO_AT + AFD_POLL_INFO.status) / 4,
} as const;

/** The addresses of a place, made once: making one costs an allocation. */
interface Slot {
  readonly words: Int32Array;
  /** Where its words start. */
  readonly first: number;
  readonly statusAt: Deno.PointerObject;
  readonly infoAt: Deno.PointerObject;
  readonly context: bigint;
}

/**
 * Places for polls that are in flight: the kernel writes their outcome there when
 * it likes to. The memory never moves and grows by the chunk; a place is used
 * again only after it was given back, which must be after its completion.
 *
 * A poll's completion brings back the number of its place, plus one (0 marks a
 * packet that somebody posted), so no address has to be looked up.
 */
export class PollSlab {
  readonly #chunks: PinnedMemory[] = [];
  readonly #slots: Slot[] = [];
  readonly #free: number[] = [];

  /** How many places are taken. */
  get size(): number {
    return this.#slots.length - this.#free.length;
  }

  /** Takes a place. */
  take(): number {
    if (this.#free.length === 0) this.#grow();
    return this.#free.pop()!;
  }

  /** Gives a place back: no request may be in flight for it. */
  giveBack(slot: number): void {
    this.#free.push(slot);
  }

  #grow(): void {
    const memory = new PinnedMemory();
    const words = new Int32Array(memory.bytes);
    const first = this.#slots.length;
    this.#chunks.push(memory);
    for (let i = 0; i < SLOTS_PER_CHUNK; i++) {
      this.#slots.push({
        words,
        first: i * WORD.slot,
        statusAt: memory.at(i * SLOT_BYTES),
        infoAt: memory.at(i * SLOT_BYTES + INFO_AT),
        context: BigInt(first + i + 1),
      });
    }
    // The lowest numbers are to be taken first.
    for (let i = SLOTS_PER_CHUNK - 1; i >= 0; i--) this.#free.push(first + i);
  }

  /** Writes a poll of one socket down, for as long as it takes. */
  write(slot: number, handle: bigint, events: number): void {
    const { words, first } = this.#slots[slot]!;
    words[first + WORD.timeout] = FOR_EVER_LOW;
    words[first + WORD.timeout + 1] = FOR_EVER_HIGH;
    words[first + WORD.numberOfHandles] = 1;
    words[first + WORD.exclusive] = 0;
    words[first + WORD.handle] = Number(handle & 0xFFFF_FFFFn);
    words[first + WORD.handle + 1] = Number(handle >> 32n);
    words[first + WORD.events] = events;
    words[first + WORD.handleStatus] = 0;
  }

  /** The NTSTATUS that the poll ended with. */
  status(slot: number): number {
    const { words, first } = this.#slots[slot]!;
    return words[first + WORD.status]!;
  }

  /** The events that the poll found: none, if it says that it has no socket. */
  events(slot: number): number {
    const { words, first } = this.#slots[slot]!;
    return words[first + WORD.numberOfHandles]! < 1
      ? 0
      : words[first + WORD.events]!;
  }

  /** The address of the status block. */
  statusAt(slot: number): Deno.PointerObject {
    return this.#slots[slot]!.statusAt;
  }

  /** The address of the poll record. */
  infoAt(slot: number): Deno.PointerObject {
    return this.#slots[slot]!.infoAt;
  }

  /** What the request is made with, to have the place's number come back. */
  context(slot: number): bigint {
    return this.#slots[slot]!.context;
  }

  /** The place of a completion. */
  static slotOf(overlapped: number): number {
    return overlapped - 1;
  }

  /**
   * Gives the memory back to the system, unless a place is taken still: then the
   * kernel may write to it, and it is left as it is for ever.
   */
  close(): void {
    if (this.size > 0) return;
    for (const chunk of this.#chunks) chunk.free();
    this.#chunks.length = 0;
    this.#slots.length = 0;
    this.#free.length = 0;
  }
}
