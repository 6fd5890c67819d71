import { ROOT, startDeno } from "../helpers/subprocess.ts";

/** What became of a program. */
export interface ProgramResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a program in a process of its own, to its end. `"edo"` in its imports
 * stands for the package.
 *
 * @param source TypeScript.
 * @param flags Further flags for Deno.
 */
export async function runProgram(
  source: string,
  flags: readonly string[] = [],
): Promise<ProgramResult> {
  const program = startDeno(["run", "-A", "--no-config", ...flags, "-"]);
  await using process = program;
  const module = JSON.stringify(new URL("mod.ts", ROOT).href);
  await process.write(source.replaceAll('"edo"', module));
  await process.closeInput();
  const { code } = await process.status();
  const text = (lines: string[]) => lines.map((line) => line + "\n").join("");
  return {
    code,
    stdout: text(await process.stdout.rest()),
    stderr: text(await process.stderr.rest()),
  };
}
