import { NONE } from "./task_deque.ts";
import type { Sleepers } from "./sleepers.ts";
import { WorkerSeat } from "./worker_seat.ts";

/**
 * The place of a thread whose tasks may block it: it takes one at a time, from the
 * queue of blocking tasks, and spawns its own into the injector as others do.
 */
export class BlockingSeat extends WorkerSeat {
  protected override indexOf(number: number): number {
    return number - this.memory.firstBlocking;
  }

  protected override get sleepers(): Sleepers {
    return this.memory.blockingSleepers;
  }

  protected override get takesTasks(): boolean {
    return super.takesTasks && this.jobs === 0;
  }

  protected override wakeAnother(): void {
    if (this.memory.blockingInjector.length > 0) this.memory.wakeOneBlocking();
  }

  protected override publish(record: number): void {
    this.publishShared(record);
  }

  /** It has nothing else to do, and nobody waits behind it. */
  protected override putBack(record: number): void {
    this.keep(record);
  }

  protected override take(): number {
    return this.jobs > 0 ? NONE : this.memory.blockingInjector.pop();
  }

  protected override get seesQueued(): boolean {
    return this.jobs === 0 && this.memory.blockingInjector.length > 0;
  }

  protected override isNewest(): boolean {
    return false;
  }
}
