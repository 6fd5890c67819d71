import type { Scope } from "../../task/mod.ts";
import { Deque } from "../deque.ts";
import { crew, lookFor, SPIN_MS } from "./crew.ts";
import { Idling } from "./idling.ts";
import { Job, type JobHost } from "./job.ts";
import { RECORD, SEAT } from "./layout.ts";
import type { PoolMemory } from "./memory.ts";
import type { Sleepers } from "./sleepers.ts";
import type { RemoteTask } from "./remote_task.ts";
import type { SeatHost } from "./remote_task.ts";
import { Seat } from "./seat.ts";
import { ABORTED, FAILED, LOST } from "./shared_state.ts";
import { NONE, type TaskDeque } from "./task_deque.ts";

/** What a worker's seat needs of the executor that polls its jobs. */
export interface WorkerHost extends SeatHost {
  /** What its jobs belong to. */
  readonly scope: Scope;
  /** Runs a job at once, inside the poll that is under way. */
  runNested(job: Job): void;
  /** Whether Deno's loop turns, as something there waits for a promise. */
  readonly isHosted: boolean;
  /** Lets Deno's loop turn, or has that end: for each beginning there is an end. */
  holdLoop(hold: boolean): void;
}

/** A worker's place in a pool: it takes tasks from the shared queues as well. */
export class WorkerSeat extends Seat implements JobHost {
  readonly #host: WorkerHost;
  readonly #deque: TaskDeque;
  /** The number among those of its kind, from 0 on. */
  protected readonly index: number;
  /** By record: what has started here and not ended. */
  readonly #jobs: (Job | null)[] = [];
  #jobCount = 0;
  /** Records that this very thread has to start, oldest first. */
  readonly #own = new Deque<number>();
  /** How many imports are under way; meanwhile it starts nothing. */
  #imports = 0;
  /** Whether it sleeps, searches, or neither. */
  readonly idling: Idling;

  constructor(
    memory: PoolMemory,
    number: number,
    host: WorkerHost,
    startWorkers: () => void,
  ) {
    super(memory, number, host, startWorkers);
    this.#host = host;
    this.index = this.indexOf(number);
    this.idling = new Idling(
      this.sleepers,
      this.index,
      () => this.wakeAnother(),
    );
    // A thread that may block has none; it never asks for this.
    this.#deque = memory.deques[this.index]!;
  }

  protected indexOf(number: number): number {
    return number - 1;
  }

  /** Who knows which threads of its kind sleep. */
  protected get sleepers(): Sleepers {
    return this.memory.sleepers;
  }

  /** Has another thread of its kind look for work. */
  protected wakeAnother(): void {
    this.memory.wakeOne();
  }

  /** Whether it could start a task: if not, others must not count on it. */
  protected get takesTasks(): boolean {
    return this.#imports === 0;
  }

  /** How many shareable tasks have started here and not ended. */
  get jobs(): number {
    return this.#jobCount;
  }

  protected override publish(record: number): void {
    if (!this.#deque.push(record)) {
      this.#spill();
      this.#deque.push(record);
    }
    this.memory.wakeOne();
  }

  /** Moves the older half of a full deque to where all workers take from. */
  #spill(): void {
    for (let n = this.#deque.length >> 1; n > 0; n--) {
      const record = this.#deque.steal();
      if (record !== NONE) this.publishShared(record);
    }
  }

  /**
   * The next job, which has not been polled, or null if there is none.
   *
   * @param fair Whether the injector comes first: a worker that always has work of
   * its own has to look there now and then.
   */
  next(fair: boolean): Job | null {
    // While a module is imported here, other threads shall have the tasks.
    while (this.#imports === 0) {
      const record = this.#own.popFront() ?? this.take(fair);
      if (record === NONE) return null;
      this.idling.stopSearch();
      if (this.#mustImport(record)) break;
      const job = this.#start(record);
      if (job !== null) return job;
    }
    return null;
  }

  /**
   * Whether a task has to wait for its module. If so it goes back to where others
   * can have it: once started it would be stuck here, perhaps behind a long one.
   */
  #mustImport(record: number): boolean {
    const { memory, functions } = this;
    const numbered = functions.get(memory.get(record, RECORD.FN));
    const loaded = functions.load(numbered);
    if (loaded === null) return false;
    if (memory.get(record, RECORD.PINNED) === 1) this.#own.pushFront(record);
    else this.putBack(record);
    this.#imports++;
    this.#host.holdLoop(true);
    loaded.then(() => {
      this.#imports--;
      this.#host.holdLoop(false);
    });
    return true;
  }

  /** Puts a record back that was taken and not started. */
  protected putBack(record: number): void {
    this.publish(record);
  }

  /** Keeps a record that no other thread shall have. */
  protected keep(record: number): void {
    this.#own.pushFront(record);
  }

  /** Takes a record from a queue, or NONE. */
  protected take(fair: boolean): number {
    const { injector } = this.memory;
    if (fair) {
      const record = injector.pop();
      if (record !== NONE) return record;
    }
    const own = this.#deque.pop();
    if (own !== NONE) return own;
    return this.#takeShare();
  }

  /** From the injector one task to run, and a fair share for the deque. */
  #takeShare(): number {
    const { injector, workers } = this.memory;
    const first = injector.pop();
    if (first === NONE) return this.idling.isSearching ? this.#steal() : NONE;
    const share = Math.min(
      Math.floor(injector.length / workers),
      SHARE.length,
    );
    const count = share > 0 ? injector.popMany(share, SHARE) : 0;
    // The deque is empty and has room for them. Its end is where the next one is
    // taken, so the oldest goes there.
    for (let i = count - 1; i >= 0; i--) {
      if (!this.#deque.push(SHARE[i]!)) this.publishShared(SHARE[i]!);
    }
    return first;
  }

  /** Half of what another worker has, from one to the next, a random one first. */
  #steal(): number {
    const { deques } = this.memory;
    const start = Math.floor(Math.random() * deques.length);
    for (let i = 0; i < deques.length; i++) {
      const victim = (start + i) % deques.length;
      if (victim === this.index) continue;
      const record = deques[victim]!.stealHalfInto(this.#deque);
      if (record === NONE) continue;
      this.memory.count(this.number, SEAT.STOLEN);
      return record;
    }
    return NONE;
  }

  /**
   * Takes in what was mailed: tasks for this very worker, which wait for their
   * turn, and aborts of those that have started here.
   */
  #readMail(): void {
    const mail = this.memory.mail(this.number);
    let record = mail.takeAll();
    while (record !== NONE) {
      const next = mail.next(record);
      if (this.#jobs[record]) this.#start(record);
      else this.#own.pushBack(record);
      record = next;
    }
  }

  #start(record: number): Job | null {
    const { memory } = this;
    const isPinned = memory.get(record, RECORD.PINNED) === 1;
    // Before it is taken: a record that is dropped may be another task's by then.
    memory.set(record, RECORD.HOME, this.number);
    if (isPinned) memory.set(record, RECORD.PINNED, 0);
    const taken = memory.states.take(record);
    if (taken === "abort") {
      this.#jobs[record]?.abort();
      return null;
    }
    // Mailed tasks were counted by who mailed them.
    if (taken === "start") {
      if (!isPinned) memory.count(this.number, SEAT.TAKEN);
      return this.#makeJob(record);
    }
    if (isPinned) memory.count(this.number, SEAT.ENDED);
    if (taken === "return") this.endings.giveBack(record);
    return null;
  }

  /** Its module was imported before it was started, or could not be. */
  #makeJob(record: number): Job | null {
    const number = this.memory.get(record, RECORD.FN);
    const { fn, name, error } = this.functions.get(number);
    if (fn === null) {
      this.endings.disposeArguments(record);
      this.#end(record, name, FAILED, error);
      return null;
    }
    let args: unknown[];
    try {
      args = this.payloads.read(record) as unknown[];
    } catch (error) {
      this.#end(record, name, FAILED, error);
      return null;
    }
    const job = new Job(this, record, this.#host.scope, fn, args);
    this.#jobs[record] = job;
    this.#jobCount++;
    return job;
  }

  jobEntered(job: Job): void {
    const { words, layout } = this.memory;
    words[layout.seat(this.number) + SEAT.CURRENT] = job.record + 1;
  }

  jobEnded(job: Job, outcome: unknown): void {
    const { record } = job;
    this.#jobs[record] = null;
    this.#jobCount--;
    const ending = job.hasFailed ? FAILED : job.wasAborted ? ABORTED : 0;
    // Not `job.name`: asking a function for its name takes as long as a small task.
    const { name } = this.functions.get(this.memory.get(record, RECORD.FN));
    this.#end(record, name, ending, outcome);
  }

  #end(
    record: number,
    name: string,
    ending: 0 | typeof FAILED | typeof ABORTED,
    outcome: unknown,
  ): void {
    this.memory.count(this.number, SEAT.ENDED);
    if (ending === ABORTED) this.endings.endEmpty(record, ABORTED);
    else this.endings.end(record, name, ending, outcome);
  }

  /** The thread is going away in the middle: what has started here is lost. */
  loseJobs(): void {
    for (const [record, job] of this.#jobs.entries()) {
      if (job === null || job === undefined) continue;
      this.memory.count(this.number, SEAT.ENDED);
      this.endings.endEmpty(record, LOST);
    }
    this.#jobs.length = 0;
  }

  /** What has not started is for the next thread that has this seat. */
  #returnOwn(): void {
    const mail = this.memory.mail(this.number);
    let record;
    while ((record = this.#own.popFront()) !== undefined) mail.push(record);
  }

  /** A task that was just spawned here and is being joined need not wait. */
  override runIfNext(task: RemoteTask): void {
    if (task.record === NONE || !this.isNewest(task.record)) return;
    const record = this.#deque.pop();
    if (record === NONE) return;
    const job = this.#start(record);
    if (job !== null) this.#host.runNested(job);
    this.drain();
  }

  /** Whether a record is the one that this thread would start next. */
  protected isNewest(record: number): boolean {
    return this.#deque.peek() === record;
  }

  /** Whether there is something in any queue that this worker may take from. */
  get seesWork(): boolean {
    const { memory } = this;
    if (!memory.mail(this.number).isEmpty || this.hasNews) return true;
    return this.#imports === 0 && (this.#own.length > 0 || this.seesQueued);
  }

  /** Whether there is something in a queue for any thread of its kind. */
  protected get seesQueued(): boolean {
    const { injector, deques } = this.memory;
    if (injector.length > 0) return true;
    for (const deque of deques) if (deque.length > 0) return true;
    return false;
  }

  override drain(): boolean {
    this.#readMail();
    return super.drain();
  }

  /**
   * At the end: others must not count on this thread. What was mailed and has not
   * started is left for the next thread that has the seat, or for the creator.
   */
  retreat(): void {
    // It may go while Deno's loop turns, and its wait is under way elsewhere.
    this.afterSleep();
    this.idling.stopSearch();
    this.memory.storeSeat(this.number, SEAT.WAITING, 0);
    this.#returnOwn();
    if (this.memory.life.isClosed) this.endings.cancelAttached(this.number);
  }

  /** Looks for work for a while. True: there is some. */
  spin(): boolean {
    return lookFor(SPIN_MS, () => this.seesWork);
  }

  /** Begins to look for work at others, if it could take any. */
  startSearch(): boolean {
    return this.takesTasks && this.idling.startSearch();
  }

  /**
   * After the rules at the top of `sleepers.ts`: idle first, then a last look.
   * A thread on which a `block_on` is under way, or an import, is not idle, as it
   * could not take what it is woken for. One that is hosted by Deno's loop may be
   * computing when it is woken, so it is called apart, see `wakeOne`.
   */
  protected override mayPark(): boolean {
    const { memory } = this;
    // It may be idle already: a wait goes on elsewhere, and there is another.
    this.#getUp();
    memory.storeSeat(this.number, SEAT.WAITING, this.#host.scope.waiting);
    if (!this.takesTasks || crew.isNested) {
      this.idling.stopSearch();
      return memory.mail(this.number).isEmpty && memory.life.isAwake;
    }
    if (this.#host.isHosted) {
      this.idling.stopSearch();
      memory.setHosted(this.number, true);
      return !this.seesWork && memory.life.isAwake;
    }
    this.idling.goIdle();
    const seesQueued = this.seesQueued;
    this.idling.noteLook(seesQueued);
    if (seesQueued || this.seesWork || !memory.life.isAwake) return false;
    memory.count(this.number, SEAT.PARKED);
    return true;
  }

  override stayAsleep(): boolean {
    return super.stayAsleep() && this.mayPark();
  }

  override afterSleep(): void {
    super.afterSleep();
    this.#getUp();
  }

  #getUp(): void {
    this.memory.setHosted(this.number, false);
    this.idling.getUp();
  }
}

/** Where a share of the injector is put: at most as much as tokio takes, 128. */
const SHARE = new Int32Array(128);
