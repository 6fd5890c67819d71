import { currentContext, type Owner, reportFailure } from "../../future/mod.ts";
import { Decoder, type Packet } from "../../task/mod.ts";
import { Chains } from "./chains.ts";
import { type Heap, LARGEST_BLOCK } from "./heap.ts";
import { ATTACHED, INLINE_BYTES, RECORD } from "./layout.ts";
import type { PoolMemory } from "./memory.ts";
import type { Attached, Ports } from "./ports.ts";
import { ABORTED, LOST, type SharedEnding } from "./shared_state.ts";

/**
 * `RECORD.BLOCK` of a payload that went by port. Less than that: minus one, and
 * minus the first block of a chain.
 */
const BY_PORT = -1;

/** How many bytes go to a thread that no port leads to. */
export const MAX_SHARED_BYTES: number = LARGEST_BLOCK;

/** An encoded value that is written to a record later, or by another thread. */
export type Payload = Pick<
  Packet,
  "length" | "copyTo" | "attachments" | "transfer"
>;

/**
 * Writes arguments and outcomes into records and reads them again. A record has at
 * most one payload at a time: its arguments until a worker has read them, then its
 * outcome. Reading one frees what it took.
 */
export class Payloads {
  readonly #memory: PoolMemory;
  readonly #heap: Heap;
  readonly #ports: Ports;
  readonly #chains: Chains;
  readonly #decoder = new Decoder();

  constructor(memory: PoolMemory, heap: Heap, ports: Ports) {
    this.#memory = memory;
    this.#heap = heap;
    this.#ports = ports;
    this.#chains = new Chains(memory.words, memory.bytes, heap);
  }

  /**
   * Writes a payload. False: there is no room for it now, and it cannot go by port,
   * as nobody knows yet who will read it, or there is no port.
   *
   * @param to The seat that will read it, for what has to go by port.
   * @throws {Error} If it has attachments and there is no port.
   */
  write(record: number, payload: Payload, to: number | undefined): boolean {
    const { length } = payload;
    const { words, bytes } = this.#memory;
    const at = this.#memory.layout.record(record);
    words[at + RECORD.LENGTH] = length;
    words[at + RECORD.ATTACHED] = ATTACHED.NONE;
    if (payload.attachments !== null) {
      this.checkWay(to!);
      this.#send(record, payload, to!);
    } else if (length <= INLINE_BYTES) {
      words[at + RECORD.BLOCK] = 0;
      payload.copyTo(bytes, 4 * (at + RECORD.INLINE));
    } else {
      const block = this.#heap.find(length);
      if (block === 0) return this.#writeElsewhere(record, payload, to);
      words[at + RECORD.BLOCK] = block;
      payload.copyTo(bytes, this.#heap.offset(block));
    }
    return true;
  }

  /** Where there is no block for it: by port, or in several blocks. */
  #writeElsewhere(
    record: number,
    payload: Payload,
    to: number | undefined,
  ): boolean {
    if (to !== undefined && this.#ports.has(to)) {
      this.#send(record, payload, to);
      return true;
    }
    if (payload.length > MAX_SHARED_BYTES) return false;
    const first = this.#chains.write(bytesOf(payload));
    if (first === 0) return false;
    this.#memory.set(record, RECORD.BLOCK, BY_PORT - first);
    return true;
  }

  /** @throws {Error} If no port leads to a seat. */
  checkWay(to: number): void {
    if (this.#ports.has(to)) return;
    throw new Error(
      "Cannot send a shared or transferred buffer: there is no port between the " +
        "two threads, one of which has imported its Handle",
    );
  }

  #send(record: number, payload: Payload, to: number): void {
    const bytes = bytesOf(payload);
    this.#memory.set(record, RECORD.BLOCK, BY_PORT);
    this.#memory.set(record, RECORD.ATTACHED, ATTACHED.SENT);
    const attachments = payload.attachments ?? [];
    const { buffer } = bytes;
    this.#ports.send(to, { record, bytes: buffer, attachments }, [
      buffer,
      ...payload.transfer,
    ]);
  }

  /** The same; what has moved with it is this owner's, whoever runs meanwhile. */
  readFor(owner: Owner | null, record: number): unknown {
    const cx = currentContext();
    if (cx === null) return this.read(record);
    const before = cx.owner;
    cx.owner = owner;
    try {
      return this.read(record);
    } finally {
      cx.owner = before;
    }
  }

  /** Reads a payload, and frees what it took, also if it cannot be decoded. */
  read(record: number): unknown {
    const { words, bytes } = this.#memory;
    const at = this.#memory.layout.record(record);
    const length = words[at + RECORD.LENGTH]!;
    const block = words[at + RECORD.BLOCK]!;
    if (block === 0) {
      return this.#decoder.decode(bytes, 4 * (at + RECORD.INLINE));
    }
    return this.#readBlocks("decode", block, record, length);
  }

  /** Reads, or discards, what is not in the record itself, and frees it. */
  #readBlocks(
    how: "decode" | "discard",
    block: number,
    record: number,
    length: number,
  ): unknown {
    if (block === BY_PORT) {
      const { bytes, attachments } = this.#ports.take(record);
      return this.#decoder[how](new Uint8Array(bytes), 0, attachments);
    }
    if (block < BY_PORT) {
      const bytes = this.#chains.read(BY_PORT - block, length);
      return this.#decoder[how](bytes, 0);
    }
    try {
      return this.#decoder[how](this.#memory.bytes, this.#heap.offset(block));
    } finally {
      this.#heap.free(block, length);
    }
  }

  /** Whether a payload can be read here: it may have gone by port to another. */
  isHere(record: number): boolean {
    return this.#memory.get(record, RECORD.BLOCK) !== BY_PORT ||
      this.#ports.hasArrived(record);
  }

  /**
   * What came by port with a record that is about to be taken from a queue, or
   * null. Afterwards would be too late: a shell that is given back may be another
   * task's by then.
   */
  takeAttached(record: number): Attached | null {
    return this.#memory.get(record, RECORD.ATTACHED) === ATTACHED.SENT
      ? this.#ports.takeIfThere(record)
      : null;
  }

  /** The record was taken to be started: its arguments are read next. */
  putBack(attached: Attached): void {
    this.#ports.putBack(attached);
  }

  /** Closes what has moved by port to a task that was aborted. */
  discardAttached({ bytes, attachments }: Attached): void {
    this.#decoder.discard(new Uint8Array(bytes), 0, attachments);
  }

  /** The thread goes away: nobody can take any more what came to it by port. */
  discardArrived(): void {
    for (const attached of this.#ports.takeAll()) {
      this.discardAttached(attached);
    }
  }

  /** Closes what has moved with a payload that was never written. */
  drop(payload: Payload): void {
    this.#decoder.discard(bytesOf(payload), 0, payload.attachments);
  }

  /**
   * Closes what has moved with the outcome of a task that nobody wants to know of,
   * and frees what it takes.
   */
  discard(record: number, ending: SharedEnding): void {
    if (ending === ABORTED || ending === LOST || !this.isHere(record)) return;
    const { words, bytes, layout } = this.#memory;
    const at = layout.record(record);
    const block = words[at + RECORD.BLOCK]!;
    try {
      if (block === 0) this.#decoder.discard(bytes, 4 * (at + RECORD.INLINE));
      else {
        this.#readBlocks("discard", block, record, words[at + RECORD.LENGTH]!);
      }
    } catch (error) {
      reportFailure("closing an outcome that nobody takes", error);
    }
  }
}

/** @throws {RangeError} If there is no memory for another copy. */
function bytesOf(payload: Payload): Uint8Array<ArrayBuffer> {
  let bytes;
  try {
    bytes = new Uint8Array(payload.length);
  } catch (cause) {
    throw new RangeError(
      `Cannot send ${payload.length} bytes: there is no memory for them`,
      { cause },
    );
  }
  payload.copyTo(bytes, 0);
  return bytes;
}

/** A copy of a packet that outlives the encoder's next one. */
export function keep(packet: Packet): Payload {
  const bytes = bytesOf(packet);
  // What is transferred must be out of the spawner's hands from now on.
  const attachments = packet.attachments === null
    ? null
    : structuredClone(packet.attachments, { transfer: [...packet.transfer] });
  return {
    length: bytes.length,
    copyTo: (target, at) => target.set(bytes, at),
    attachments,
    transfer: (attachments ?? []).filter((attached) =>
      !(attached instanceof SharedArrayBuffer)
    ) as Transferable[],
  };
}
