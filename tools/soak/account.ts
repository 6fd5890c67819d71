/** The lines at the end: what was expected, what was found, and whether it is so. */
import type { Metrics } from "../../mod.ts";
import { flatness, type Sample, type Slack } from "./flat.ts";
import {
  canCount,
  countOf,
  type Holdings,
  leftIn,
  moreThan,
} from "./holdings.ts";
import { endedOf, type TestedPool } from "./pools.ts";
import type { Measured } from "./rest.ts";
import type { Counters } from "./soak.ts";
import * as tasks from "./tasks.ts";

/** One line. Null: it cannot be told. */
export interface Line {
  readonly what: string;
  readonly expected: string;
  readonly found: string;
  readonly isOk: boolean | null;
}

/** A line for two numbers that have to be the same. */
export function same(what: string, expected: number, found: number): Line {
  return {
    what,
    expected: format(expected),
    found: format(found),
    isOk: expected === found,
  };
}

/** A line for what must stay where it is. */
function flat(
  what: string,
  unit: string,
  samples: readonly Sample[],
  slack: Slack,
): Line {
  const { slope, quarters, allowed, isFlat } = flatness(samples, slack);
  const [, second = NaN] = quarters;
  return {
    what,
    expected: isFlat === null
      ? "flat, in a run that is long enough to tell"
      : `at most ${(second + allowed).toFixed(1)} ${unit} in the last quarter`,
    found: quarters.filter((median) => !Number.isNaN(median))
      .map((median) => median.toFixed(1)).join(", ") +
      ` ${unit} in the quarters; ${
        signed(slope)
      } ${unit} a minute after the first`,
    isOk: isFlat,
  };
}

/** Lines of the tasks of a runtime. */
export function taskLines({ name, rt, tally, mayLose }: TestedPool): Line[] {
  const metrics = rt.metrics();
  const { spawned, ...ended } = tally;
  const joined = ended.value + ended.failed + ended.aborted + ended.lost;
  const lines = [
    {
      what: `${name} runtime: tasks`,
      expected: `${format(metrics.spawned)} spawned`,
      found: endings(metrics),
      isOk: metrics.spawned === endedOf(metrics),
    },
    {
      what: `${name} runtime: tasks of the main thread`,
      expected: `${format(spawned)} joined`,
      found: `${format(ended.value)} with a value, ${format(ended.failed)} ` +
        `failed, ${format(ended.aborted)} aborted, ${format(ended.lost)} lost`,
      isOk: spawned === joined,
    },
  ];
  return mayLose
    ? lines
    : [...lines, same(`${name} runtime: tasks lost`, 0, metrics.lost)];
}

function endings(metrics: Metrics): string {
  const { completed, failed, aborted, lost } = metrics;
  return `${format(completed)} finished + ${format(failed)} failed + ` +
    `${format(aborted)} aborted + ${format(lost)} lost`;
}

/** Lines of the bytes of all connections that were not cut. */
export function byteLines(counters: Counters): Line[] {
  const { clientsSent, serversReceived, serversSent, clientsReceived } =
    counters;
  return [
    same("bytes from clients to servers", clientsSent, serversReceived),
    same("bytes from servers to clients", serversSent, clientsReceived),
  ];
}

/** Lines of the memory of a runtime that was shut down. */
export function memoryLines(name: string, memory: SharedArrayBuffer): Line[] {
  const { records, bytes, functions, usedRecords, usedBytes } = leftIn(memory);
  // Two threads that spawn a function for the first time may both number it, but
  // threads that come and go must not.
  const most = 3 * Object.keys(tasks).length;
  const unused = (left: number, used: string) => ({
    expected: "0",
    found: `${format(left)} of ${used}`,
    isOk: left === 0,
  });
  return [
    {
      what: `${name} runtime: records not given back`,
      ...unused(records, format(usedRecords)),
    },
    {
      what: `${name} runtime: memory not given back`,
      ...unused(bytes, `${format(usedBytes)} bytes`),
    },
    {
      what: `${name} runtime: numbers of functions`,
      expected: `at most ${most}`,
      found: format(functions),
      isOk: functions <= most,
    },
  ];
}

/** Lines of what the process holds. */
export function holdingLines(before: Holdings, after: Holdings): Line[] {
  if (!canCount) return [];
  const more = moreThan(before, after);
  return [
    {
      what: "descriptors",
      expected: format(countOf(before)),
      found: format(countOf(after)) +
        (more.length > 0 ? `, ${more.join(", ")}` : ""),
      isOk: more.length === 0,
    },
    same("threads of workers", before.threads, after.threads),
  ];
}

/** Lines of what must stay where it is. */
export function flatLines(measured: Measured, workers: number): Line[] {
  const { heap, workerHeaps, resident, descriptors } = measured;
  // A mebibyte for each heap; for the process, what the allocator keeps of threads
  // that have ended, without what V8 keeps of their heaps (100 MiB, for 8 seconds):
  // see the flags of the task; a few descriptors for connections that fetch keeps
  // open.
  const slack = (part: number, least: number) => ({ part, least });
  return [
    flat("the main thread's heap at rest", "MiB", heap, slack(0.05, 1)),
    flat(
      "the workers' heaps at rest",
      "MiB",
      workerHeaps,
      slack(0.05, workers),
    ),
    flat("memory of the process", "MiB", resident, slack(0.1, 20)),
    flat("descriptors at rest", "", descriptors, slack(0, 4)),
  ];
}

/** The account as text. */
export function formatted(lines: readonly Line[]): string[] {
  const width = Math.max(...lines.map(({ what }) => what.length));
  return lines.map(({ what, expected, found, isOk }) => {
    const mark = isOk === null ? "--    " : isOk ? "ok    " : "NOT OK";
    return `${mark} ${
      what.padEnd(width)
    }  expected ${expected}; found ${found}`;
  });
}

/** `1234567` as `1,234,567`. */
export function format(n: number): string {
  return n.toLocaleString("en");
}

function signed(n: number): string {
  return (n < 0 ? "" : "+") + n.toFixed(2);
}
