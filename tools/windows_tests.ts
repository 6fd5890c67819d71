/**
 * Runs the tests, and checks that none is left out but those for which
 * `tests/windows/skips.ts` has a reason. For Windows; arguments are those of
 * `deno task test`, and then only the tests that are left out are checked.
 *
 * @module
 */
import { type Skip, SKIPS } from "../tests/windows/skips.ts";
import { DENO, denoEnv } from "./deno.ts";

/** A test that was not run. */
export interface Skipped {
  readonly file: string;
  readonly name: string;
}

/** The tests that a JUnit report says were not run. */
export function skippedTests(report: string): Skipped[] {
  const skipped: Skipped[] = [];
  const cases =
    /<testcase name="([^"]*)" classname="([^"]*)"[^>]*>\s*<skipped\/>/g;
  for (const [, name, file] of report.matchAll(cases)) {
    skipped.push({ name: unescapeXml(name!), file: projectPath(file!) });
  }
  return skipped;
}

function projectPath(path: string): string {
  return unescapeXml(path).replaceAll("\\", "/").replace(/^\.\//, "");
}

function unescapeXml(text: string): string {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"').replaceAll("&apos;", "'")
    .replaceAll("&amp;", "&");
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
  const covers = (skip: Skip, test: Skipped): boolean =>
    skip.file.test(test.file) && (skip.name?.test(test.name) ?? true);
  const errors = skipped
    .filter((test) => !skips.some((skip) => covers(skip, test)))
    .map(({ file, name }) => `${file}: "${name}" is left out without a reason`);
  if (!everything) return errors;
  const unused = skips
    .filter((skip) => !skipped.some((test) => covers(skip, test)))
    .map(({ file, name }) => `no test is left out for ${file} ${name ?? ""}`);
  return [...errors, ...unused];
}

async function main(): Promise<number> {
  const report = await Deno.makeTempFile({ suffix: ".xml" });
  try {
    const { code } = await new Deno.Command(DENO, {
      args: ["run", "-A", "tools/test.ts", `--junit-path=${report}`]
        .concat(Deno.args),
      env: denoEnv(),
      stdin: "null",
      stdout: "inherit",
      stderr: "inherit",
    }).output();
    const skipped = skippedTests(await Deno.readTextFile(report));
    const everything = Deno.args.every((arg) => arg.startsWith("-"));
    const errors = skipErrors(skipped, SKIPS, everything);
    for (const error of errors) console.error(error);
    return code !== 0 ? code : errors.length === 0 ? 0 : 1;
  } finally {
    await Deno.remove(report);
  }
}

if (import.meta.main) Deno.exit(await main());
