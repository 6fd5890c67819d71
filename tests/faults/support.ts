/** What the tests of faults share. */
// First: what it replaces must be replaced before the runtime opens it.
import { double, type Fault } from "./double.ts";
import { assertEquals } from "@std/assert";
import {
  block_on,
  type Coroutine,
  type Failure,
  type IntoFuture,
  run,
  setFailureHook,
  time,
} from "../../mod.ts";
import { hostedExecutor } from "../../src/executor/hosted.ts";
import type { OsError } from "../../src/sys/error.ts";
import { pollFor } from "../helpers/deadline.ts";
import { edoTest } from "../helpers/leaks.ts";

export { double, type Fault } from "./double.ts";
export { echo } from "./echo.ts";

/** How long the body of a test may take, in milliseconds. */
export const DEADLINE_MS = 10_000;

/** Options of tests that need the C library. */
export const onLinux: { ignore: boolean } = {
  ignore: Deno.build.os !== "linux",
};

/** Numbers of errors that only tests need. */
export const E = {
  PERM: 1,
  NOENT: 2,
  INTR: 4,
  IO: 5,
  BADF: 9,
  AGAIN: 11,
  NOMEM: 12,
  ACCES: 13,
  FAULT: 14,
  EXIST: 17,
  INVAL: 22,
  NFILE: 23,
  MFILE: 24,
  NOSPC: 28,
  NOSYS: 38,
  LOOP: 40,
  PROTO: 71,
  OPNOTSUPP: 95,
  ADDRINUSE: 98,
  ADDRNOTAVAIL: 99,
  NETDOWN: 100,
  NETUNREACH: 101,
  CONNABORTED: 103,
  CONNRESET: 104,
  NOBUFS: 105,
  NOTCONN: 107,
  TIMEDOUT: 110,
  CONNREFUSED: 111,
  PIPE: 32,
} as const;

/** What is held of the library, and of timers. */
function heldNow(): string {
  const { timers } = hostedExecutor();
  return JSON.stringify({ ...double.ledger.held(), timers: timers.held });
}

/**
 * A test of faults: afterwards all that was opened must be closed, once, no timer
 * may be left, and nothing may have failed that nobody receives.
 */
export function faultTest(name: string, fn: () => void | Promise<void>): void {
  edoTest(name, () => leavingNoFault(fn), onLinux);
}

/** The same for a part of a test. */
export async function leavingNoFault(
  fn: () => void | Promise<void>,
  settleMs: number = DEADLINE_MS,
): Promise<void> {
  double.reset();
  const before = heldNow();
  const failures: Failure[] = [];
  const hook = setFailureHook((failure) => failures.push(failure));
  try {
    await fn();
  } finally {
    setFailureHook(hook);
    double.endFaults();
  }
  if (heldNow() !== before) await untilHeld(before, settleMs);
  assertEquals(double.ledger.violations, []);
  assertEquals(failures.map(({ what, error }) => `${what}: ${error}`), []);
}

/** What Deno's loop hosts is given back when it next comes round. */
async function untilHeld(before: string, settleMs: number): Promise<void> {
  await pollFor(
    () => heldNow() === before,
    settleMs,
    `what was held before, ${before}`,
    () => `; held are ${heldNow()}`,
  );
}

function* inTime(body: () => Coroutine<void>): Coroutine<void> {
  yield* time.timeout(DEADLINE_MS, body());
}

/** Tests the same on a blocked thread and on Deno's event loop. */
export function bothWays(name: string, body: () => Coroutine<void>): void {
  faultTest(`inside block_on, ${name}`, () => block_on(inTime, body));
  faultTest(`inside run, ${name}`, () => run(inTime, body));
}

/** What a function throws, which must be an error of the system. */
export function errorOf(fn: () => unknown): OsError {
  try {
    fn();
  } catch (error) {
    return error as OsError;
  }
  throw new Error("Cannot take an error: there is none");
}

/** What a future throws. */
export function* errorIn(future: IntoFuture<unknown>): Coroutine<OsError> {
  try {
    yield* future;
  } catch (error) {
    return error as OsError;
  }
  throw new Error("Cannot take an error: there is none");
}

/** An error as the tests compare it: its class, its code and the call. */
export function shown(error: OsError): string {
  return `${error.name} ${error.code} from ${error.syscall}`;
}

/** Waits until a fault has hit so many calls; says how long that took, in ms. */
export function* untilHits(fault: Fault, count: number): Coroutine<number> {
  const start = time.now();
  // Nobody is told of a hit, and what makes them may be a timer that is to come.
  while (fault.hits < count) yield* time.sleep(1);
  return time.now() - start;
}

/** Checks that each fault has hit so many calls. */
export function assertHits(expected: number, ...faults: Fault[]): void {
  for (const { name, hits } of faults) {
    assertEquals(hits, expected, `hits of the fault in ${name}`);
  }
}
