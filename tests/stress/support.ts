/**
 * What the stress tests share. Each is in the suite in a short version of a few
 * seconds; `EDO_STRESS=full` runs it in full size, in a minute or two.
 *
 * The clients run in processes of their own, as programs/ has them: a process that
 * talks to itself would share descriptors, memory and the processor with the
 * server that is looked at.
 *
 * @module
 */
import { edoTest } from "../helpers/leaks.ts";
import { startDeno, type Subprocess } from "../helpers/subprocess.ts";

/** Whether the tests run in full size. */
export const FULL: boolean = Deno.env.get("EDO_STRESS") === "full";

/** How long a stage may take before it counts as hanging, in milliseconds. */
export const STAGE_MS: number = FULL ? 180_000 : 60_000;

export const MIB: number = 1024 * 1024;

/** A test for systems with /proc, where there is TCP. */
export function stressTest(
  name: string,
  fn: () => Promise<void>,
  options: { ignore?: boolean } = {},
): void {
  const ignore = options.ignore === true || Deno.build.os !== "linux";
  edoTest(name, fn, { ignore, settleMs: 10_000 });
}

/** Starts a program of programs/. */
export function startClient(
  file: string,
  ...args: (string | number)[]
): Subprocess {
  return startDeno([
    ...["run", "-A", "--no-config", `tests/stress/programs/${file}`],
    ...args.map(String),
  ]);
}

/**
 * Waits for the next line of a program. What it printed to stderr comes in the
 * error if it ends before.
 */
export async function lineOf(client: Subprocess): Promise<string> {
  const line = await client.stdout.next(STAGE_MS);
  if (line !== null) return line;
  const errors = await client.stderr.rest();
  throw new Error(`Cannot go on: the client ended\n${errors.join("\n")}`);
}

/** Prints a figure; tests are run for these, too. */
export function report(what: string): void {
  console.log(`  ${what}`);
}

/** A number of bytes as people read it. */
export function formatBytes(bytes: number): string {
  const size = Math.abs(bytes);
  if (size < 10 * 1024) return `${Math.round(bytes)} B`;
  if (size < 10 * MIB) return `${(bytes / 1024).toFixed(1)} KiB`;
  return `${(bytes / MIB).toFixed(1)} MiB`;
}
