/**
 * `deno task soak`: a mixed load for as long as one likes, and an account at its
 * end of all that came and went.
 *
 * The task's flags of V8: a collection can be asked for, so that heaps are measured
 * at rest; and pages of isolates that have ended are not kept for later ones, since
 * the process's memory would then follow how many threads have ended of late.
 *
 * @module
 */
import {
  exitWith,
  numberFlag,
  parseCommandLine,
} from "../../examples/lib/command_line.ts";
import { soak, type SoakOptions } from "./run.ts";

const USAGE = `soak [flags]

--minutes  how long                                     1
--seed     what the actions are chosen by               one of its own
--workers  how many workers each of its runtimes has    2
--lanes    how many actions go on at a time             6

Ctrl-C ends it early, with its account.`;

/**
 * What a run is like.
 *
 * @throws {UsageError} If the command line is wrong.
 */
export function optionsOf(args: readonly string[]): SoakOptions {
  const { flags } = parseCommandLine(args, ["soak"], {
    minutes: "1",
    seed: String(crypto.getRandomValues(new Uint32Array(1))[0]),
    workers: "2",
    lanes: "6",
  });
  const whole = (name: string, min: number, max: number) =>
    numberFlag(flags, name, { min, max, whole: true });
  return {
    minutes: numberFlag(flags, "minutes", { min: 0.01, max: 100_000 }),
    seed: whole("seed", 0, 2 ** 32 - 1),
    workers: whole("workers", 1, 64),
    lanes: whole("lanes", 1, 100),
  };
}

if (import.meta.main) {
  exitWith(async () => {
    const isOk = await soak(optionsOf(Deno.args));
    Deno.exit(isOk ? 0 : 1);
  }, USAGE);
}
