import type { PoolMemory } from "./memory.ts";
import type { Placement } from "./placement.ts";
import type { SeatHost } from "./remote_task.ts";
import { Seat } from "./seat.ts";

/** What the thread that made a pool is asked to do by the others. */
export interface Keeper {
  /** Starts the workers, if there are none. */
  start(): void;
  /** Sees to what others cannot do, bits of `ATTENTION`. */
  attend(attention: number): void;
  /** Starts other threads in place of those that have ended, or are about to. */
  replaceDying(): void;
  /** How long those that were started may take to come up, in milliseconds. */
  readonly untilStarted: number;
  /** Sees whether they have come up, and gives up if it is too late. */
  checkStart(): void;
}

/** The place in a pool of the thread that made it, which alone can start threads. */
export class CreatorSeat extends Seat {
  readonly #keeper: Keeper;

  constructor(memory: PoolMemory, host: SeatHost, keeper: Keeper) {
    super(memory, 0, host, () => keeper.start());
    this.#keeper = keeper;
  }

  override drain(): boolean {
    const attention = this.memory.takeAttention();
    if (attention !== 0) this.#keeper.attend(attention);
    this.#keeper.checkStart();
    const hadAny = super.drain();
    // The workers have retired. Those that come get ways of their own.
    if (this.#isAlone) this.ports.close();
    return hadAny;
  }

  /**
   * Whether the workers have retired, and there are ways to them that nothing can
   * come by any more. Not after a shutdown, which sees to that by itself.
   */
  get #isAlone(): boolean {
    const { life } = this.memory;
    return !this.ports.isEmpty && this.pending === 0 && !life.isAwake &&
      !life.isClosed;
  }

  /** What goes by port has to reach the next worker, not the one that is dying. */
  protected override pinned(name: string, placement: Placement): Placement {
    this.#keeper.replaceDying();
    return super.pinned(name, placement);
  }

  override get hasNews(): boolean {
    return super.hasNews || this.memory.needsAttention;
  }

  override get longestSleep(): number {
    // Who comes up when all have retired leaves, and nobody waits for it.
    return this.memory.life.isAwake
      ? Math.min(super.longestSleep, this.#keeper.untilStarted)
      : super.longestSleep;
  }

  /**
   * While there are workers, which keep the process alive by themselves, and until
   * the ways to them are closed.
   */
  override get mustListen(): boolean {
    return this.memory.life.isAwake || this.#isAlone;
  }

  /** Who retires the pool writes that first, and then looks who is parked. */
  protected override mayPark(): boolean {
    return !this.#isAlone;
  }

  override stayAsleep(): boolean {
    return super.stayAsleep() && this.mayPark();
  }
}
