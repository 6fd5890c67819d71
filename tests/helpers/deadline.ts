/**
 * Waiting in tests: for what happens, never for time to pass.
 *
 * @module
 */
import { UNDER_WINE } from "../windows/wine.ts";

/**
 * How many times as long as they say deadlines are. Under Wine a thread takes seconds
 * to come up when others are busy, which on Linux takes milliseconds; and machines
 * that many share stand still for seconds. It changes only when a test fails, not
 * what has to happen.
 */
export const DEADLINE_FACTOR: number = UNDER_WINE || isShared() ? 3 : 1;

function isShared(): boolean {
  try {
    return Deno.env.has("CI");
  } catch {
    // A program without the permission, which loads a fixture that waits.
    return false;
  }
}

/** A deadline passed before what a test waited for had happened. */
export class DeadlineError extends Error {
  override name = "DeadlineError";

  constructor(what: string, ms: number, soFar = "") {
    super(`Cannot wait for ${what}: ${ms} ms have passed${soFar}`);
  }
}

/**
 * Waits for a promise, at most `ms` milliseconds, times {@linkcode DEADLINE_FACTOR}.
 *
 * @param what What is waited for, as the error names it: "the first line".
 * @param soFar Says in the error what there was instead.
 */
export async function waitFor<T>(
  promise: PromiseLike<T>,
  ms: number,
  what: string,
  soFar?: () => string,
): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const limit = ms * DEADLINE_FACTOR;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new DeadlineError(what, limit, soFar?.())),
      limit,
    );
  });
  try {
    return await Promise.race([promise, deadline]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Waits for the first event of a type, or the first that `accept` takes.
 */
export async function waitForEvent<E extends Event = Event>(
  target: EventTarget,
  type: string,
  ms: number,
  what: string = `the event "${type}"`,
  accept: (event: E) => boolean = () => true,
): Promise<E> {
  const { promise, resolve, reject } = Promise.withResolvers<E>();
  const listener = (event: Event) => {
    try {
      if (accept(event as E)) resolve(event as E);
    } catch (error) {
      reject(error);
    }
  };
  target.addEventListener(type, listener);
  try {
    return await waitFor(promise, ms, what);
  } finally {
    target.removeEventListener(type, listener);
  }
}

/**
 * Looks again and again until `look` returns something other than `undefined`,
 * `null` or `false`, and returns that. Only for what tells nobody when it changes,
 * such as the files of /proc.
 */
export async function pollFor<T>(
  look: () => T | Promise<T>,
  ms: number,
  what: string,
  soFar?: () => string,
): Promise<Exclude<T, undefined | null | false>> {
  const limit = ms * DEADLINE_FACTOR;
  const end = performance.now() + limit;
  for (let pause = 1;; pause = Math.min(2 * pause, 50)) {
    const seen = await look();
    if (seen !== undefined && seen !== null && seen !== false) {
      return seen as Exclude<T, undefined | null | false>;
    }
    if (performance.now() >= end) {
      throw new DeadlineError(what, limit, soFar?.());
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}
