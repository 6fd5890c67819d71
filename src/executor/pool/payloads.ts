import { Decoder, type Packet } from "../../task/mod.ts";
import type { Heap } from "./heap.ts";
import { INLINE_BYTES, RECORD } from "./layout.ts";
import type { PoolMemory } from "./memory.ts";
import type { Ports } from "./ports.ts";
import { ABORTED, LOST, type SharedEnding } from "./shared_state.ts";

/** `RECORD.BLOCK` of a payload that went by port. */
const BY_PORT = -1;

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
  readonly #decoder = new Decoder();

  constructor(memory: PoolMemory, heap: Heap, ports: Ports) {
    this.#memory = memory;
    this.#heap = heap;
    this.#ports = ports;
  }

  /**
   * Writes a payload. False: there is no room for it, and it cannot go by port, as
   * nobody knows yet who will read it.
   *
   * @param to The seat that will read it, for what has to go by port.
   */
  write(record: number, payload: Payload, to: number | undefined): boolean {
    const { length } = payload;
    const { words, bytes } = this.#memory;
    const at = this.#memory.layout.record(record);
    words[at + RECORD.LENGTH] = length;
    words[at + RECORD.ATTACHED] = 0;
    if (payload.attachments !== null) {
      this.#send(record, payload, to!);
    } else if (length <= INLINE_BYTES) {
      words[at + RECORD.BLOCK] = 0;
      payload.copyTo(bytes, 4 * (at + RECORD.INLINE));
    } else {
      const block = this.#heap.allocate(length);
      if (block === 0) {
        if (to === undefined) return false;
        this.#send(record, payload, to);
        return true;
      }
      words[at + RECORD.BLOCK] = block;
      payload.copyTo(bytes, this.#heap.offset(block));
    }
    return true;
  }

  #send(record: number, payload: Payload, to: number): void {
    if (!this.#ports.has(to)) {
      throw new Error(
        "Cannot send a shared or transferred buffer, or one of many " +
          "megabytes: there is no port between the two threads, one of which " +
          "has imported its Handle",
      );
    }
    const bytes = new Uint8Array(payload.length);
    payload.copyTo(bytes, 0);
    this.#memory.set(record, RECORD.BLOCK, BY_PORT);
    this.#memory.set(record, RECORD.ATTACHED, 1);
    const attachments = payload.attachments ?? [];
    const { buffer } = bytes;
    this.#ports.send(to, { record, bytes: buffer, attachments }, [
      buffer,
      ...payload.transfer,
    ]);
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
    if (block === BY_PORT) {
      const { bytes, attachments } = this.#ports.take(record);
      return this.#decoder.decode(new Uint8Array(bytes), 0, attachments);
    }
    try {
      return this.#decoder.decode(bytes, this.#heap.offset(block));
    } finally {
      this.#heap.free(block, length);
    }
  }

  /** Closes what has moved with a payload that was never written. */
  drop({ length, copyTo, attachments }: Payload): void {
    const bytes = new Uint8Array(length);
    copyTo(bytes, 0);
    this.#decoder.discard(bytes, 0, attachments);
  }

  /** Frees what the outcome takes of a task that nobody wants to know of. */
  discard(record: number, ending: SharedEnding): void {
    if (ending === ABORTED || ending === LOST) return;
    const block = this.#memory.get(record, RECORD.BLOCK);
    if (block === BY_PORT) this.#ports.forget(record);
    else if (block !== 0) {
      this.#heap.free(block, this.#memory.get(record, RECORD.LENGTH));
    }
  }
}

/** A copy of a packet that outlives the encoder's next one. */
export function keep(packet: Packet): Payload {
  const { length } = packet;
  const bytes = new Uint8Array(length);
  packet.copyTo(bytes, 0);
  // What is transferred must be out of the spawner's hands from now on.
  const attachments = packet.attachments === null
    ? null
    : structuredClone(packet.attachments, { transfer: [...packet.transfer] });
  return {
    length,
    copyTo: (target, at) => target.set(bytes, at),
    attachments,
    transfer: (attachments ?? []).filter((attached) =>
      !(attached instanceof SharedArrayBuffer)
    ) as Transferable[],
  };
}
