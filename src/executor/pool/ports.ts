import {
  type MessagePort as NodeMessagePort,
  receiveMessageOnPort,
} from "node:worker_threads";
import { CREATOR } from "./layout.ts";

/** What goes with a record by port, since only a structured clone can carry it. */
export interface Attached {
  readonly record: number;
  /**
   * The encoded bytes. The buffer itself: Deno takes 0.3 s for each MiB of a view
   * that it receives this way, and 0.1 ms for a buffer of 16.
   */
  readonly bytes: ArrayBuffer;
  /** Shared and transferred buffers, by the number that the bytes call them. */
  readonly attachments: readonly unknown[];
  /** What moves on with it, where it waits for a thread that asks. */
  readonly transfer?: Transferable[];
}

/** A way to the thread of a seat. */
export type Way = readonly [seat: number, port: MessagePort];

/** Ways between each two of so many seats, by seat. */
export function connectAll(count: number): Way[][] {
  const ways: Way[][] = Array.from({ length: count }, () => []);
  for (let a = 0; a < count; a++) {
    for (let b = a + 1; b < count; b++) {
      const { port1, port2 } = new MessageChannel();
      ways[a]!.push([b, port1]);
      ways[b]!.push([a, port2]);
    }
  }
  return ways;
}

/**
 * Ways from a new thread to the creator of the pool, whose ports these are, and to
 * others, who are told by the creator.
 */
export function introduceTo(
  own: Ports,
  seat: number,
  others: readonly number[],
): Way[] {
  const ways: Way[] = others.map((other) => {
    const { port1, port2 } = new MessageChannel();
    own.introduce(other, seat, port1);
    return [other, port2];
  });
  const { port1, port2 } = new MessageChannel();
  own.set(seat, port1);
  return [...ways, [CREATOR, port2]];
}

/** What tells a thread of a new way to another one. */
interface NewPort {
  readonly seat: number;
  readonly port: MessagePort;
}

/**
 * The ways by which a thread sends to others what shared memory cannot hold.
 * Messages are taken without turning Deno's loop. One is posted before its record
 * is put into a queue, so whoever has the record finds the message.
 */
export class Ports {
  readonly #ports = new Map<number, MessagePort>();
  readonly #arrived = new Map<number, Attached>();
  /** The thread's own seat: a worker may spawn a task that it then runs itself. */
  readonly #own: number;

  constructor(own: number) {
    this.#own = own;
  }

  /** Has messages for a seat go to a port from now on. */
  set(seat: number, port: MessagePort): void {
    const before = this.#ports.get(seat);
    // Behind the others, so that an iteration that is under way comes to it.
    this.#ports.delete(seat);
    this.#ports.set(seat, port);
    if (before === undefined) return;
    // What has come by the old one is still to be taken.
    this.#receive(before);
    before.close();
  }

  /** Tells the thread of `to` that it reaches `seat` by a port. */
  introduce(to: number, seat: number, port: MessagePort): void {
    const message: NewPort = { seat, port };
    this.#ports.get(to)?.postMessage(message, [port]);
  }

  /** Whether there is a way to a seat. */
  has(seat: number): boolean {
    if (seat === this.#own) return true;
    if (!this.#ports.has(seat)) this.#drain();
    return this.#ports.has(seat);
  }

  /** Sends what goes with a record. */
  send(seat: number, message: Attached, transfer: Transferable[]): void {
    if (seat === this.#own) {
      const copy = structuredClone({ ...message, transfer }, { transfer });
      this.#arrived.set(message.record, copy);
      return;
    }
    // A thread that was replaced has another port, of which the creator tells.
    const news = this.#ports.get(CREATOR);
    if (news !== undefined) this.#receive(news);
    this.#ports.get(seat)!.postMessage(message, transfer);
  }

  /** Sends on what has waited here. */
  forward(seat: number, { transfer = [], ...message }: Attached): void {
    this.send(seat, message, transfer);
  }

  /** Whether something came with a record. */
  hasArrived(record: number): boolean {
    if (!this.#arrived.has(record)) this.#drain();
    return this.#arrived.has(record);
  }

  /** What came with a record. */
  take(record: number): Attached {
    if (!this.#arrived.has(record)) this.#drain();
    const message = this.#arrived.get(record);
    if (message === undefined) {
      throw new Error("Cannot receive a value: its attachments are lost");
    }
    this.#arrived.delete(record);
    return message;
  }

  /** The same where it may be that nothing came. */
  takeIfThere(record: number): Attached | null {
    if (!this.#arrived.has(record)) this.#drain();
    const message = this.#arrived.get(record) ?? null;
    this.#arrived.delete(record);
    return message;
  }

  /** All that has come and was not taken. */
  takeAll(): Attached[] {
    this.#drain();
    const all = [...this.#arrived.values()];
    this.#arrived.clear();
    return all;
  }

  /** Puts back what was taken. */
  putBack(message: Attached): void {
    this.#arrived.set(message.record, message);
  }

  #drain(): void {
    // A port that arrives is drained as well: a Map's iteration comes to it.
    for (const port of this.#ports.values()) this.#receive(port);
  }

  #receive(port: MessagePort): void {
    let received;
    while (
      (received = receiveMessageOnPort(port as unknown as NodeMessagePort))
    ) {
      const message = received.message as Attached | NewPort;
      if ("port" in message) this.set(message.seat, message.port);
      else this.#arrived.set(message.record, message);
    }
  }

  /** Whether there are no ways. */
  get isEmpty(): boolean {
    return this.#ports.size === 0;
  }

  /** Closes all ways. */
  close(): void {
    for (const port of this.#ports.values()) port.close();
    this.#ports.clear();
    this.#arrived.clear();
  }
}
