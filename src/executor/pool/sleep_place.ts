import type { ParkingPlace, SignalTarget } from "../../reactor/mod.ts";
import { type AtomicWords, Parking } from "../../reactor/parking.ts";
import type { PoolMemory } from "./memory.ts";
import type { RemoteTask } from "./remote_task.ts";
import { NONE } from "./task_deque.ts";

/**
 * Where a thread with a seat sleeps, and what it has to announce before: which
 * tasks it waits for. Who completes one of those signals it.
 *
 * A task gets its JOIN_WAKER bit only when the thread goes to sleep, and once, so
 * that joining costs nothing while the thread is busy. No outcome is missed: the
 * thread parks, sets the bits, then looks for outcomes. A task that completes
 * before its bit is set is found to be complete; one that completes after it finds
 * the bit, puts the record into the list, and finds the thread parked.
 */
export class SleepPlace {
  readonly #memory: PoolMemory;
  readonly #seat: number;
  readonly #parking: Parking;
  /** Those that somebody waits for and that have no JOIN_WAKER yet. */
  #unannounced: RemoteTask[] = [];
  #isUnreachable = false;

  /** `atomics` is `Atomics`, but for a test that explores interleavings. */
  constructor(
    memory: PoolMemory,
    seat: number,
    atomics: AtomicWords = Atomics,
  ) {
    this.#memory = memory;
    this.#seat = seat;
    this.#parking = new Parking(this.place, atomics);
  }

  /** Where in the pool's memory it is. */
  get place(): ParkingPlace {
    return this.#memory.layout.parking(this.#memory.shared, this.#seat);
  }

  /** Whether the thread waits at a word that the pool does not know. */
  get isUnreachable(): boolean {
    return this.#isUnreachable;
  }

  /** A reactor of the thread is there: what others signal to. */
  open(target: SignalTarget): void {
    const { signals } = target;
    this.#isUnreachable = signals !== undefined &&
      signals !== this.#memory.shared;
    if (this.#isUnreachable) return;
    this.#memory.setTarget(this.#seat, target);
    this.#parking.open();
  }

  /** That reactor is about to close. */
  close(): void {
    this.#parking.close();
  }

  /** Somebody has begun to wait for a task. */
  await(task: RemoteTask): void {
    this.#unannounced.push(task);
  }

  /**
   * From here on others find the thread parked. False: it must not sleep. One that
   * nobody could wake is not parked: it sleeps for a moment only.
   */
  park(): boolean {
    return this.#isUnreachable || this.#parking.park();
  }

  /**
   * The same while the thread's wait goes on elsewhere and it has had a look
   * itself, which may have taken a signal that was meant to end that wait: so who
   * comes next has to signal again.
   */
  stayParked(): void {
    if (!this.#parking.park()) this.#parking.repark();
  }

  /** The thread is awake again. */
  unpark(): void {
    this.#parking.unpark();
  }

  /** While parked: returns whether no outcome is about to arrive unannounced. */
  announce(): boolean {
    const tasks = this.#unannounced;
    this.#unannounced = [];
    const { states } = this.#memory;
    let mayArrive = false;
    for (const task of tasks) {
      if (task.isComplete) continue;
      if (task.record !== NONE && states.await(task.record)) continue;
      // Without a record it cannot end, and is announced when it has one. One that
      // has ended is about to arrive, and nobody will signal that: stay awake.
      this.#unannounced.push(task);
      if (task.record !== NONE) mayArrive = true;
    }
    return !mayArrive;
  }
}
