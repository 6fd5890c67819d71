import { assertEquals } from "@std/assert";
import {
  type Coroutine,
  JoinError,
  type JoinHandle,
  Pending,
  spawn,
  yieldNow,
} from "../../mod.ts";
import { everyFlavour } from "./flavours.ts";
import {
  contextWith,
  CountingWaker,
  Failures,
  Gate,
  yieldTimes,
} from "./support.ts";

/** What the task does once it was let through, and in its cleanup. */
const BODIES = ["returns", "throws", "cleanup throws", "both throw"] as const;
/** When the handle is let go of. */
const DROPS = [
  "at once",
  "after poll",
  "after finish",
  "after consume",
] as const;
const ABORTS = [
  "never",
  "before run",
  "after poll",
  "after finish",
  "after consume",
] as const;

interface Cell {
  readonly body: typeof BODIES[number];
  readonly drop: typeof DROPS[number];
  readonly abort: typeof ABORTS[number];
  /** Whether somebody polled the handle before the task ran. */
  readonly joined: boolean;
}

interface Observed {
  polls: number;
  cleanups: number;
  /** What `yield* handle` gave; null where the handle was let go of before. */
  outcome: string | null;
  /** How often the waker that was left with the handle was called. */
  wakes: number;
  /** What went to the failure hook. */
  reports: string[];
  /** Wakers that something still holds. */
  left: number;
}

function cells(): Cell[] {
  const all: Cell[] = [];
  for (const body of BODIES) {
    for (const drop of DROPS) {
      for (const abort of ABORTS) {
        for (const joined of [false, true]) {
          all.push({ body, drop, abort, joined });
        }
      }
    }
  }
  return all;
}

/** What the rules in `JoinHandle.abort` and `setFailureHook` say of a cell. */
function expected({ body, drop, abort, joined }: Cell): Observed {
  const started = abort !== "before run";
  const finished = started && abort !== "after poll";
  let ending = "aborted";
  if (started && (body === "cleanup throws" || body === "both throw")) {
    ending = "failed in cleanup";
  } else if (finished) {
    ending = body === "throws" ? "failed in run" : "value";
  }
  const consumed = drop === "after consume";
  // Who joined before the end and takes the outcome afterwards is no surprise.
  const reported = ending.startsWith("failed") && !(joined && consumed);
  const early = drop === "at once" || (drop === "after poll" && started);
  const heard = joined && !early;
  return {
    polls: started ? 1 : 0,
    cleanups: started ? 1 : 0,
    outcome: consumed ? ending : null,
    wakes: heard ? 1 : 0,
    reports: reported ? ['task "body"'] : [],
    left: 0,
  };
}

function* observe(cell: Cell): Coroutine<Observed> {
  using failures = new Failures();
  const gate = new Gate();
  let polls = 0;
  let cleanups = 0;
  function* body(): Coroutine<string> {
    polls++;
    try {
      yield* gate.wait();
      if (cell.body === "throws" || cell.body === "both throw") {
        throw new Error("in run");
      }
      return "value";
    } finally {
      cleanups++;
      if (cell.body === "cleanup throws" || cell.body === "both throw") {
        // deno-lint-ignore no-unsafe-finally
        throw new Error("in cleanup");
      }
    }
  }
  const waker = new CountingWaker();
  const cx = yield* contextWith(waker);
  const handle = spawn(body);
  // Started by the join below otherwise, as the task that is next in any case.
  const other = spawn(() => {});
  const wait = handle.join();
  if (cell.joined) assertEquals(wait.poll(cx), Pending);
  const at = (moment: typeof DROPS[number] | typeof ABORTS[number]) => {
    if (cell.drop === moment) {
      wait.cancel();
      handle.detach();
    }
    if (cell.abort === moment) handle.abort();
  };
  at("at once");
  at("before run");
  yield* other;
  yield* yieldTimes(2);
  at("after poll");
  gate.open();
  yield* yieldTimes(2);
  assertEquals(handle.isFinished, true);
  at("after finish");
  const outcome = cell.drop === "after consume" ? yield* consume(handle) : null;
  at("after consume");
  yield* yieldNow();
  if (outcome !== null) assertEquals(yield* consume(handle), outcome);
  const wakes = waker.count;
  return {
    polls,
    cleanups,
    outcome,
    wakes,
    reports: failures.names,
    left: gate.waiting,
  };
}

function* consume(handle: JoinHandle<string>): Coroutine<string> {
  try {
    return yield* handle;
  } catch (error) {
    if (!(error instanceof JoinError)) throw error;
    if (error.kind === "aborted") return "aborted";
    return `failed ${(error.cause as Error).message}`;
  }
}

everyFlavour(
  "every way to run, abort, join and let go of a task has its outcome",
  async (rt) => {
    for (const cell of cells()) {
      const observed = await rt.start(observe, cell);
      assertEquals(observed, expected(cell), JSON.stringify(cell));
    }
  },
);
