/**
 * What the tests of the examples share: the programs as processes of their own, as a
 * user starts them, and a delay server for them to talk to.
 *
 * @module
 */
import { HAS_TCP } from "../../tools/deno.ts";
import { edoTest } from "../helpers/leaks.ts";
import { startExample, type Subprocess } from "../helpers/subprocess.ts";

/** How long a program may take, with others on the machine, in milliseconds. */
const PROGRAM_MS = 30_000;
/** How often a program may miss a time before it counts as too slow. */
const RUNS = 5;

/** The delay of the servers of these tests: the examples' own. */
export const DELAY_MS = 100;
/** How many requests the programs make unless told otherwise. */
export const REQUESTS = 5;

/**
 * A test where there is TCP. The course is about Linux's system calls: the tests of
 * its programs are on the list of those that Windows leaves out.
 */
export function exampleTest(
  name: string,
  fn: () => void | Promise<void>,
  options: { ignore?: boolean } = {},
): void {
  const ignore = options.ignore === true || !HAS_TCP;
  edoTest(name, fn, { ignore });
}

/** A server that runs until the end of `await using`. */
export class DelayServer implements AsyncDisposable {
  readonly port: number;
  readonly process: Subprocess;

  private constructor(process: Subprocess, port: number) {
    this.process = process;
    this.port = port;
  }

  static async start(...flags: string[]): Promise<DelayServer> {
    const args = ["--port", "0", ...flags];
    const process = startExample("delay_server.ts", args);
    try {
      const line = await process.stdout.match(/^listening on /, PROGRAM_MS);
      const port = Number(/:(\d+)$/.exec(line)?.[1]);
      return new DelayServer(process, port);
    } catch (error) {
      await process[Symbol.asyncDispose]();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.process[Symbol.asyncDispose]();
  }
}

/** What a program printed, and how it ended. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string[];
  readonly stderr: string[];
}

/** Runs a program of examples/ to its end. */
export async function outcomeOf(
  file: string,
  ...args: string[]
): Promise<Outcome> {
  await using program = startExample(file, args);
  const [{ code }, stdout, stderr] = await Promise.all([
    program.status(PROGRAM_MS),
    program.stdout.rest(PROGRAM_MS),
    program.stderr.rest(PROGRAM_MS),
  ]);
  return { code, stdout, stderr };
}

/** A reply as a program of the course reports it. */
export interface ReportedReply {
  readonly id: number;
  readonly ms: number;
  readonly what: string;
}

/** The replies that a program reported, in order. */
export function repliesOf(stdout: readonly string[]): ReportedReply[] {
  return stdout.flatMap((line) => {
    const parts = /^reply (\d+) after (\d+) ms: (.*)$/.exec(line);
    if (parts === null) return [];
    return [{ id: Number(parts[1]), ms: Number(parts[2]), what: parts[3]! }];
  });
}

/** The total times that a program reported, in milliseconds. */
export function totalsOf(stdout: readonly string[]): number[] {
  return stdout.flatMap((line) => {
    const ms = /^\d+ replies in (\d+) ms$/.exec(line)?.[1];
    return ms === undefined ? [] : [Number(ms)];
  });
}

/**
 * Runs a program until its longest total is below `limitMs`, five times at most: a
 * machine that does other things can make any single run slow. Returns the outcome
 * of the last run.
 *
 * @throws {Error} If all runs took too long.
 */
export async function fastEnough(
  limitMs: number,
  run: () => Promise<Outcome>,
): Promise<Outcome> {
  const seen: number[] = [];
  for (let i = 0; i < RUNS; i++) {
    const outcome = await run();
    const totals = totalsOf(outcome.stdout);
    const longest = Math.max(...totals);
    if (totals.length > 0 && longest < limitMs) return outcome;
    seen.push(longest);
    if (outcome.code !== 0) {
      throw new Error(
        `exit code ${outcome.code}: ${outcome.stderr.join("\n")}`,
      );
    }
  }
  throw new Error(
    `Expected less than ${limitMs} ms at least once, got ${seen.join(", ")} ms`,
  );
}
