/**
 * Whether an error is one that Edo's functions may throw at whoever calls them with
 * whatever arguments.
 *
 * @module
 */
import { JoinError, time } from "../../mod.ts";

/** What hostile code throws: a getter, a trap, a callback. It passes through Edo. */
export class Sentinel extends Error {
  override name = "Sentinel";
}

/** How V8 says that code has gone wrong which did not expect what it was given. */
const ENGINE_SAYS = [
  "read propert",
  "read private member",
  "set propert",
  "write private member",
  "destructure",
  "convert undefined or null to object",
  "convert object to primitive value",
  "convert a Symbol value to a",
  "convert a BigInt value to a",
  "convert .* to a BigInt",
  "mix BigInt",
  "access '",
  "assign to read only property",
  "define property",
  "redefine property",
  "add property",
  "delete property",
  "use 'in' operator",
  "instantiate",
  "create proxy",
  "set prototype",
  "perform .* on a detached ArrayBuffer",
];
const FROM_INSIDE = new RegExp(`^Cannot (${ENGINE_SAYS.join("|")})`);

/**
 * A proxy that was revoked throws at whatever is done to it, `instanceof` included:
 * its author has said that nobody may use it.
 */
const OF_REVOKED = /^Cannot perform '\w+' on a proxy that has been revoked$/;

/** A class where a function is wanted: that it cannot be called is its own error. */
const OF_CLASS = /^Class constructors? .*cannot be invoked without 'new'$/;

/** Nobody reads more of a message; values in it are to be cut. */
const MAX_LENGTH = 700;

const CLASSES: readonly unknown[] = [
  Error,
  TypeError,
  RangeError,
  JoinError,
  time.TimeoutError,
  ...Object.values(Deno.errors),
];

/** What is wrong with an error that was thrown, or null. */
export function complaint(error: unknown, names?: RegExp): string | null {
  if (isSentinel(error)) return null;
  if (!(error instanceof Error)) return `no error was thrown: ${typeof error}`;
  const { message } = error;
  if (error instanceof TypeError && OF_REVOKED.test(message)) return null;
  if (OF_CLASS.test(message)) return null;
  const shown = `${error.constructor.name}: ${message.slice(0, 300)}`;
  const where = `\n${error.stack?.split("\n").slice(1, 6).join("\n")}`;
  if (!CLASSES.includes(error.constructor)) {
    return `its class: ${shown}${where}`;
  }
  if (!message.startsWith("Cannot ")) return `how it begins: ${shown}${where}`;
  if (FROM_INSIDE.test(message)) return `it is the engine's: ${shown}${where}`;
  if (message.length > MAX_LENGTH) {
    return `it has ${message.length} characters: ${shown}${where}`;
  }
  if (names !== undefined && !names.test(message)) {
    return `it does not name the argument, as ${names}: ${shown}`;
  }
  return null;
}

function isSentinel(error: unknown): boolean {
  for (let e = error; e instanceof Error; e = e.cause) {
    if (e instanceof Sentinel) return true;
    // Its cause may be any value, and a circle.
    if (e.cause === e) return false;
  }
  return false;
}

/** Throws if an error is none of those that may be thrown. */
export function judge(error: unknown, names?: RegExp): void {
  const wrong = complaint(error, names);
  if (wrong !== null) throw new Error(`Cannot accept the error by ${wrong}`);
}

/** Calls a function, and judges what it throws. Returns what it returns. */
export function tried<T>(call: () => T, names?: RegExp): T | undefined {
  try {
    return call();
  } catch (error) {
    judge(error, names);
    return undefined;
  }
}
