import { assertEquals } from "@std/assert";
import {
  blockOn,
  type Coroutine,
  Future,
  type Poll,
  reactor,
  run,
} from "../../mod.ts";
import type { Context } from "../../mod.ts";
import {
  type BackendName,
  backendName,
  overrideBackend,
} from "../../src/reactor/select_backend.ts";
import { untilClosed } from "../helpers/hosted_reactor.ts";
import { edoTest } from "../helpers/leaks.ts";

/** One of the ways in which tasks can be run; each must behave like the others. */
export interface Flavour {
  readonly name: string;
  /** Whether the thread is blocked meanwhile, so that no promise settles. */
  readonly blocking: boolean;
  /** What the thread waits with; null: it has no reactor. */
  readonly backend: BackendName | null;
  /** Runs a root task, and returns when the executor has come to rest. */
  start<A extends unknown[], T>(
    fn: (...args: A) => Coroutine<T>,
    ...args: A
  ): Promise<T>;
}

/** Makes the runtime open a reactor that other threads could wake. */
class OpenReactor extends Future<reactor.Reactor> {
  override poll(cx: Context): Poll<reactor.Reactor> {
    const opened = reactor.reactorOf(cx);
    opened.handle();
    return opened;
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

async function startBlocking<A extends unknown[], T>(
  backend: BackendName | null,
  fn: (...args: A) => Coroutine<T>,
  args: A,
): Promise<T> {
  // What the test before left in the queues of Deno's loop is none of this one's.
  await nextTurn();
  overrideBackend(backend);
  try {
    return blockOn(function* root(): Coroutine<T> {
      if (backend !== null) {
        assertEquals((yield* new OpenReactor()).backend, backend);
      }
      return yield* fn(...args);
    });
  } finally {
    overrideBackend(null);
  }
}

async function startHosted<A extends unknown[], T>(
  backend: BackendName | null,
  fn: (...args: A) => Coroutine<T>,
  args: A,
): Promise<T> {
  let opened: reactor.Reactor | null = null;
  overrideBackend(backend);
  try {
    return await run(function* root(): Coroutine<T> {
      if (backend !== null) {
        opened = yield* new OpenReactor();
        assertEquals(opened.backend, backend);
      }
      return yield* fn(...args);
    });
  } finally {
    overrideBackend(null);
    await rest(opened);
  }
}

/** Waits until the hosted executor has given its reactor back. */
async function rest(opened: reactor.Reactor | null): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await nextTurn();
  if (opened !== null) await untilClosed(opened);
}

/** `block_on` or `run` with one of the backends. */
export function flavour(
  blocking: boolean,
  backend: BackendName | null,
): Flavour {
  const name = `${blocking ? "block_on" : "run"}, ${backend ?? "no reactor"}`;
  const start = blocking ? startBlocking : startHosted;
  return {
    name,
    blocking,
    backend,
    start: (fn, ...args) => start(backend, fn, args),
  };
}

/**
 * The flavours that this system has, or those that are given to a thread that
 * collects tests. Tests have to look here when their module is evaluated.
 */
export let FLAVOURS: readonly Flavour[] = [true, false].flatMap((blocking) =>
  [...new Set([null, backendName(), "notifier" as const])]
    .map((backend) => flavour(blocking, backend))
);

/** The body of a test. */
export type RtTest = () => void | Promise<void>;

/** Where tests are noted instead of being registered with Deno. */
let collected: Map<string, RtTest> | null = null;

/**
 * Has the modules that this thread imports from now on note their tests in `into`
 * by their name, and run them in other flavours: for workers, which have no
 * `Deno.test`, and for whoever wants to know what they would run.
 */
export function collectTests(
  into: Map<string, RtTest>,
  flavours: readonly Flavour[],
): void {
  collected = into;
  FLAVOURS = flavours;
}

/** Registers a test that leaves nothing behind. */
export function rtTest(name: string, fn: RtTest): void {
  if (collected === null) {
    edoTest(name, fn);
    return;
  }
  if (collected.has(name)) {
    throw new Error(`Cannot collect the test "${name}" twice`);
  }
  collected.set(name, fn);
}

/** Registers a test once for each flavour. */
export function everyFlavour(
  name: string,
  fn: (rt: Flavour) => Promise<void>,
): void {
  for (const rt of FLAVOURS) rtTest(`${name} [${rt.name}]`, () => fn(rt));
}
