/**
 * Runs the tests, and checks that none is left out but those for which
 * `tests/windows/skips.ts` has a reason. For Windows; arguments are those of
 * `deno task test`, and then only the tests that are left out are checked.
 *
 *     --only-windows    stands for the tests of what Wine cannot show
 *     --as-many-as=N    fails unless there are N tests, those left out included
 *     --processes=N     deals all tests out to so many processes
 *
 * @module
 */
import { filesOf, readPoints } from "../tests/windows/only_windows.ts";
import { applies, covers, type Skip, SKIPS } from "../tests/windows/skips.ts";
import { readCounts, runShards, runTests } from "./shards.ts";

/** A test that was not run. */
export interface Skipped {
  readonly file: string;
  readonly name: string;
}

/** The tests that the runner's output says were not run. */
export function skippedTests(output: string): Skipped[] {
  const skipped: Skipped[] = [];
  let file = "";
  for (const line of output.split(/\r?\n/)) {
    const [, path] = /^running \d+ tests? from (.+)$/.exec(line) ?? [];
    if (path !== undefined) {
      file = path.replaceAll("\\", "/").replace(/^\.\//, "");
    }
    const [, name] = /^(\S.*) \.\.\. ignored \(/.exec(line) ?? [];
    if (name !== undefined) skipped.push({ file, name });
  }
  return skipped;
}

/**
 * What is wrong with the tests that were left out, a sentence each.
 *
 * @param everything Whether all tests were run, so that each entry is needed.
 */
export function skipErrors(
  skipped: readonly Skipped[],
  skips: readonly Skip[],
  everything: boolean,
): string[] {
  const errors = skipped
    .filter(({ file, name }) => !skips.some((skip) => covers(skip, file, name)))
    .map(({ file, name }) => `${file}: "${name}" is left out without a reason`);
  if (!everything) return errors;
  const unused = skips
    .filter((skip) => applies(skip) && skip.itself !== true)
    .filter((skip) => !skipped.some((it) => covers(skip, it.file, it.name)))
    .map(({ file, name }) => `no test is left out for ${file} ${name ?? ""}`);
  return [...errors, ...unused];
}

/** How many tests there are by the runner's last line: run, left out or failed. */
export function countTests(output: string): number {
  const counts = readCounts(output);
  if (counts === null) return NaN;
  return counts.passed + counts.failed + counts.ignored;
}

/** Passes on to stdout. */
function write(chunk: Uint8Array): void {
  for (let rest = chunk; rest.length > 0;) {
    rest = rest.subarray(Deno.stdout.writeSync(rest));
  }
}

/** What the command line says. */
interface CommandLine {
  /** The arguments of `deno task test`. */
  readonly args: readonly string[];
  /** How many tests there have to be. */
  readonly count: number | null;
  /** How many processes run them at a time. */
  readonly processes: number;
}

const ONLY_WINDOWS = "--only-windows";
const AS_MANY_AS = "--as-many-as=";
const PROCESSES = "--processes=";

async function readCommandLine(args: readonly string[]): Promise<CommandLine> {
  const count = args.find((arg) => arg.startsWith(AS_MANY_AS));
  const processes = args.find((arg) => arg.startsWith(PROCESSES));
  const ours = [count, processes, ONLY_WINDOWS];
  const own = args.filter((arg) => !ours.includes(arg));
  if (args.includes(ONLY_WINDOWS)) {
    const root = new URL("../", import.meta.url);
    const page = await Deno.readTextFile(new URL("docs/windows.md", root));
    own.push(...filesOf(readPoints(page), root));
  }
  return {
    args: own,
    count: count === undefined ? null : Number(count.slice(AS_MANY_AS.length)),
    processes: Number(processes?.slice(PROCESSES.length) ?? 1),
  };
}

async function main(): Promise<number> {
  const { args, count, processes } = await readCommandLine(Deno.args);
  const { code, output } = processes === 1
    ? await runTests(args, write)
    : await runShards(args, processes, write);
  const everything = args.every((arg) => arg.startsWith("-"));
  const errors = skipErrors(skippedTests(output), SKIPS, everything);
  const found = countTests(output);
  if (count !== null && code === 0 && found !== count) {
    errors.push(`there are ${found} tests and not ${count}, as on Linux`);
  }
  for (const error of errors) console.error(error);
  return code === 0 && errors.length > 0 ? 1 : code;
}

if (import.meta.main) Deno.exit(await main());
