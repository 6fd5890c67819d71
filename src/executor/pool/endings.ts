import { reportFailure } from "../../future/mod.ts";
import { disposeAll, type Encoder } from "../../task/mod.ts";
import { RECORD, SEAT } from "./layout.ts";
import type { PoolMemory } from "./memory.ts";
import type { Payloads } from "./payloads.ts";
import {
  ABORTED,
  FAILED,
  type LOST,
  type SharedEnding,
} from "./shared_state.ts";

/** How a thread ends tasks that it has taken from a queue. */
export class Endings {
  readonly #memory: PoolMemory;
  readonly #seat: number;
  readonly #payloads: Payloads;
  readonly #encoder: Encoder;

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
    // What nobody will ask for may be large, or unable to travel.
    if (ending === 0 && !this.#memory.states.hasJoinInterest(record)) {
      outcome = undefined;
    }
    const written = this.#write(record, name, ending, outcome);
    this.count(written);
    this.#tell(record, written);
  }

  /** Ends a task without an outcome. */
  endEmpty(record: number, ending: typeof ABORTED | typeof LOST): void {
    this.count(ending);
    this.#tell(record, ending);
  }

  /** A result that cannot travel fails its task, which the joiner is told. */
  #write(
    record: number,
    name: string,
    ending: 0 | typeof FAILED,
    outcome: unknown,
  ): 0 | typeof FAILED {
    const to = this.#memory.get(record, RECORD.SPAWNER);
    try {
      const packet = ending === 0
        ? this.#encoder.encodeResult(name, outcome)
        : this.#encoder.encodeFailure(name, outcome);
      this.#payloads.write(record, packet, to);
      packet.commit();
      return ending;
    } catch (error) {
      const packet = this.#encoder.encodeFailure(name, error);
      this.#payloads.write(record, packet, to);
      packet.commit();
      return FAILED;
    }
  }

  /** Counts a task as ended, on this thread. */
  count(ending: SharedEnding): void {
    this.#memory.count(
      this.#seat,
      ending === 0
        ? SEAT.COMPLETED
        : ending === FAILED
        ? SEAT.FAILED
        : ending === ABORTED
        ? SEAT.ABORTED
        : SEAT.LOST,
    );
  }

  /** Tells the spawner that a task has ended; its outcome is written. */
  #tell(record: number, ending: SharedEnding): void {
    const memory = this.#memory;
    const spawner = memory.get(record, RECORD.SPAWNER);
    const mayBeAsleep = memory.states.complete(record, ending);
    memory.done(spawner).push(record);
    // A failure that nobody waits for has to be reported.
    if (mayBeAsleep || ending === FAILED) memory.unpark(spawner);
  }

  /** Cancels a task that was taken from a queue and was never started. */
  cancelTaken(record: number): void {
    switch (this.#memory.states.take(record)) {
      case "start":
        this.disposeArguments(record);
        this.endEmpty(record, ABORTED);
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

  /** Closes what has moved to a task that will not start. */
  disposeArguments(record: number): void {
    try {
      disposeAll(this.#payloads.read(record) as unknown[]);
    } catch (error) {
      reportFailure("closing the arguments of a task not started", error);
    }
  }

  /** Cancels all that is in a seat's mail: its thread will not look there again. */
  cancelMail(seat: number): void {
    const mail = this.#memory.mail(seat);
    let record = mail.takeAll();
    while (record >= 0) {
      const next = mail.next(record);
      this.cancelTaken(record);
      record = next;
    }
  }

  /**
   * The same for a thread's own mail, as far as only that thread can: what came by
   * port. It may not even have the module to decode the rest, which is left.
   */
  cancelAttached(seat: number): void {
    const memory = this.#memory;
    const mail = memory.mail(seat);
    let record = mail.takeAll();
    while (record >= 0) {
      const next = mail.next(record);
      if (memory.get(record, RECORD.ATTACHED) === 1) this.cancelTaken(record);
      else mail.push(record);
      record = next;
    }
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
