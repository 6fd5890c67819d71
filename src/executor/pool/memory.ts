import { Parking } from "../../reactor/parking.ts";
import {
  BACKEND_NAMES,
  type BackendName,
  signalBackend,
} from "../../reactor/select_backend.ts";
import type { SignalTarget } from "../../reactor/mod.ts";
import { Heap } from "./heap.ts";
import { claimWorker, HostedWorkers } from "./hosted_workers.ts";
import { Inbox } from "./inbox.ts";
import { Injector } from "./injector.ts";
import {
  ATTENTION,
  BLOCKING_SEATS,
  defaultSizes,
  HEADER,
  isVacant,
  Layout,
  RECORD,
  RECORD_WORDS,
  SEAT,
  type Sizes,
  STATUS,
} from "./layout.ts";
import { Life } from "./life.ts";
import { SharedStates } from "./shared_state.ts";
import { Sleepers } from "./sleepers.ts";
import { Slots } from "./slots.ts";
import { TaskDeque } from "./task_deque.ts";

/**
 * One thread's view of the memory that the threads of a pool share, and of the
 * queues in it.
 */
export class PoolMemory {
  readonly shared: SharedArrayBuffer;
  readonly words: Int32Array;
  readonly bytes: Uint8Array;
  readonly layout: Layout;
  readonly life: Life;
  readonly states: SharedStates;
  readonly sleepers: Sleepers;
  readonly blockingSleepers: Sleepers;
  /** What belongs to no worker yet. */
  readonly injector: Injector;
  /** What is for the threads that may block. */
  readonly blockingInjector: Injector;
  /** The workers' deques; the first worker is 0. */
  readonly deques: readonly TaskDeque[];
  readonly #hosted: HostedWorkers;
  readonly #mail: Inbox[] = [];
  readonly #done: Inbox[] = [];
  readonly #parkings: Parking[] = [];
  /** By seat, what signals its thread. */
  readonly #signals: (() => void)[] = [];

  private constructor(shared: SharedArrayBuffer, layout: Layout) {
    this.shared = shared;
    this.layout = layout;
    const words = new Int32Array(shared);
    this.words = words;
    this.bytes = new Uint8Array(shared);
    const { sizes } = layout;
    this.life = new Life(words, layout.life);
    this.states = new SharedStates(
      words,
      layout.records + RECORD.STATE,
      RECORD_WORDS,
    );
    this.sleepers = new Sleepers(words, layout.sleepers, sizes.workers);
    this.#hosted = new HostedWorkers(
      words,
      HEADER.HOSTED,
      {
        at: layout.seat(1) + SEAT.HOSTED,
        stride: layout.seat(1) - layout.seat(0),
      },
      sizes.workers,
    );
    this.blockingSleepers = new Sleepers(
      words,
      layout.blockingSleepers,
      BLOCKING_SEATS,
    );
    this.injector = new Injector(words, layout.injector, sizes.injector);
    this.blockingInjector = new Injector(
      words,
      layout.blockingInjector,
      sizes.injector,
    );
    this.deques = Array.from(
      { length: sizes.workers },
      (_, worker) => new TaskDeque(words, layout.deque(worker), sizes.deque),
    );
  }

  /** Makes the memory of a new pool; `sizes` are for tests. */
  static create(workers: number, sizes: Partial<Sizes> = {}): PoolMemory {
    const layout = new Layout({ ...defaultSizes(workers), ...sizes });
    const shared = new SharedArrayBuffer(layout.bytes);
    const words = new Int32Array(shared);
    layout.write(words);
    // `getRandomValues` does not take shared memory.
    words.set(crypto.getRandomValues(new Int32Array(2)), HEADER.ID);
    return new PoolMemory(shared, layout);
  }

  /**
   * The memory of a pool that another thread has made.
   *
   * @throws {TypeError} If it is none.
   */
  static open(shared: SharedArrayBuffer): PoolMemory {
    const layout = Layout.of(shared);
    if (layout === null) {
      throw new TypeError("Cannot open the memory of a pool: it is no such");
    }
    return new PoolMemory(shared, layout);
  }

  /** A name that no other pool has. */
  get id(): string {
    return `${this.words[HEADER.ID]} ${this.words[HEADER.ID + 1]}`;
  }

  /** The first of the seats of threads that may block. */
  get firstBlocking(): number {
    return 1 + this.workers;
  }

  /** The first of the seats of threads of the user's own. */
  get firstOutside(): number {
    return this.firstBlocking + BLOCKING_SEATS;
  }

  /** How many workers run tasks: they have the seats from 1 on. */
  get workers(): number {
    return this.layout.sizes.workers;
  }

  /** The records mailed to a seat. */
  mail(seat: number): Inbox {
    return this.#mail[seat] ??= new Inbox(
      this.words,
      this.layout.seat(seat) + SEAT.MAIL,
      this.layout.links(RECORD.LINK),
    );
  }

  /** Mails a record to a seat, and has its thread look. */
  post(seat: number, record: number): void {
    this.mail(seat).push(record);
    this.unpark(seat);
  }

  /** The records that a seat has spawned and that are done. */
  done(seat: number): Inbox {
    return this.#done[seat] ??= new Inbox(
      this.words,
      this.layout.seat(seat) + SEAT.DONE,
      this.layout.links(RECORD.DONE_LINK),
    );
  }

  /** A view of the heap, for the thread that has it. */
  openHeap(): Heap {
    const { heap, heapBytes, sizes } = this.layout;
    return new Heap(this.words, heap, heapBytes, sizes.heap);
  }

  /** The same of the free records. */
  openSlots(): Slots {
    const { slots, sizes } = this.layout;
    const links = this.layout.links(RECORD.LINK);
    return new Slots(this.words, slots, sizes.records, links);
  }

  /** Whether tasks wait for a worker that is free. */
  get hasQueued(): boolean {
    if (this.injector.length > 0) return true;
    // Asked in a loop by who spins: a function would be made each time.
    for (const deque of this.deques) if (deque.length > 0) return true;
    return false;
  }

  /** A word of a record. */
  get(record: number, word: number): number {
    return this.words[this.layout.record(record) + word]!;
  }

  /** Writes a word of a record, which the caller must own. */
  set(record: number, word: number, value: number): void {
    this.words[this.layout.record(record) + word] = value;
  }

  /** A word of a seat, as it is now. */
  loadSeat(seat: number, word: number): number {
    return Atomics.load(this.words, this.layout.seat(seat) + word);
  }

  /** Writes a word of a seat. */
  storeSeat(seat: number, word: number, value: number): void {
    Atomics.store(this.words, this.layout.seat(seat) + word, value);
  }

  /** Adds to a word of a seat; returns what it was. */
  addSeat(seat: number, word: number, value: number): number {
    return Atomics.add(this.words, this.layout.seat(seat) + word, value);
  }

  /**
   * Adds to one of the counts that only the seat's own thread writes. A plain
   * write: the step after it that publishes or completes a task is atomic, and
   * whoever sees that step sees the count.
   */
  count(seat: number, word: number): void {
    this.words[this.layout.seat(seat) + word]!++;
  }

  /** Takes back a count that was too early. */
  uncount(seat: number, word: number): void {
    this.words[this.layout.seat(seat) + word]!--;
  }

  /** The seat of the worker with the fewest tasks. */
  leastLoaded(): number {
    let best = 1;
    let least = Infinity;
    for (let seat = 1; seat <= this.workers; seat++) {
      const load = this.load(seat);
      if (load < least) {
        least = load;
        best = seat;
      }
    }
    return best;
  }

  /** How many tasks a worker has, or is about to get by mail. */
  load(seat: number): number {
    return (this.loadSeat(seat, SEAT.MAILED) + this.loadSeat(seat, SEAT.TAKEN) -
      this.loadSeat(seat, SEAT.ENDED)) | 0;
  }

  /** The sum of a word over all seats. */
  sum(word: number): number {
    let sum = 0;
    for (let seat = 0; seat < this.layout.sizes.seats; seat++) {
      sum += this.loadSeat(seat, word);
    }
    return sum;
  }

  /** Says what a signal to a seat goes to, before its parking place opens. */
  setTarget(seat: number, { backend, target }: SignalTarget): void {
    const name = BACKEND_NAMES.indexOf(backend as BackendName);
    this.storeSeat(seat, SEAT.BACKEND, name);
    this.storeSeat(seat, SEAT.TARGET_LOW, target | 0);
    this.storeSeat(seat, SEAT.TARGET_HIGH, Math.floor(target / 2 ** 32));
  }

  #target(seat: number): SignalTarget {
    return {
      backend: BACKEND_NAMES[this.loadSeat(seat, SEAT.BACKEND)]!,
      target: (this.loadSeat(seat, SEAT.TARGET_LOW) >>> 0) +
        2 ** 32 * this.loadSeat(seat, SEAT.TARGET_HIGH),
      signals: this.shared,
    };
  }

  #parking(seat: number): Parking {
    return this.#parkings[seat] ?? this.#openParking(seat);
  }

  #openParking(seat: number): Parking {
    this.#signals[seat] = () => signalBackend(this.#target(seat));
    const place = this.layout.parking(this.shared, seat);
    return this.#parkings[seat] = new Parking(place);
  }

  /** Ends the sleep of a seat's thread, whose look before it finds what is new. */
  unpark(seat: number): void {
    this.#parking(seat).notifyIfParked(this.#signals[seat]!);
  }

  /** Has the creator see to something. */
  callCreator(attention: number): void {
    Atomics.or(this.words, HEADER.ATTENTION, attention);
    this.unpark(0);
  }

  /** What the creator has to see to; asked only by it. */
  takeAttention(): number {
    if (Atomics.load(this.words, HEADER.ATTENTION) === 0) return 0;
    return Atomics.exchange(this.words, HEADER.ATTENTION, 0);
  }

  /** Whether there is something that the creator has to see to. */
  get needsAttention(): boolean {
    return Atomics.load(this.words, HEADER.ATTENTION) !== 0;
  }

  /** Has the workers stay from now on: other threads have handles. */
  setExported(): void {
    Atomics.store(this.words, HEADER.EXPORTED, 1);
  }

  /** Takes a seat for a thread of the user's; null: there is none left. */
  takeOutsideSeat(): number | null {
    const { words, layout } = this;
    for (let seat = this.firstOutside; seat < layout.sizes.seats; seat++) {
      const at = layout.seat(seat) + SEAT.STATUS;
      const before = Atomics.compareExchange(
        words,
        at,
        STATUS.VACANT,
        STATUS.TAKEN,
      );
      if (before === STATUS.VACANT) return seat;
    }
    return null;
  }

  /** Whether no thread has the seat: none, or one that has ended in the middle. */
  isVacant(seat: number): boolean {
    return isVacant(this.loadSeat(seat, SEAT.STATUS));
  }

  /** The last that a thread does with the memory: its seat is free, or `DEAD`. */
  vacate(seat: number, status: number = STATUS.VACANT): void {
    const at = this.layout.seat(seat) + SEAT.STATUS;
    Atomics.store(this.words, at, status);
    // For those who wait until it has gone, see `vacancy.ts`.
    Atomics.notify(this.words, at);
  }

  /**
   * Has an idle thread look for a blocking task that was added, or a new one
   * started, unless one is looking already.
   */
  wakeOneBlocking(): void {
    const { blockingSleepers } = this;
    const thread = blockingSleepers.claimOne();
    if (thread >= 0) this.unpark(this.firstBlocking + thread);
    else if (blockingSleepers.searching === 0) {
      this.callCreator(ATTENTION.BLOCKING);
    }
  }

  /** Has one worker look for work that was added, unless one does already. */
  wakeOne(): void {
    const worker = claimWorker(this.sleepers, this.#hosted);
    if (worker >= 0) this.unpark(1 + worker);
  }

  /** Says whether a worker sleeps under Deno's loop, see `hosted_workers.ts`. */
  setHosted(seat: number, isHosted: boolean): void {
    this.#hosted.set(seat - 1, isHosted);
  }

  /**
   * Whether every task that was spawned has ended. What has ended is counted
   * first: only what was spawned can end, so if the sums are equal there was a
   * moment between when nothing was left.
   */
  get isIdle(): boolean {
    return Atomics.load(this.words, HEADER.EXPORTED) === 0 &&
      this.unended === 0;
  }

  /** How many tasks were spawned and have not ended. */
  get unended(): number {
    const ended = this.sum(SEAT.COMPLETED) + this.sum(SEAT.FAILED) +
      this.sum(SEAT.ABORTED) + this.sum(SEAT.LOST);
    return this.sum(SEAT.SPAWNED) - ended | 0;
  }

  /** How many records were ever in use: the first ones. */
  get usedRecords(): number {
    const used = Atomics.load(this.words, this.layout.slots + Slots.USED);
    return Math.min(used, this.layout.sizes.records);
  }
}
