import type { Scope } from "../../task/mod.ts";
import { Deque } from "../deque.ts";
import { crew, lookFor, SPIN_MS } from "./crew.ts";
import { Idling } from "./idling.ts";
import { Job, type JobHost } from "./job.ts";
import { RECORD, SEAT } from "./layout.ts";
import type { PoolMemory } from "./memory.ts";
import type { Sleepers } from "./sleepers.ts";
import type { RemoteTask, SeatHost } from "./remote_task.ts";
import { Seat } from "./seat.ts";
import { ABORTED, FAILED, LOST } from "./shared_state.ts";
import { NONE, type TaskDeque } from "./task_deque.ts";
import { WorkFinder } from "./work_finder.ts";

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
  readonly #finder: WorkFinder;
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
  readonly #mailReader = (record: number) => {
    if (this.#jobs[record]) return void this.#start(record);
    this.noteArrived();
    this.#own.pushBack(record);
  };

  constructor(
    memory: PoolMemory,
    number: number,
    host: WorkerHost,
    startWorkers: () => void,
  ) {
    super(memory, number, host, startWorkers);
    this.#host = host;
    this.index = this.indexOf(number);
    const wakeAnother = () => this.wakeAnother();
    this.idling = new Idling(this.sleepers, this.index, wakeAnother);
    // A thread that may block has none; it never asks for this.
    this.#deque = memory.deques[this.index]!;
    const publish = (record: number) => this.publishShared(record);
    this.#finder = new WorkFinder(memory, this.index, this.idling, publish);
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

  /** Whether nothing has started here that has not ended, for its spawner too. */
  get isUnused(): boolean {
    return this.#jobCount === 0 && this.endings.areWritten;
  }

  protected override publish(record: number): void {
    if (!this.#deque.push(record)) {
      this.#finder.spill();
      this.#deque.push(record);
    }
    this.memory.wakeOne();
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
      // Nobody may go now. If all have to, it is for those to come.
      if (!this.memory.life.keepAwake()) {
        this.returnTaken(record);
        return null;
      }
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
    this.returnTaken(record);
    this.#imports++;
    this.#host.holdLoop(true);
    loaded.then(() => {
      this.#imports--;
      this.#host.holdLoop(false);
    });
    return true;
  }

  /** Puts a record back, where those can have it who may. */
  protected returnTaken(record: number): void {
    if (this.memory.get(record, RECORD.PINNED) === 1) this.keep(record);
    else this.putBack(record);
  }

  /** Puts a record back that was taken and not started. */
  protected putBack(record: number): void {
    this.publish(record);
  }

  /** A task has come that is for this thread. */
  protected noteArrived(): void {}

  /** Keeps a record that no other thread shall have. */
  protected keep(record: number): void {
    this.#own.pushFront(record);
  }

  /** Takes a record from a queue, or NONE. */
  protected take(fair: boolean): number {
    return this.#finder.take(fair);
  }

  /**
   * Takes in what was mailed: tasks for this very worker, which wait for their
   * turn, and aborts of those that have started here.
   */
  #readMail(): void {
    this.memory.mail(this.number).drain(this.#mailReader);
  }

  #start(record: number): Job | null {
    const { memory } = this;
    const isPinned = memory.get(record, RECORD.PINNED) === 1;
    // Before it is taken: a record that is dropped may be another task's by then.
    memory.set(record, RECORD.HOME, this.number);
    if (isPinned) memory.set(record, RECORD.PINNED, 0);
    const attached = this.payloads.takeAttached(record);
    const taken = memory.states.take(record);
    if (attached !== null) {
      if (taken === "start") this.payloads.putBack(attached);
      else this.payloads.discardAttached(attached);
    }
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
    // They were sent to the thread that had this seat before, and went with it.
    if (!this.payloads.isHere(record)) {
      this.#endEmpty(record, LOST);
      return null;
    }
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
    if (ending === ABORTED) return this.#endEmpty(record, ABORTED);
    this.memory.count(this.number, SEAT.ENDED);
    this.endings.end(record, name, ending, outcome);
  }

  #endEmpty(record: number, ending: typeof ABORTED | typeof LOST): void {
    this.memory.count(this.number, SEAT.ENDED);
    this.endings.endEmpty(record, ending);
  }

  /**
   * The thread is going away in the middle. What has started here is lost, and what
   * nobody else could start; the rest is for the others.
   */
  die(): void {
    for (const job of this.#jobs) if (job) this.#endEmpty(job.record, LOST);
    this.#jobs.length = 0;
    this.endings.dropWaiting(LOST);
    this.abandonWaiting();
    this.retreat();
    this.endings.endAttached(this.number, LOST);
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
    return this.#finder.seesWork;
  }

  override drain(): boolean {
    this.#readMail();
    return !this.#isEnding && super.drain();
  }

  /** The pool may have been shut down since, and what was taken be the first to go. */
  protected override receive(record: number): void {
    if (this.#isEnding) this.memory.done(this.number).push(record);
    else super.receive(record);
  }

  override reap(): void {
    if (this.#isEnding) this.endings.cancelQueued();
    else super.reap();
  }

  /**
   * Whether its tasks are to be cancelled next, as the pool was shut down: what
   * they wait for, or spawn now, may go before them, which they must not hear of.
   */
  get #isEnding(): boolean {
    return this.memory.life.isClosed && !this.#host.scope.isClosed;
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
    this.endings.dropWaiting(ABORTED);
    const mail = this.memory.mail(this.number);
    let record;
    while ((record = this.#own.popFront()) !== undefined) mail.push(record);
    if (!this.memory.life.isClosed) return;
    this.cancelWaiting();
    this.endings.endAttached(this.number, ABORTED);
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
      this.noteHosted(true);
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
    this.noteHosted(false);
    this.idling.getUp();
  }

  /** Whether others may call it while it sleeps under Deno's loop. */
  protected noteHosted(isHosted: boolean): void {
    this.memory.setHosted(this.number, isHosted);
  }
}
