/**
 * What a runtime holds at one moment, as seen from one of its tasks.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { type Coroutine, time, yieldNow } from "../../mod.ts";
import { currentContext } from "../../src/future/mod.ts";
import { reactorOf } from "../../src/reactor/mod.ts";
import type { Scope } from "../../src/task/mod.ts";
import { countDescriptors } from "../helpers/proc.ts";

/** How long what was given up may take to go, in milliseconds. */
const PATIENCE_MS = 5_000;

interface Holdings {
  readonly descriptors: number;
  readonly registrations: number;
  readonly tasks: number;
  readonly timers: number;
}

/** Looks at the runtime of the task that calls. */
function look(): Holdings {
  const cx = currentContext()!;
  return {
    descriptors: countDescriptors("self"),
    registrations: reactorOf(cx).size,
    tasks: (cx.owner as Scope).waiting,
    timers: time.timersOf(cx).held,
  };
}

/**
 * Runs a part of a test, and waits until nothing is left of it: no descriptor, no
 * registration, no task, no timer.
 */
export function* leavingAsBefore(
  body: () => Coroutine<void>,
): Coroutine<void> {
  // What the thread opens once, it opens before; so does who waits for this part.
  void reactorOf(currentContext()!);
  yield* yieldNow();
  const before = look();
  yield* body();
  const end = time.now() + PATIENCE_MS;
  const isAsBefore = () =>
    JSON.stringify(look()) === JSON.stringify(before) || time.now() > end;
  while (!isAsBefore()) yield* yieldNow();
  assertEquals(look(), before);
}
