import { EQUIVALENT } from "./equivalent.ts";
import type { Mutant } from "./mutant.ts";
import type { Verdict } from "./trial.ts";

/** What has become of a module's mutants. */
export interface ModuleResult {
  /** Of the module, and of all that was used to judge it. */
  readonly hash: string;
  readonly made: number;
  /** By a model in which something failed. */
  readonly killed: number;
  /** Because a program ran in circles. */
  readonly endless: number;
  /** The keys of those that do nothing wrong, for reasons in `equivalent.ts`. */
  readonly equivalent: readonly string[];
  readonly survived: readonly string[];
  /** Neither killed nor through all models in time. */
  readonly undecided: readonly string[];
}

/** The results of all modules, by path. */
export type Results = Record<string, ModuleResult>;

/** Whether a mutant is said to do nothing wrong. */
export function isExcused(
  { module, key }: Pick<Mutant, "module" | "key">,
): boolean {
  return EQUIVALENT.some((one) =>
    one.module === module && one.mutants.includes(key)
  );
}

/** Sums the verdicts up. */
export function resultOf(
  hash: string,
  judged: readonly (readonly [Mutant, Verdict])[],
): ModuleResult {
  const keys = (is: Verdict["is"], isListed = false) =>
    judged.filter(([mutant, verdict]) =>
      verdict.is === is && isExcused(mutant) === isListed
    ).map(([{ key }]) => key);
  const count = (is: Verdict["is"]) =>
    judged.filter(([, verdict]) => verdict.is === is).length;
  return {
    hash,
    made: judged.length,
    killed: count("killed"),
    endless: count("endless"),
    equivalent: [...keys("survived", true), ...keys("undecided", true)],
    survived: keys("survived"),
    undecided: keys("undecided"),
  };
}

/** Results from before a mutant was called equivalent, as they would be now. */
export function excusedIn(module: string, result: ModuleResult): ModuleResult {
  const isListed = (key: string) => isExcused({ module, key });
  const all = [...result.survived, ...result.undecided];
  return {
    ...result,
    equivalent: [...result.equivalent, ...all.filter(isListed)],
    survived: result.survived.filter((key) => !isListed(key)),
    undecided: result.undecided.filter((key) => !isListed(key)),
  };
}

/** What is wrong with the list of equivalent mutants, a line each. */
export function excuseErrors(
  module: string,
  judged: readonly (readonly [Mutant, Verdict])[],
): string[] {
  const verdicts = new Map(judged.map(([{ key }, verdict]) => [key, verdict]));
  return EQUIVALENT.filter((one) => one.module === module)
    .flatMap(({ mutants }) => mutants)
    .flatMap((key) => {
      const verdict = verdicts.get(key);
      if (verdict === undefined) return [`there is no mutant "${key}"`];
      return verdict.is === "killed" || verdict.is === "endless"
        ? [`"${key}" is called equivalent, and was killed`]
        : [];
    });
}

/** The results as a Markdown table. */
export function tableOf(results: Results): string {
  const head = [
    "Module",
    "Mutants",
    "Killed by a model",
    "Endless",
    "Equivalent",
    "Surviving",
  ];
  const rows = Object.entries(results).sort().map(([path, result]) => [
    `\`${path}\``,
    result.made,
    result.killed,
    result.endless,
    result.equivalent.length,
    result.survived.length + result.undecided.length,
  ]);
  const sums = head.slice(1).map((_, i) =>
    rows.reduce((sum, row) => sum + Number(row[i + 1]), 0)
  );
  return markdownTable([head, ...rows, ["All", ...sums]]);
}

/** A table as `deno fmt` leaves it: the first column is text, the others numbers. */
export function markdownTable(
  rows: readonly (readonly (string | number)[])[],
): string {
  const widths = rows[0]!.map((_, i) =>
    Math.max(4, ...rows.map((row) => `${row[i]}`.length))
  );
  const lines = rows.map((row) =>
    `| ${
      row.map((cell, i) =>
        i === 0 ? `${cell}`.padEnd(widths[i]!) : `${cell}`.padStart(widths[i]!)
      ).join(" | ")
    } |`
  );
  const rule = widths.map((width, i) =>
    i === 0 ? "-".repeat(width) : "-".repeat(width - 1) + ":"
  );
  lines.splice(1, 0, `| ${rule.join(" | ")} |`);
  return lines.join("\n") + "\n";
}

/** The results as a page: the table, and why some mutants are let live. */
export function pageOf(results: Results): string {
  const modules = Object.entries(results).sort();
  const sections = modules.map(([path, { survived, undecided }]) => {
    const left = [...survived, ...undecided].map((key) => `- \`${key}\`\n`);
    const excuses = EQUIVALENT.filter(({ module }) => module === path)
      .map(({ mutants, reason }) =>
        `${reason}\n\n${mutants.map((key) => `- \`${key}\`\n`).join("")}\n`
      );
    if (left.length + excuses.length === 0) return "";
    const rest = left.length === 0
      ? ""
      : `Surviving, without a reason yet:\n\n${left.join("")}\n`;
    return `## \`${path}\`\n\n${excuses.join("")}${rest}`;
  });
  return `# Mutants

What threads share is explored by the models in \`tests/interleave/\`. Whether they
would notice a mistake is tried with mutants: modules with one step changed, made by
\`tools/mutants/\`. This page is written by

\`\`\`sh
deno task mutants
\`\`\`

A mutant is killed if a model fails, or if its program runs in circles without a step.
One that changes only how many schedules there are is not.

${tableOf(results)}
Those that are called equivalent, and why:

${sections.join("")}`;
}
