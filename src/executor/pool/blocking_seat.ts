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

  /** Another thread shall have it: nobody may come to this seat again. */
  protected override returnTaken(record: number): void {
    if (this.memory.life.isAwake) return this.keep(record);
    if (!this.memory.blockingInjector.push(record)) this.keep(record);
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

  /** Nobody calls it then: a blocking task that finds nobody idle gets a thread. */
  protected override noteHosted(): void {}

  protected override isNewest(): boolean {
    return false;
  }
}
