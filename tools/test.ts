/**
 * `deno task test`: runs the tests, and the examples in docstrings as tests.
 *
 *     deno task test                        everything
 *     deno task test tests/wheel_test.ts    a file or a folder
 *     deno task test cascade                the tests whose name has the word
 *     deno task test README.md              the code blocks of a page
 *     deno task test --fail-fast            flags of `deno test`
 *
 * @module
 */
import { DENO, denoEnv, HAS_TCP } from "./deno.ts";
import { stdSource } from "./std_source.ts";

/** Where tests are, and modules whose docstrings have examples. */
const EVERYTHING = ["tests", "src", "mod.ts"];

/**
 * All permissions: the tests count what is in /proc/self, which Deno gives to no
 * program with less. What concerns permissions runs in processes of its own.
 */
const FLAGS = ["-A", "--sanitize-ops", "--sanitize-resources"];
if (HAS_TCP) FLAGS.push("--doc");

/** The flags of `deno test` that take the next argument as their value. */
const FLAGS_WITH_VALUE = [
  "--filter",
  "--junit-path",
  "--repeats",
  "--reporter",
  "--retry",
  "--seed",
  "--shard",
];

/** What `deno test` is to be given for what `deno task test` was given. */
export function testArguments(
  args: readonly string[],
  exists: (path: string) => boolean,
): string[] {
  const flags: string[] = [];
  const paths = new Set<string>();
  const words: string[] = [];
  const end = args.indexOf("--");
  const own = end < 0 ? args : args.slice(0, end);
  own.forEach((arg, i) => {
    const before = own[i - 1] ?? "";
    if (arg.startsWith("-") || FLAGS_WITH_VALUE.includes(before)) {
      flags.push(arg);
    } else if (arg.endsWith(".md")) {
      paths.add("tests/docs_test.ts");
      words.push(arg);
    } else if (exists(arg)) {
      paths.add(arg);
    } else {
      words.push(arg);
    }
  });
  if (words.length > 0) {
    flags.push("--filter", `/${words.map(RegExp.escape).join("|")}/`);
  }
  if (paths.size === 0) EVERYTHING.filter(exists).forEach((p) => paths.add(p));
  return [...flags, ...paths, ...(end < 0 ? [] : args.slice(end))];
}

/**
 * The flags by which tests are left out that a system cannot run: none but Windows
 * has such a list, tests/windows/skips.ts.
 */
export function flagsOf(system: string): string[] {
  return system === "windows" ? ["--preload=tests/windows/preload.ts"] : [];
}

function isPath(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

async function main(): Promise<number> {
  const std = await stdSource();
  console.log(`@std/* comes from ${std.name} (${std.reason})`);
  const args = [
    ...flagsOf(Deno.build.os),
    ...testArguments(Deno.args, isPath),
  ];
  const { code } = await new Deno.Command(DENO, {
    args: ["test", ...FLAGS, ...std.flags, ...args],
    env: denoEnv(),
    stdin: "null",
    stdout: "inherit",
    stderr: "inherit",
  }).output();
  return code;
}

if (import.meta.main) Deno.exit(await main());
