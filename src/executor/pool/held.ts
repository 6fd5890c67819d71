import type { Endings } from "./endings.ts";
import { ATTACHED, ATTENTION, RECORD } from "./layout.ts";
import type { PoolMemory } from "./memory.ts";
import type { Payloads } from "./payloads.ts";
import type { Ports } from "./ports.ts";

/**
 * What goes by port with blocking tasks. Such a message needs a receiver, and which
 * thread will run the task shows only when one takes it from the queue: so the
 * spawner keeps it until then. The thread
 *
 * 1. takes the record from the queue, and no other one after it;
 * 2. writes its number and `ASKED` into the record, and puts it into the spawner's
 *    list, as if the task had ended. The state stays as in a queue, NOTIFIED: the
 *    spawner may still abort the task, and then only a shell goes to and fro;
 * 3. finds the record in its mail, behind the message, and starts it.
 *
 * The list has a link of its own, and no task that was not started comes into it
 * in another way.
 */
export class Held {
  readonly #memory: PoolMemory;
  readonly #payloads: Payloads;
  readonly #ports: Ports;
  readonly #endings: Endings;

  constructor(
    memory: PoolMemory,
    payloads: Payloads,
    ports: Ports,
    endings: Endings,
  ) {
    this.#memory = memory;
    this.#payloads = payloads;
    this.#ports = ports;
    this.#endings = endings;
  }

  /**
   * Sends what a thread has asked for. After the pool's end nobody waits for it: the
   * task is cancelled.
   *
   * @param isWanted Whether the task is to be run: if not, only the record is sent.
   */
  answer(record: number, isWanted: boolean): void {
    const memory = this.#memory;
    memory.set(record, RECORD.ATTACHED, ATTACHED.SENT);
    if (memory.life.isClosed) return this.#endings.cancelTaken(record);
    const to = memory.get(record, RECORD.HOME);
    // Nothing is there if the thread is gone that spawned it: the task is lost.
    const attached = this.#payloads.takeAttached(record);
    if (attached !== null) {
      if (isWanted) this.#ports.forward(to, attached);
      else this.#payloads.discardAttached(attached);
    }
    memory.post(to, record);
    // If it has ended since, whoever is started in its place finds the record.
    if (memory.isVacant(to)) memory.callCreator(ATTENTION.BLOCKING);
  }

  /** Closes what belongs to a task that was aborted. */
  drop(record: number): void {
    const attached = this.#payloads.takeAttached(record);
    if (attached !== null) this.#payloads.discardAttached(attached);
  }
}
