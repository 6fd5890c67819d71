import { Inbox } from "../../src/executor/pool/inbox.ts";
import { Parking, PARKING_BYTES } from "../../src/reactor/parking.ts";
import { again, type Model, type Round, type Steps } from "./model.ts";
import { Places } from "./places.ts";
import { ENDED, UNDER_WAY, waitOffThread } from "./wait_off_thread.ts";

/** A worker that is mailed tasks which arm a timer each. */
export interface TimersOptions {
  /** How long the timer of each task runs, in ticks of the clock. */
  readonly timers: readonly number[];
  /** How many threads mail them, in turn. */
  readonly senders: number;
  /** Whether Deno's loop hosts the worker, so that its wait goes on elsewhere. */
  readonly hosted?: boolean;
  /** What the worker does wrong. */
  readonly mistake?:
    | "sleeps until a timer that it looked up before it took its mail"
    | "looks for mail before it parks"
    | "leaves a later timeout standing"
    | "does not park again while its wait goes on";
}

/** What stands for no time. */
const NEVER = 15;

const PHASES = [
  "turn",
  "start tasks",
  "park",
  "idle",
  "sleep",
  "await",
] as const;
type Phase = (typeof PHASES)[number];

/**
 * The protocol of `executor.ts`, `hosted.ts` and `worker_executor.ts` around timers
 * that are armed by what comes in the mail: no sleep may last longer than the next
 * timer, be it as new as can be.
 */
export class TimersModel implements Model {
  readonly words: number;
  readonly names: Readonly<Record<string, number>>;
  readonly threads: Model["threads"];
  readonly #options: TimersOptions;
  readonly #mail: number;
  readonly #links: { at: number; stride: number };
  readonly #parking: number;
  readonly #signal: number;
  readonly #now: number;
  /** By task: when its timer is due, plus one; -1 once it has fired. */
  readonly #due: number;
  /** When Deno's timer is due, plus one. */
  readonly #timeout: number;
  readonly #offThread: number;

  constructor(options: TimersOptions) {
    this.#options = options;
    const { timers, senders, hosted } = options;
    const places = new Places();
    this.#mail = places.word("MAIL");
    this.#links = { at: places.block("LINK", timers.length), stride: 1 };
    this.#parking = places.block("PARKING", PARKING_BYTES / 4, {
      ".STATE": 0,
      ".NOTIFIERS": 1,
    });
    this.#signal = places.word("SIGNAL");
    this.#now = places.word("NOW");
    this.#due = places.block("DUE", timers.length);
    this.#timeout = places.word("TIMEOUT");
    this.#offThread = places.word("OFF THREAD");
    this.words = places.words;
    this.names = places.names;
    const records = timers.map((_, record) => record);
    this.threads = [
      {
        name: "worker",
        rounds: [(steps, carried) => {
          const phase = PHASES[carried % PHASES.length]!;
          const number = Math.floor(carried / PHASES.length);
          return this.#round(steps, phase, number);
        }],
      },
      ...Array.from({ length: senders }, (_, sender) => ({
        name: `sender ${sender}`,
        rounds: records.filter((record) => record % senders === sender)
          .map((record): Round => (steps) => this.#send(steps, record)),
      })),
      {
        name: "clock",
        isServant: true,
        rounds: [({ step, world }) => {
          // It goes on as long as anybody waits for it.
          step("tick", () => void world[this.#now]!++, {
            when: () =>
              this.#nextDue(world) > world[this.#now]! &&
              this.#nextDue(world) < NEVER,
            reads: [this.#now, ...records.map((record) => this.#due + record)],
            writes: [this.#now],
          });
          return again();
        }],
      },
      ...(hosted ? [waitOffThread(this.#offThread, this.#signal)] : []),
    ];
  }

  #nextDue(world: Int32Array): number {
    let next = NEVER;
    for (let record = 0; record < this.#options.timers.length; record++) {
      const due = world[this.#due + record]!;
      if (due > 0) next = Math.min(next, due - 1);
    }
    return next;
  }

  #inbox({ words, atomics }: Steps): Inbox {
    return new Inbox(words, this.#mail, this.#links, atomics);
  }

  #place({ world, atomics }: Steps): Parking {
    const memory = world.buffer as SharedArrayBuffer;
    return new Parking({ memory, at: this.#parking }, atomics);
  }

  /** `PoolMemory.post`. */
  #send(steps: Steps, record: number): void {
    const { atomics, world } = steps;
    steps.retry(this.#mail, () => this.#inbox(steps).push(record), {
      reuses: true,
    });
    this.#place(steps).notifyIfParked(() => {
      atomics.store(world, this.#signal, 1);
    });
  }

  #takeMail(steps: Steps): number {
    let records = 0;
    this.#inbox(steps).drain((record) => records |= 1 << record);
    return records;
  }

  /** `Timers.turn`: fires what is due, and says when the next one is. */
  #fire({ atomics, world }: Steps): number {
    const now = atomics.load(world, this.#now);
    let next = NEVER;
    this.#options.timers.forEach((_, record) => {
      const due = atomics.load(world, this.#due + record);
      if (due <= 0) return;
      if (due - 1 <= now) atomics.store(world, this.#due + record, -1);
      else next = Math.min(next, due - 1);
    });
    return next;
  }

  #start({ atomics, world }: Steps, records: number): void {
    const now = atomics.load(world, this.#now);
    this.#options.timers.forEach((ticks, record) => {
      if ((records & 1 << record) === 0) return;
      atomics.store(world, this.#due + record, now + ticks + 1);
    });
  }

  #haveAllFired({ atomics, world }: Steps): boolean {
    return this.#options.timers.every((_, record) =>
      atomics.load(world, this.#due + record) === -1
    );
  }

  /** `number`: what was taken and not started, or until when it may sleep. */
  #round(steps: Steps, phase: Phase, number: number): ReturnType<Round> {
    const { atomics, world } = steps;
    const { hosted, mistake } = this.#options;
    const go = (phase: Phase, number = 0) =>
      again(PHASES.indexOf(phase) + PHASES.length * number);
    switch (phase) {
      case "turn": {
        if (hosted) atomics.store(world, this.#signal, 0);
        if (mistake?.startsWith("sleeps until a timer")) {
          const until = this.#fire(steps);
          this.#start(steps, this.#takeMail(steps));
          if (this.#haveAllFired(steps)) return;
          return go(hosted ? "idle" : "park", until);
        }
        const records = this.#takeMail(steps);
        const until = this.#fire(steps);
        if (records !== 0) return go("start tasks", records);
        if (this.#haveAllFired(steps)) return;
        return go(hosted ? "idle" : "park", until);
      }
      case "start tasks":
        this.#start(steps, number);
        return go("turn");
      case "park":
        return this.#goToSleep(steps) ? go("sleep", number) : go("turn");
      case "sleep":
        this.#sleep(steps, number);
        this.#place(steps).unpark();
        return go("turn");
      case "idle":
        return this.#idle(steps, number) ? go("await") : go("turn");
      case "await":
        this.#awaitTurn(steps);
        return go("turn");
    }
  }

  /** `Reactor.wait`, up to the wait. */
  #goToSleep(steps: Steps): boolean {
    const place = this.#place(steps);
    const isEarly = this.#options.mistake === "looks for mail before it parks";
    const wasEmpty = isEarly && this.#inbox(steps).isEmpty;
    if (place.park() && (isEarly ? wasEmpty : this.#inbox(steps).isEmpty)) {
      return true;
    }
    place.unpark();
    return false;
  }

  #sleep({ step, world }: Steps, until: number): void {
    const { length } = this.#options.timers;
    step("sleep", () => void (world[this.#signal] = 0), {
      when: () =>
        world[this.#signal] === 1 ||
        until < NEVER && world[this.#now]! >= until,
      reads: [
        this.#signal,
        this.#now,
        ...Array.from({ length }, (_, record) => this.#due + record),
      ],
      writes: [this.#signal],
    });
  }

  /** `HostedExecutor.#idle`. Returns whether it may wait for its next turn. */
  #idle(steps: Steps, until: number): boolean {
    const { atomics, world } = steps;
    const { mistake } = this.#options;
    const timeout = atomics.load(world, this.#timeout);
    const mayStay = timeout !== 0 &&
      (timeout <= until + 1 || mistake === "leaves a later timeout standing");
    if (!mayStay && until < NEVER) {
      atomics.store(world, this.#timeout, until + 1);
    }
    if (atomics.load(world, this.#offThread) === 0) {
      if (!this.#goToSleep(steps)) return false;
      atomics.store(world, this.#offThread, UNDER_WAY);
      return true;
    }
    const place = this.#place(steps);
    if (mistake !== "does not park again while its wait goes on") {
      if (!place.park()) place.repark();
    }
    return this.#inbox(steps).isEmpty;
  }

  /** Until Deno's timer fires, or the wait off the thread has ended. */
  #awaitTurn(steps: Steps): void {
    const { step, world } = steps;
    const [off, timeout, now] = [this.#offThread, this.#timeout, this.#now];
    const isDue = () =>
      world[timeout]! > 0 && world[now]! >= world[timeout]! - 1;
    step("turn", () => {
      if (world[off] === ENDED) world[off] = 0;
      else world[timeout] = 0;
    }, {
      when: () => world[off] === ENDED || isDue(),
      reads: [off, timeout, now],
      writes: [off, timeout],
    });
    // A worker is awake in its turns, also while its wait goes on.
    this.#place(steps).unpark();
  }

  readonly check = ({ world }: { world: Int32Array }): void => {
    const { length } = this.#options.timers;
    for (let record = 0; record < length; record++) {
      if (world[this.#due + record] !== -1) {
        throw new Error(`timer ${record} has not fired`);
      }
    }
  };
}
