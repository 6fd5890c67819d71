import { ATTACHED, RECORD } from "./layout.ts";
import { NONE } from "./task_deque.ts";
import type { Sleepers } from "./sleepers.ts";
import { WorkerSeat } from "./worker_seat.ts";

/**
 * The place of a thread whose tasks may block it: it takes one at a time, from the
 * queue of blocking tasks, and spawns its own into the injector as others do.
 */
export class BlockingSeat extends WorkerSeat {
  /** Whether it has asked for what belongs to a task that it has taken. */
  #isExpecting = false;

  /** Whether it may take a task. */
  get #isFree(): boolean {
    return this.jobs === 0 && !this.#isExpecting;
  }

  override get isUnused(): boolean {
    return super.isUnused && !this.#isExpecting;
  }

  /** After the rules at the top of `held.ts`. */
  #askFor(record: number): void {
    const { memory } = this;
    this.#isExpecting = true;
    this.idling.stopSearch();
    memory.set(record, RECORD.HOME, this.number);
    memory.set(record, RECORD.ATTACHED, ATTACHED.ASKED);
    const spawner = memory.get(record, RECORD.SPAWNER);
    memory.done(spawner).push(record);
    memory.unpark(spawner);
  }

  protected override noteArrived(): void {
    this.#isExpecting = false;
  }

  protected override indexOf(number: number): number {
    return number - this.memory.firstBlocking;
  }

  protected override get sleepers(): Sleepers {
    return this.memory.blockingSleepers;
  }

  protected override get takesTasks(): boolean {
    return super.takesTasks && this.#isFree;
  }

  protected override wakeAnother(): void {
    if (this.memory.blockingInjector.length > 0) this.memory.wakeOneBlocking();
  }

  protected override publish(record: number): void {
    this.publishShared(record);
  }

  /** Another thread shall have it: nobody may come to this seat again. */
  protected override returnTaken(record: number): void {
    const { memory, payloads } = this;
    // What came by port cannot be passed on.
    const isTied = memory.get(record, RECORD.ATTACHED) === ATTACHED.SENT &&
      payloads.isHere(record);
    if (memory.life.isAwake || isTied) return this.keep(record);
    if (!memory.blockingInjector.push(record)) this.keep(record);
  }

  /** It has nothing else to do, and nobody waits behind it. */
  protected override putBack(record: number): void {
    this.keep(record);
  }

  protected override take(): number {
    if (!this.#isFree) return NONE;
    const { blockingInjector, states } = this.memory;
    const record = blockingInjector.pop();
    if (record === NONE || this.payloads.isHere(record)) return record;
    // It was aborted: nobody needs what belongs to it.
    if (states.isConsumed(record)) return record;
    this.#askFor(record);
    return NONE;
  }

  protected override get seesQueued(): boolean {
    return this.#isFree && this.memory.blockingInjector.length > 0;
  }

  /** Nobody calls it then: a blocking task that finds nobody idle gets a thread. */
  protected override noteHosted(): void {}

  protected override isNewest(): boolean {
    return false;
  }
}
