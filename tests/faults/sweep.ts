/**
 * Runs a scenario again and again, each time with another call that fails: every
 * function of the library, every call of it, every error that it can have; that
 * call alone, and with the four of the same function that follow it.
 *
 *     deno run -A tests/faults/sweep.ts
 *
 * prints the figures.
 *
 * @module
 */
import { double, type Fault } from "./double.ts";
import { type Failure, setFailureHook } from "../../mod.ts";
import { hostedExecutor } from "../../src/executor/hosted.ts";
import { errorName } from "../../src/sys/errno.ts";
import { pollFor } from "../helpers/deadline.ts";
import { scenario } from "./scenario.ts";
import { E } from "./support.ts";

/** Where a scenario runs. */
export type Where = "block_on" | "run";

/**
 * Which errors each function can have, by its man page and, for sockets, by tcp(7).
 * A function that transfers bytes can also move fewer: `short`.
 */
const ERRORS: Record<string, readonly (number | "short")[]> = {
  socket: [E.MFILE, E.NFILE, E.NOMEM, E.NOBUFS, E.ACCES],
  setsockopt: [E.NOMEM, E.INVAL],
  bind: [E.ADDRINUSE, E.ACCES, E.ADDRNOTAVAIL, E.NOMEM],
  listen: [E.ADDRINUSE, E.OPNOTSUPP],
  getsockname: [E.NOBUFS],
  getpeername: [E.NOBUFS, E.NOTCONN],
  getsockopt: [E.NOBUFS, E.NOMEM],
  connect: [
    E.INTR,
    E.CONNREFUSED,
    E.TIMEDOUT,
    E.NETUNREACH,
    E.ADDRNOTAVAIL,
    E.PERM,
  ],
  accept4: [
    E.AGAIN,
    E.INTR,
    E.CONNABORTED,
    E.PROTO,
    E.PERM,
    E.NETDOWN,
    E.MFILE,
    E.NFILE,
    E.NOBUFS,
    E.NOMEM,
    E.INVAL,
  ],
  recv: ["short", E.AGAIN, E.INTR, E.CONNRESET, E.TIMEDOUT, E.NOMEM],
  send: ["short", E.AGAIN, E.INTR, E.CONNRESET, E.PIPE, E.NOBUFS, E.NOMEM],
  shutdown: [E.NOTCONN, E.NOBUFS],
  close: [E.IO, E.INTR],
  epoll_create1: [E.MFILE, E.NFILE, E.NOMEM],
  eventfd: [E.MFILE, E.NFILE, E.NOMEM],
  epoll_ctl: [E.NOMEM, E.NOSPC, E.EXIST, E.NOENT, E.BADF],
  epoll_wait: [E.INTR, E.BADF, E.INVAL],
  epoll_pwait2: [E.INTR, E.BADF, E.INVAL],
  epoll_wait_async: [E.INTR],
  write: [E.INTR, E.AGAIN, E.BADF],
};

/**
 * Those with which what Deno's loop hosts cannot go on: nobody but the process can
 * be told, so they are tested in one of its own.
 */
const ENDS_THE_PROCESS = ["epoll_wait", "epoll_pwait2", "write"];

/**
 * With which errors the system has done the call all the same: an interrupted
 * connect goes on, a connection that was aborted is out of the queue, and what is
 * not connected needs no FIN.
 */
const MADE = new Set([
  "connect EINTR",
  "accept4 ECONNABORTED",
  "shutdown ENOTCONN",
]);

/** How many calls fail, one after another. */
const IN_A_ROW = [1, 5];

/** How many calls of a function are made to fail, each in a run of its own. */
const MOST_CALLS = 24;

/** How a run ended. */
export type Outcome = "finished" | "told" | "consequence" | "not reached";

/** What the runs with one function's faults came to. */
export interface Row {
  readonly where: Where;
  readonly name: string;
  /** How many calls of it the scenario makes when nothing fails. */
  readonly calls: number;
  readonly outcomes: Record<Outcome, number>;
}

/** What is wrong with a run, and with which fault. */
export class SweepError extends Error {
  override name = "SweepError";
}

/** Runs the whole sweep. Throws at the first run that is not as it must be. */
export async function sweep(where: Where): Promise<Row[]> {
  // Once for what is made only once in a process.
  await runOnce(where, null);
  await runOnce(where, null);
  const counts = new Map(double.counts);
  const rows: Row[] = [];
  for (const [name, errors] of Object.entries(ERRORS)) {
    const outcomes = { finished: 0, told: 0, consequence: 0, "not reached": 0 };
    const calls = counts.get(name) ?? 0;
    for (const nth of sample(calls)) {
      for (const error of errors) {
        if (endsTheProcess(where, name, error)) continue;
        for (const times of IN_A_ROW) {
          outcomes[await runOnce(where, { name, nth, error, times })]++;
        }
      }
    }
    rows.push({ where, name, calls, outcomes });
  }
  return rows;
}

function endsTheProcess(where: Where, name: string, error: number | "short") {
  return where === "run" && ENDS_THE_PROCESS.includes(name) &&
    (error === E.BADF || error === E.INVAL);
}

/** All calls, or if there are many the first, the last, and some between them. */
function sample(calls: number): number[] {
  if (calls <= MOST_CALLS) {
    return Array.from({ length: calls }, (_, i) => i + 1);
  }
  const step = (calls - 1) / (MOST_CALLS - 1);
  return Array.from({ length: MOST_CALLS }, (_, i) => Math.round(1 + i * step));
}

interface Case {
  readonly name: string;
  readonly nth: number;
  readonly error: number | "short";
  readonly times: number;
}

function plan({ name, nth, error, times }: Case): Fault {
  if (error === "short") return double.atMost(name, 1, { nth, times });
  const made = name === "close" || MADE.has(`${name} ${errorName(error)}`);
  return double.fails(name, error, { nth, times, made });
}

async function runOnce(where: Where, fault: Case | null): Promise<Outcome> {
  double.reset();
  const planned = fault === null ? null : plan(fault);
  const thrown: unknown[] = [];
  const hook = setFailureHook((failure: Failure) => thrown.push(failure.error));
  try {
    await scenario(where);
  } catch (error) {
    thrown.push(error);
  } finally {
    double.endFaults();
  }
  try {
    await checkNothingIsLeft();
    if (fault === null) {
      if (thrown.length > 0) throw thrown[0];
      return "finished";
    }
    return outcomeOf(fault, planned!, thrown);
  } catch (cause) {
    throw new SweepError(`inside ${where}, ${described(fault)}: ${cause}`, {
      cause,
    });
  } finally {
    setFailureHook(hook);
  }
}

function described(fault: Case | null): string {
  if (fault === null) return "no fault";
  const { name, nth, error, times } = fault;
  const what = error === "short" ? "moves 1 byte" : errorName(error);
  return `call ${nth} of ${name}, ${times} in a row: ${what}`;
}

/** Closed, once: descriptors, registrations, memory, and timers. */
async function checkNothingIsLeft(): Promise<void> {
  const { ledger } = double;
  const isEmpty = () => {
    const { descriptors, registrations, allocations } = ledger.held();
    return descriptors.length + registrations + allocations === 0 &&
      hostedExecutor().timers.held === 0;
  };
  if (!isEmpty()) {
    await pollFor(
      isEmpty,
      5_000,
      "nothing to be held",
      () => "; held are " + JSON.stringify(ledger.held()),
    );
  }
  if (ledger.violations.length > 0) throw new Error(ledger.violations[0]);
}

/** Sees to it that whatever was thrown can be explained by the fault. */
function outcomeOf(fault: Case, planned: Fault, thrown: unknown[]): Outcome {
  const kinds = thrown.map((error) => kindOf(fault, error));
  if (planned.hits === 0) return "not reached";
  if (kinds.includes("told")) return "told";
  return kinds.length > 0 ? "consequence" : "finished";
}

/** What a peer gets to see of the end of a connection whose other side failed. */
const CONSEQUENCES = [
  Deno.errors.UnexpectedEof,
  Deno.errors.ConnectionReset,
  Deno.errors.BrokenPipe,
];

function kindOf({ name, error }: Case, thrown: unknown): Outcome {
  const code = error === "short" ? "" : errorName(error);
  for (let e = thrown; e instanceof Error; e = e.cause as Error) {
    const known = e as Error & { code?: string; syscall?: string };
    // `accept` is called `accept4`, and there are several waits of epoll.
    if (known.code === code && name.startsWith(known.syscall!.slice(0, 5))) {
      return "told";
    }
    if (known.code === code && known.syscall === "connect") return "told";
    if (CONSEQUENCES.some((kind) => e instanceof kind)) return "consequence";
  }
  throw thrown;
}

/** The figures of a sweep, for people. */
export function report(rows: readonly Row[]): string {
  const lines = rows.map(({ where, name, calls, outcomes }) => {
    const cells = Object.entries(outcomes).filter(([, n]) => n > 0);
    return `${where} ${name}: ${calls} calls, ` +
      (cells.map(([what, n]) => `${n} ${what}`).join(", ") || "no cases");
  });
  return [...lines, summary(rows)].join("\n");
}

/** How many cases there were, and how they ended, in one line. */
export function summary(rows: readonly Row[]): string {
  const sum = (what: Outcome) =>
    rows.reduce((all, { outcomes }) => all + outcomes[what], 0);
  const used = new Set(
    rows.filter(({ calls }) => calls > 0).map((r) => r.name),
  );
  const all = sum("finished") + sum("told") + sum("consequence");
  return `${all} faults in ${used.size} functions: ${sum("finished")} ` +
    `finished, ${sum("told")} told the error, ${sum("consequence")} its ` +
    `consequence; ${sum("not reached")} not reached`;
}

if (import.meta.main) {
  for (const where of ["block_on", "run"] as const) {
    const start = performance.now();
    console.log(report(await sweep(where)));
    console.log(`${Math.round(performance.now() - start)} ms`);
  }
}
