/** Each way to run, abort, join and let go of a task that runs on another thread. */
import { assertEquals } from "@std/assert";
import { pollFor } from "../helpers/deadline.ts";
import { board } from "./fixtures/board.ts";
import { acts } from "./fixtures/outcome_matrix.ts";
import { double, hog } from "./fixtures/tasks.ts";
import {
  type Bench,
  difference,
  outcomeOf,
  PATIENCE_MS,
  poolTest,
  valueOf,
} from "./support.ts";

/** What the task does once it was let through, and in its cleanup. */
const BODIES = ["returns", "throws", "cleanup throws", "both throw"] as const;
/** When the handle is let go of. */
const DROPS = ["at once", "while it waits", "after its end", "never"] as const;
const ABORTS = [
  "never",
  "before its start",
  "while it waits",
  "after its end",
] as const;

interface Cell {
  readonly body: typeof BODIES[number];
  readonly drop: typeof DROPS[number];
  readonly abort: typeof ABORTS[number];
  /** Whether somebody waits for it from its spawn on. */
  readonly joined: boolean;
}

interface Observed {
  readonly starts: number;
  readonly cleanups: number;
  /** How it ended, for who joined it; null where the handle was let go of. */
  readonly outcome: string | null;
  /** What the metrics count it as. */
  readonly counted: string;
  /** What went to the failure hook. */
  readonly reports: readonly string[];
}

/** The cells of the board. */
const [STARTED, GATE, CLEANED, BUSY, FREE] = [0, 1, 2, 3, 4];

function cells(): Cell[] {
  const all: Cell[] = [];
  for (const body of BODIES) {
    for (const drop of DROPS) {
      for (const abort of ABORTS) {
        all.push({ body, drop, abort, joined: false });
        if (drop === "never") all.push({ body, drop, abort, joined: true });
      }
    }
  }
  return all;
}

/** What the rules in `JoinHandle.abort` and `setFailureHook` say of a cell. */
function expected({ body, drop, abort, joined }: Cell): Observed {
  const hasStarted = abort !== "before its start";
  const hasFinished = hasStarted && abort !== "while it waits";
  const failure = hasStarted && body.match(/^cleanup|^both/)
    ? "in cleanup"
    : hasFinished && body === "throws"
    ? "in run"
    : null;
  const outcome = failure !== null
    ? `failed Error: ${failure}`
    : hasFinished
    ? "value value"
    : "aborted";
  const isReported = failure !== null && !joined;
  return {
    starts: hasStarted ? 1 : 0,
    cleanups: hasStarted ? 1 : 0,
    outcome: drop === "never" ? outcome : null,
    counted: { f: "failed", v: "completed", a: "aborted" }[outcome[0]!]!,
    reports: isReported ? [`task "acts": Error: ${failure}`] : [],
  };
}

async function observe(
  { rt, failures }: Bench,
  cell: Cell,
): Promise<Observed> {
  for (const word of [STARTED, GATE, CLEANED, BUSY, FREE]) board.set(word, 0);
  failures.length = 0;
  // The only worker is kept busy, so that nothing starts before it shall.
  const busy = rt.spawn(hog, BUSY, FREE);
  await board.reaches(BUSY, 1, "the start of the task before");
  const { body, drop, abort, joined } = cell;
  const before = rt.metrics();
  const handle = rt.spawn(
    acts,
    body === "throws" || body === "both throw",
    body === "cleanup throws" || body === "both throw",
    STARTED,
    GATE,
    CLEANED,
  );
  const join = joined ? outcomeOf(handle) : null;
  const at = (moment: Cell["drop"] | Cell["abort"]) => {
    if (abort === moment) handle.abort();
    if (drop === moment) handle.detach();
  };
  at("at once");
  at("before its start");
  board.set(FREE, 1);
  await valueOf(busy);
  if (abort !== "before its start") {
    await board.reaches(STARTED, 1, "the start of the task");
    at("while it waits");
    // It must not end by itself before it hears of the abort.
    if (abort !== "while it waits") board.set(GATE, 1);
  }
  const ended = () => {
    const { spawned, completed, failed, aborted } = rt.metrics();
    return completed + failed + aborted === spawned;
  };
  await pollFor(ended, PATIENCE_MS, "the end of the task");
  // What comes with this one has come in order: nothing is under way after it.
  const next = rt.spawn(double, 1);
  assertEquals(await valueOf(next), 2);
  // Ordinary code may still come to its `await`: so a failure is told a turn
  // later.
  const { reports } = expected(cell);
  await pollFor(
    () => failures.length >= reports.length,
    PATIENCE_MS,
    "the report",
  );
  at("after its end");
  const outcome = drop === "never" ? await (join ?? outcomeOf(handle)) : null;
  if (outcome !== null) assertEquals(await outcomeOf(handle), outcome);
  const { completed, failed, aborted } = difference(rt.metrics(), before);
  // The busy one and the last one, which have values, are counted as well.
  const counts = { completed: completed - 2, failed, aborted };
  return {
    starts: board.get(STARTED),
    cleanups: board.get(CLEANED),
    outcome,
    counted: Object.entries(counts).filter(([, n]) => n !== 0)
      .map(([kind, n]) => n === 1 ? kind : `${n} ${kind}`).join(),
    reports: failures.map(({ what, error }) => `${what}: ${error}`),
  };
}

poolTest(
  "every way to run, abort, join and let go of a task on a worker has its outcome",
  async (bench) => {
    for (const cell of cells()) {
      assertEquals(
        await observe(bench, cell),
        expected(cell),
        JSON.stringify(cell),
      );
    }
    bench.failures.length = 0;
  },
  { on: [1], board: true },
);
