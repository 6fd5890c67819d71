import type { Random } from "./random.ts";
import type { TestedPool } from "./pools.ts";

/** How much was done, for the progress line and the account. */
export interface Counters {
  actions: number;
  /** Connections that came to an end as planned, and those that were cut. */
  connections: number;
  cut: number;
  refused: number;
  /** Of connections that were not cut. */
  clientsSent: number;
  serversReceived: number;
  serversSent: number;
  clientsReceived: number;
  /** Timers that were armed on this thread, and what became of them. */
  timersArmed: number;
  timersFired: number;
  timersCancelled: number;
  /** Threads that were ended from inside a task. */
  deaths: number;
  /** Runtimes that were made and shut down on the way. */
  runtimes: number;
  /** Tasks of those, and of threads of the user's own. */
  otherTasks: number;
  /** Failures that nobody was to receive, and those that the hook got. */
  failuresLeft: number;
  failuresReported: number;
}

/** What an action has to do with. */
export interface Soak {
  /** A runtime in which no worker ends. */
  readonly calm: TestedPool;
  /** One in which workers end, and are replaced. */
  readonly deadly: TestedPool;
  readonly counters: Counters;
  /** Where an HTTP server answers with the path that it is asked for. */
  readonly url: string;
  /** Enters something that must be said, and fails the soak. */
  complain(what: string): void;
  /** A number that no other connection has. */
  nextId(): number;
}

/** One kind of action. It throws if something is not as it should be. */
export interface Kind {
  readonly name: string;
  /** How often it is chosen, compared with others. */
  readonly weight: number;
  run(soak: Soak, random: Random): Promise<void>;
}

/** What a task throws that nobody joins. */
export const LEFT_ALONE = "left alone";

/** Counters at nought. */
export function newCounters(): Counters {
  return {
    actions: 0,
    connections: 0,
    cut: 0,
    refused: 0,
    clientsSent: 0,
    serversReceived: 0,
    serversSent: 0,
    clientsReceived: 0,
    timersArmed: 0,
    timersFired: 0,
    timersCancelled: 0,
    deaths: 0,
    runtimes: 0,
    otherTasks: 0,
    failuresLeft: 0,
    failuresReported: 0,
  };
}

/** Throws unless a condition holds. */
export function check(holds: boolean, what: () => string): asserts holds {
  if (!holds) throw new Error(what());
}

/** Waits on Deno's loop. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Most often the runtime that loses nothing. */
export function anyPool(soak: Soak, random: Random): TestedPool {
  return random.chance(0.7) ? soak.calm : soak.deadly;
}
