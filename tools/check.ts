/**
 * `deno task check`: all that can be wrong without running the tests. Every check
 * is run, and the last lines list those that failed.
 *
 * @module
 */
import { DENO, denoEnv } from "./deno.ts";
import { MAX_LINES } from "../tests/helpers/layers.ts";
import { stdSource } from "./std_source.ts";

const ROOT = new URL("../", import.meta.url);

/** Where the project's own TypeScript is, besides this folder's modules. */
const SOURCES = ["mod.ts", "src", "tests", "examples", "bench"];

/** This folder's own folders, but for what stands for @std: it has types of npm's. */
const PROGRAMS = ["tools/mutants", "tools/soak"];

/** What a published package must have in it. */
const PUBLISHED = [
  "deno.json",
  "mod.ts",
  "README.md",
  "LICENSE",
  "CHANGELOG.md",
];

/** Pages with commands for people to type, besides those in docs/. */
const PAGES = ["README.md", "CONTRIBUTING.md"];

/** Files that name the version of Deno, which has to be one and the same. */
const NAMES_VERSION = [...PAGES, ".ci/run", ".github/workflows/ci.yml"];

/** A check gives what is wrong, a line each. */
type Check = () => Promise<string[]>;

/** Runs Deno in the project's folder. */
async function deno(
  args: readonly string[],
): Promise<{ success: boolean; output: string[] }> {
  const { success, stdout, stderr } = await new Deno.Command(DENO, {
    args: [...args],
    cwd: ROOT,
    env: { ...denoEnv(), NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const text = new TextDecoder().decode(stdout) +
    new TextDecoder().decode(stderr);
  return { success, output: text.trimEnd().split(/\r?\n/) };
}

async function failureOf(...args: string[]): Promise<string[]> {
  const { success, output } = await deno(args);
  return success ? [] : output;
}

async function checkTypes(): Promise<string[]> {
  const { flags } = await stdSource();
  const tools = [...Deno.readDirSync(new URL("tools/", ROOT))]
    .map((entry) => `tools/${entry.name}`)
    .filter((path) => path.endsWith(".ts"));
  const folders = there([...SOURCES, ...PROGRAMS]);
  return await failureOf("check", ...flags, ...folders, ...tools);
}

async function checkDocs(): Promise<string[]> {
  const { exports } = JSON.parse(textOf("deno.json"));
  return await failureOf("doc", "--lint", ...Object.values<string>(exports));
}

/** A dry run needs no network: the package depends on nothing. */
async function checkPackage(): Promise<string[]> {
  const { success, output } = await deno([
    "publish",
    "--dry-run",
    "--allow-dirty",
  ]);
  if (!success) return output;
  const packed = new Set(
    output.map((line) => /^\s+(file:\S+) \(.*\)$/.exec(line)?.[1]),
  );
  return [...PUBLISHED, ...filesUnder("src", ".ts")]
    .filter((path) => !packed.has(new URL(path, ROOT).href))
    .map((path) => `${path} is not in the package`);
}

function checkLength(): Promise<string[]> {
  const paths = [...SOURCES, "tools"].flatMap((path) =>
    path.endsWith(".ts") ? there([path]) : filesUnder(path, ".ts")
  );
  const errors: string[] = [];
  for (const path of paths) {
    const lines = textOf(path).split("\n").length - 1;
    if (lines > MAX_LINES) {
      errors.push(`${path} has ${lines} lines, more than ${MAX_LINES}`);
    }
  }
  return Promise.resolve(errors);
}

/** The commands of the tasks and pages name tasks and files that are there. */
function checkCommands(): Promise<string[]> {
  const tasks: Record<string, { command: string }> =
    JSON.parse(textOf("deno.json")).tasks;
  const names = Object.keys(tasks);
  const errors = Object.values(tasks).flatMap(({ command }) =>
    commandErrors("deno.json", `\`\`\`sh\n${command}\n\`\`\``, names, isThere)
  );
  for (const page of [...there(PAGES), ...filesUnder("docs", ".md")]) {
    errors.push(...commandErrors(page, textOf(page), names, isThere));
  }
  return Promise.resolve(errors);
}

/** What is wrong with the commands in a page's `sh` blocks. */
export function commandErrors(
  page: string,
  markdown: string,
  tasks: readonly string[],
  exists: (path: string) => boolean,
): string[] {
  const errors: string[] = [];
  const blocks = markdown.matchAll(/^\s*```(?:sh|bash)\n(.*?)^\s*```/gms);
  for (const [, block] of blocks) {
    for (const line of block!.replaceAll("\\\n", " ").split("\n")) {
      const command = line.replace(/(^|\s)#.*$/, "").trim();
      const task = /\bdeno(?:@\S+)? task (\S+)/.exec(command)?.[1];
      if (task !== undefined && !tasks.includes(task)) {
        errors.push(
          `${page}: "${command}" runs the task ${task}: there is none`,
        );
      }
      for (const [path] of command.matchAll(/\S+\.(?:ts|sh|md)\b|\.ci\/\S+/g)) {
        if (!path.includes(":") && !exists(path)) {
          errors.push(
            `${page}: "${command}" names ${path}, which is not there`,
          );
        }
      }
    }
  }
  return errors;
}

/** There is one version of Deno, whoever names it. */
function checkVersions(): Promise<string[]> {
  const named = there(NAMES_VERSION).flatMap((path) =>
    [...textOf(path).matchAll(/\bdeno(?:@|-version: v?)(\d+\.\d+\.\d+)/g)]
      .map((match) => ({ path, version: match[1]! }))
  );
  if (new Set(named.map(({ version }) => version)).size <= 1) {
    return Promise.resolve([]);
  }
  return Promise.resolve(
    named.map(({ path, version }) => `${path} names Deno ${version}`),
  );
}

function isThere(path: string): boolean {
  try {
    Deno.statSync(new URL(path, ROOT));
    return true;
  } catch {
    return false;
  }
}

function there(paths: readonly string[]): string[] {
  return paths.filter(isThere);
}

function textOf(path: string): string {
  return Deno.readTextFileSync(new URL(path, ROOT));
}

/** The files under a folder whose names end like this, as paths from the project. */
function filesUnder(folder: string, ending: string): string[] {
  if (!isThere(folder)) return [];
  return [...Deno.readDirSync(new URL(folder, ROOT))].flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) return filesUnder(path, ending);
    return path.endsWith(ending) ? [path] : [];
  });
}

const CHECKS: Record<string, Check> = {
  "format": () => failureOf("fmt", "--check"),
  "lint": () => failureOf("lint"),
  "types": checkTypes,
  "docstrings": checkDocs,
  "package": checkPackage,
  "file length": checkLength,
  "commands": checkCommands,
  "one version of Deno": checkVersions,
};

async function main(): Promise<number> {
  const failed: string[] = [];
  const names = Object.keys(CHECKS);
  for (const name of names) {
    const errors = await CHECKS[name]!();
    console.log(`${name} ... ${errors.length === 0 ? "ok" : "FAILED"}`);
    if (errors.length === 0) continue;
    failed.push(name);
    console.log(errors.map((line) => `    ${line}`).join("\n"));
  }
  console.log();
  if (failed.length > 0) console.log(`failed: ${failed.join(", ")}`);
  console.log(
    `${names.length - failed.length} passed, ${failed.length} failed`,
  );
  return failed.length === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main());
