// Fetching knitting, which npm does not have: into the cache, never into the tree.

import { KNITTING } from "../pools/contenders.ts";
import { cacheFolder, knittingModule } from "./cache.ts";
import { hasProgram } from "./process.ts";

/** Long enough for a slow network, short enough for one that drops packets. */
const SECONDS = 60;

function git(folder: string, ...args: string[]): boolean {
  const seconds = `${SECONDS}`;
  const command = hasProgram("timeout") ? ["timeout", seconds, "git"] : ["git"];
  return new Deno.Command(command[0]!, {
    args: [...command.slice(1), "-C", folder, ...args],
    env: { GIT_TERMINAL_PROMPT: "0" },
    stdout: "null",
    stderr: "null",
  }).outputSync().success;
}

/**
 * Puts the commit that contenders.ts names into the cache, if git can. Where it
 * cannot, pools/knitting.ts has JSR left to try.
 */
export function fetchKnitting(): void {
  if (knittingModule() !== null || !hasProgram("git")) return;
  const folder = `${cacheFolder()}/knitting`;
  Deno.mkdirSync(folder, { recursive: true });
  const { repository, commit } = KNITTING;
  if (
    !git(folder, "init", "--quiet") ||
    !git(folder, "fetch", "--quiet", "--depth", "1", repository, commit) ||
    !git(folder, "checkout", "--quiet", commit)
  ) {
    Deno.removeSync(folder, { recursive: true });
  }
}
