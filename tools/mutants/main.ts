/**
 * `deno task mutants`: changes the modules that threads share memory through, one
 * step at a time, and sees whether a model in `tests/interleave/` notices.
 *
 *     deno task mutants                     all modules that have changed since
 *     deno task mutants --all               all, also those that are called equivalent
 *     deno task mutants --only inbox,life   those whose path has one of the words
 *     deno task mutants --list              what would be tried
 *     deno task mutants --match 'steal: '   only mutants whose key has the text
 *     deno task mutants --jobs 4            so many at a time, 2 by default
 *     deno task mutants --states 9e9        models with more states as well
 *
 * Models are tried from the smallest on, until one fails; what they have of states
 * without a mutant adds up to three million by default. What survives those may be killed
 * by a larger one.
 *
 * What a module's mutants have come to is kept in `results.json`, as soon as all of
 * them were tried; so it can be stopped, and goes on where it was.
 *
 * @module
 */
import { parseArgs } from "node:util";
import { DENO } from "../deno.ts";
import { mutantsOf, type Source } from "./generate.ts";
import { importsOf } from "./graph.ts";
import type { Mutant } from "./mutant.ts";
import {
  excusedIn,
  excuseErrors,
  isExcused,
  pageOf,
  resultOf,
  type Results,
  tableOf,
} from "./results.ts";
import { Copy, type TimedCase, type Verdict } from "./trial.ts";

const ROOT = new URL("../..", import.meta.url).pathname.replace(/\/$/, "");
const CASES = "tests/interleave/cases";
const PAGE = `${ROOT}/docs/mutants.md`;
const RESULTS = new URL("./results.json", import.meta.url);

/** What decides which mutants there are, and what they come to. */
const TOOLS = ["by_hand", "equivalent", "generate", "operators"].map((name) =>
  Deno.readTextFileSync(new URL(`./${name}.ts`, import.meta.url))
).join("\0");

const { values: flags } = parseArgs({
  args: Deno.args,
  options: {
    all: { type: "boolean", default: false },
    jobs: { type: "string", default: "2" },
    list: { type: "boolean", default: false },
    match: { type: "string", default: "" },
    only: { type: "string", default: "" },
    states: { type: "string", default: "3000000" },
    verbose: { type: "boolean", default: false },
  },
});

/** The files of cases that a module takes part in, by module. */
function suitesByModule(root: string): Map<string, string[]> {
  const modules = new Map<string, string[]>();
  for (const suite of suiteNames(root)) {
    for (const path of importsOf(root, `${CASES}/${suite}.ts`)) {
      if (!path.startsWith("src/")) continue;
      modules.set(path, [...modules.get(path) ?? [], suite]);
    }
  }
  return modules;
}

function suiteNames(root: string): string[] {
  return [...Deno.readDirSync(`${root}/${CASES}`)]
    .map(({ name }) => name.replace(/\.ts$/, "")).sort();
}

/** Of a module, the models that it takes part in, and what makes its mutants. */
async function hashOf(root: string, path: string, suites: readonly string[]) {
  const files = new Set([path]);
  for (const suite of suites) {
    files.add(`${CASES}/${suite}.ts`);
    importsOf(root, `${CASES}/${suite}.ts`).forEach((file) => files.add(file));
  }
  const text =
    [...files].sort().map((file) => Deno.readTextFileSync(`${root}/${file}`))
      .join("\0") + TOOLS;
  const bytes = await crypto.subtle.digest(
    "SHA-256",
    new TextEncoder().encode(text),
  );
  return new Uint8Array(bytes).toHex().slice(0, 16);
}

function readResults(): Results {
  try {
    const results: Results = JSON.parse(Deno.readTextFileSync(RESULTS));
    for (const [path, result] of Object.entries(results)) {
      results[path] = excusedIn(path, result);
    }
    return results;
  } catch {
    return {};
  }
}

/**
 * Cases in the order in which they are tried: those of the module's own file first,
 * and the smallest of them, up to so many states in all.
 */
function ordered(module: string, cases: readonly TimedCase[]): TimedCase[] {
  const isOwn = ({ id: [suite] }: TimedCase) => module.endsWith(`/${suite}.ts`);
  let states = 0;
  return cases
    .toSorted((a, b) =>
      Number(isOwn(b)) - Number(isOwn(a)) || a.states - b.states
    )
    .filter((one, i) => {
      const all = states + one.states;
      if (i > 0 && all > Number(flags.states)) return false;
      states = all;
      return true;
    });
}

/** Tries mutants, as many at a time as there are copies of the project. */
async function judge(
  mutants: readonly Mutant[],
  copies: readonly Copy[],
  cases: readonly TimedCase[],
): Promise<(readonly [Mutant, Verdict])[]> {
  const queue = mutants.entries();
  const judged: (readonly [Mutant, Verdict])[] = [];
  await Promise.all(copies.map(async (copy) => {
    for (const [i, mutant] of queue) {
      if (!flags.all && isExcused(mutant)) {
        judged[i] = [mutant, { is: "survived" }];
        continue;
      }
      const verdict = await copy.try(mutant.module, mutant.source, cases);
      judged[i] = [mutant, verdict];
      if (isExcused(mutant)) continue;
      if (verdict.is === "survived" || verdict.is === "undecided") {
        console.log(`  ${verdict.is}: ${mutant.key}`);
      } else if (flags.verbose) {
        const why = verdict.is === "killed"
          ? `${verdict.model}: ${verdict.reason}`
          : verdict.suite;
        console.log(`  ${verdict.is}: ${mutant.key}\n      ${why}`);
      }
    }
  }));
  return judged;
}

async function main(): Promise<number> {
  const folder = await Deno.makeTempDir({ prefix: "edo-mutants-" });
  try {
    return await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function run(folder: string): Promise<number> {
  // While it runs, people may work on the project.
  const base = `${folder}/base`;
  await Copy.make(ROOT, base);
  const modules = [...suitesByModule(base)].sort();
  const sources = modules.map(([path]): Source => ({
    path,
    text: Deno.readTextFileSync(`${base}/${path}`),
  }));
  const mutantsIn = (path: string) =>
    mutantsOf(path, sources).filter(({ key }) => key.includes(flags.match));
  const chosen = modules.filter(([path]) =>
    flags.only.split(",").some((word) => path.includes(word))
  );
  if (flags.list) {
    for (const [path, suites] of chosen) {
      const mutants = mutantsIn(path);
      console.log(`${path}: ${mutants.length} (${suites.join(", ")})`);
      for (const { key } of mutants) console.log(`  ${key}`);
    }
    return 0;
  }
  const copies: Copy[] = [];
  for (let i = 0; i < Number(flags.jobs); i++) {
    copies.push(await Copy.make(base, `${folder}/${i}`));
  }
  let results = readResults();
  const timed = new Map<string, TimedCase[]>();
  let isWrong = false;
  for (const [path, suites] of chosen) {
    const hash = await hashOf(base, path, suites);
    const mustTry = flags.all || flags.match !== "" ||
      results[path]?.hash !== hash;
    const mutants = mustTry ? mutantsIn(path) : [];
    if (mutants.length === 0) continue;
    console.log(`${path}: ${mutants.length} mutants`);
    const cases: TimedCase[] = [];
    for (const suite of suites) {
      const known = timed.get(suite) ?? await copies[0]!.time(suite);
      timed.set(suite, known);
      cases.push(...known);
    }
    const judged = await judge(mutants, copies, ordered(path, cases));
    if (flags.match !== "") continue;
    const errors = excuseErrors(path, judged);
    for (const error of errors) console.log(`  wrong: ${error}`);
    if (errors.length > 0) isWrong = true;
    // Another run may have come to an end meanwhile.
    results = { ...readResults(), [path]: resultOf(hash, judged) };
    await Deno.writeTextFile(RESULTS, JSON.stringify(results, null, 2) + "\n");
  }
  for (const path of Object.keys(results)) {
    if (!modules.some(([module]) => module === path)) delete results[path];
  }
  await Deno.writeTextFile(RESULTS, JSON.stringify(results, null, 2) + "\n");
  console.log(`\n${tableOf(results)}`);
  await Deno.writeTextFile(PAGE, pageOf(results));
  await new Deno.Command(DENO, { args: ["fmt", "--quiet", PAGE] }).output();
  const left = Object.values(results).some(({ survived, undecided }) =>
    survived.length + undecided.length > 0
  );
  return isWrong || left ? 1 : 0;
}

if (import.meta.main) Deno.exit(await main());
