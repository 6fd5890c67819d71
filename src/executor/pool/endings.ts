import { reportFailure } from "../../future/mod.ts";
import { disposeAll, type Encoder, type Packet } from "../../task/mod.ts";
import { ATTACHED, RECORD, SEAT } from "./layout.ts";
import type { PoolMemory } from "./memory.ts";
import {
  keep,
  MAX_SHARED_BYTES,
  type Payload,
  type Payloads,
} from "./payloads.ts";
import { ABORTED, FAILED, LOST, type SharedEnding } from "./shared_state.ts";
import { Waiting } from "./waiting.ts";

/** In place of an ending: there was no room for the outcome. */
const WAITS = -1;

/** An outcome for which there was no room. */
interface Unwritten {
  readonly record: number;
  readonly ending: 0 | typeof FAILED;
  readonly payload: Payload;
}

/** How a thread ends tasks that it has taken from a queue. */
export class Endings {
  readonly #memory: PoolMemory;
  readonly #seat: number;
  readonly #payloads: Payloads;
  readonly #encoder: Encoder;
  readonly #unwritten = new Waiting<Unwritten>();
  readonly #writer = ({ record, ending, payload }: Unwritten): boolean => {
    const to = this.#memory.get(record, RECORD.SPAWNER);
    if (!this.#payloads.write(record, payload, to)) return false;
    this.#finish(record, ending);
    return true;
  };

  constructor(
    memory: PoolMemory,
    seat: number,
    payloads: Payloads,
    encoder: Encoder,
  ) {
    this.#memory = memory;
    this.#seat = seat;
    this.#payloads = payloads;
    this.#encoder = encoder;
  }

  /** Ends a task with a value, or with what it threw. */
  end(
    record: number,
    name: string,
    ending: 0 | typeof FAILED,
    outcome: unknown,
  ): void {
    if (this.#memory.states.isComplete(record)) return;
    // What nobody will ask for may be large, or unable to travel.
    if (ending === 0 && !this.#memory.states.hasJoinInterest(record)) {
      outcome = undefined;
    }
    const written = this.#write(record, name, ending, outcome);
    if (written !== WAITS) this.#finish(record, written);
  }

  /** Ends a task without an outcome. */
  endEmpty(record: number, ending: typeof ABORTED | typeof LOST): void {
    this.#finish(record, ending);
  }

  #finish(record: number, ending: SharedEnding): void {
    // Counted before: who hears of the end shall see the count.
    this.count(ending);
    const mayBeAsleep = this.#memory.states.complete(record, ending);
    if (mayBeAsleep === null) {
      this.#memory.uncount(this.#seat, wordOf(ending));
    } else this.#tell(record, mayBeAsleep || ending === FAILED);
  }

  /** A result that cannot travel fails its task, which the joiner is told. */
  #write(
    record: number,
    name: string,
    ending: 0 | typeof FAILED,
    outcome: unknown,
  ): 0 | typeof FAILED | typeof WAITS {
    try {
      const packet = ending === 0
        ? this.#encoder.encodeResult(name, outcome)
        : this.#encoder.encodeFailure(name, outcome);
      return this.#writePacket(record, name, ending, packet);
    } catch (error) {
      const packet = this.#encoder.encodeFailure(name, error);
      return this.#writePacket(record, name, FAILED, packet);
    }
  }

  #writePacket(
    record: number,
    name: string,
    ending: 0 | typeof FAILED,
    packet: Packet,
  ): 0 | typeof FAILED | typeof WAITS {
    const to = this.#memory.get(record, RECORD.SPAWNER);
    const isWritten = this.#payloads.write(record, packet, to);
    if (!isWritten) {
      if (packet.length > MAX_SHARED_BYTES) {
        throw new RangeError(
          `Cannot send the outcome of "${name}": it takes ${packet.length} ` +
            `bytes, and ${MAX_SHARED_BYTES} at most can go to the thread that ` +
            "spawned it",
        );
      }
      this.#unwritten.push({ record, ending, payload: keep(packet) });
    }
    packet.commit();
    return isWritten ? ending : WAITS;
  }

  /** Whether no outcome waits for room. */
  get areWritten(): boolean {
    return this.#unwritten.isEmpty;
  }

  /** Writes those outcomes for which there is room by now. */
  writeWaiting(): void {
    this.#unwritten.retry(this.#writer);
  }

  /** Ends those for which there is none without it: the thread goes away. */
  dropWaiting(ending: typeof ABORTED | typeof LOST): void {
    let unwritten;
    while ((unwritten = this.#unwritten.take()) !== undefined) {
      this.#payloads.drop(unwritten.payload);
      this.#finish(unwritten.record, ending);
    }
  }

  /** Counts a task as ended, on this thread. */
  count(ending: SharedEnding): void {
    this.#memory.count(this.#seat, wordOf(ending));
  }

  /**
   * Tells the spawner that a task has ended; its outcome is written. It is woken if
   * it waits, and to report a failure that nobody waits for.
   */
  #tell(record: number, mustWake: boolean): void {
    const memory = this.#memory;
    const spawner = memory.get(record, RECORD.SPAWNER);
    memory.done(spawner).push(record);
    if (mustWake) memory.unpark(spawner);
  }

  /**
   * Ends a task that some thread has which was let go, or is gone, after the pool's
   * end. False: it has ended.
   */
  giveUp(record: number, ending: SharedEnding): boolean {
    const isOurs = this.#memory.states.giveUp(record, ending);
    if (isOurs === null) return false;
    this.count(ending);
    if (isOurs) this.disposeArguments(record);
    return true;
  }

  /** Does so with all tasks that are left. */
  giveUpAll(): void {
    const memory = this.#memory;
    if (memory.unended === 0) return;
    for (let record = memory.usedRecords - 1; record >= 0; record--) {
      if (this.giveUp(record, LOST)) this.#tell(record, true);
    }
  }

  /** Cancels a task that was taken from a queue and was never started. */
  cancelTaken(record: number): void {
    this.endTaken(record, ABORTED);
  }

  /** The same, perhaps since it is lost. */
  endTaken(record: number, ending: typeof ABORTED | typeof LOST): void {
    switch (this.#memory.states.take(record)) {
      case "start":
        this.disposeArguments(record);
        this.endEmpty(record, ending);
        break;
      case "return":
        this.giveBack(record);
        break;
    }
  }

  /** Gives a record back to its spawner of which only the shell is left. */
  giveBack(record: number): void {
    const spawner = this.#memory.get(record, RECORD.SPAWNER);
    this.#memory.done(spawner).push(record);
  }

  /** Closes what has moved to a task that will not start, if it is here. */
  disposeArguments(record: number): void {
    if (!this.#payloads.isHere(record)) return;
    try {
      disposeAll(this.#payloads.read(record) as unknown[]);
    } catch (error) {
      reportFailure("closing the arguments of a task not started", error);
    }
  }

  /** Cancels all that is in a seat's mail: its thread will not look there again. */
  cancelMail(seat: number): void {
    this.#memory.mail(seat).drain((record) => this.cancelTaken(record));
  }

  /**
   * The same for a thread's own mail, as far as only that thread can: what came by
   * port. It may not even have the module to decode the rest, which is left.
   */
  endAttached(seat: number, ending: typeof ABORTED | typeof LOST): void {
    const memory = this.#memory;
    const mail = memory.mail(seat);
    mail.drain((record) => {
      if (memory.get(record, RECORD.ATTACHED) === ATTACHED.NONE) {
        mail.push(record);
      } else this.endTaken(record, ending);
    });
  }

  /** Cancels all that is in the queues of a pool that has ended. */
  cancelQueued(): void {
    const memory = this.#memory;
    for (const queue of [memory.injector, memory.blockingInjector]) {
      let record;
      while ((record = queue.pop()) >= 0) this.cancelTaken(record);
    }
    for (const deque of memory.deques) {
      let record;
      while ((record = deque.steal()) >= 0) this.cancelTaken(record);
    }
    for (let seat = 1; seat < memory.layout.sizes.seats; seat++) {
      if (memory.isVacant(seat)) this.cancelMail(seat);
    }
  }
}

/** Where tasks are counted that have ended in this way. */
function wordOf(ending: SharedEnding): number {
  switch (ending) {
    case 0:
      return SEAT.COMPLETED;
    case FAILED:
      return SEAT.FAILED;
    case ABORTED:
      return SEAT.ABORTED;
    default:
      return SEAT.LOST;
  }
}
