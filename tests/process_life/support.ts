import { pollFor } from "../helpers/deadline.ts";
import { ROOT, startDeno, type Subprocess } from "../helpers/subprocess.ts";

/** Where a process can be sent `SIGTERM`; Windows has Ctrl-C alone. */
export const HAS_SIGTERM: boolean = Deno.build.os !== "windows";

/** The imports of a program, as text: the package, whole, under the name `edo`. */
export const IMPORT_EDO: string = `import * as edo from ${
  JSON.stringify(new URL("mod.ts", ROOT).href)
};`;

/**
 * Starts a program in a process of its own, where `edo` stands for the package.
 *
 * @param source TypeScript.
 * @param permissions As flags for Deno.
 */
export async function startProgram(
  source: string,
  permissions: readonly string[] = ["-A"],
): Promise<Subprocess> {
  const process = startDeno(["run", ...permissions, "--no-config", "-"]);
  await process.write(IMPORT_EDO + source);
  await process.closeInput();
  return process;
}

/**
 * Presses Ctrl-C until the process has ended, and says how it did. Once would not
 * do where a listener has just been given up on another thread: it takes that
 * thread a moment.
 */
export async function interruptUntilEnd(
  process: Subprocess,
): Promise<Deno.CommandStatus> {
  let ended: Deno.CommandStatus | undefined;
  const status = process.status().then((how) => ended = how);
  await pollFor(
    () => {
      if (ended !== undefined) return true;
      try {
        process.kill("SIGINT");
      } catch (error) {
        // It has ended, and the status is on its way.
        if (!(error instanceof TypeError)) throw error;
      }
      return false;
    },
    15_000,
    "the end of a process by Ctrl-C",
  );
  return await status;
}

/** All that a program wrote, once it has ended. */
export async function outputOf(process: Subprocess): Promise<string[]> {
  await process.stdout.rest();
  return process.stdout.all;
}

/**
 * The numbers of the processes that have a variable in their environment, with this
 * value: a process and all that it started. Without /proc, none.
 */
export async function processesMarked(
  variable: string,
  value: string,
): Promise<string[]> {
  if (Deno.build.os !== "linux") return [];
  const marked: string[] = [];
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const environment = await Deno.readTextFile(`/proc/${name}/environ`);
      if (environment.split("\0").includes(`${variable}=${value}`)) {
        marked.push(name);
      }
    } catch {
      // Another user's, or gone meanwhile.
    }
  }
  return marked;
}
