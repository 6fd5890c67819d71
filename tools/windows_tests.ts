/**
 * Runs the tests, and checks that none is left out but those for which
 * `tests/windows/skips.ts` has a reason. For Windows; arguments are those of
 * `deno task test`, and then only the tests that are left out are checked.
 *
 * @module
 */
import { covers, type Skip, SKIPS } from "../tests/windows/skips.ts";
import { DENO, denoEnv } from "./deno.ts";

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
    .filter((skip) => skip.itself !== true)
    .filter((skip) => !skipped.some((it) => covers(skip, it.file, it.name)))
    .map(({ file, name }) => `no test is left out for ${file} ${name ?? ""}`);
  return [...errors, ...unused];
}

/** Passes a stream on to stdout, and returns it as text. */
async function tee(stream: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of stream) {
    text += decoder.decode(chunk, { stream: true });
    for (let rest = chunk; rest.length > 0;) {
      rest = rest.subarray(await Deno.stdout.write(rest));
    }
  }
  return text;
}

async function main(): Promise<number> {
  const preload = "--preload=tests/windows/preload.ts";
  const child = new Deno.Command(DENO, {
    args: ["run", "-A", "tools/test.ts", preload, ...Deno.args],
    env: { ...denoEnv(), NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const skipped = skippedTests(await tee(child.stdout));
  const { code } = await child.status;
  const everything = Deno.args.every((arg) => arg.startsWith("-"));
  const errors = skipErrors(skipped, SKIPS, everything);
  for (const error of errors) console.error(error);
  return code === 0 && errors.length > 0 ? 1 : code;
}

if (import.meta.main) Deno.exit(await main());
