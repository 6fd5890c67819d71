// Writing docs/benchmarks.md: what was measured goes between two comments, a pair for
// each answer, and everything else on the page is left as it is.

import { CONTENDERS, EDO, EDO_BLOCKED } from "../pools/contenders.ts";
import { type Answer, baseOf, gridOf, show, speedUp } from "./answer.ts";
import { chart } from "./chart.ts";

/** Whose marks are to stand out in the charts. */
const OURS = [EDO, EDO_BLOCKED, "Edo async"];

const PROJECT = new URL("../../", import.meta.url);
const PAGE = new URL("docs/benchmarks.md", PROJECT);

function firstOf(path: string, pattern: RegExp): string | null {
  try {
    return pattern.exec(Deno.readTextFileSync(path))?.[1] ?? null;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** The machine and the versions, in a line. */
export function machine(): string {
  const cpu = firstOf("/proc/cpuinfo", /^model name\s*: (.*)$/m) ??
    Deno.build.arch;
  const kernel = Deno.build.os === "linux"
    ? `Linux ${/^\d+\.\d+/.exec(Deno.osRelease())?.[0]}`
    : `${Deno.build.os} ${Deno.osRelease()}`;
  const cpus = navigator.hardwareConcurrency;
  return `Deno ${Deno.version.deno}, V8 ${Deno.version.v8}, ${kernel}, ` +
    `${cpus} × ${cpu}, load ${Deno.loadavg()[0]!.toFixed(2)} before`;
}

function versions({ rows }: Answer): string {
  const known = CONTENDERS.filter(({ name, version }) =>
    version !== "" && rows.some((row) => row.name === name)
  );
  const names = [...new Set(known.map(({ version }) => version))];
  return names.length === 0 ? "" : `, ${names.join(", ")}`;
}

/** A factor that is read, not calculated with. */
function factor(value: number): string {
  return value >= 9.95 ? value.toFixed(0) : value.toPrecision(2);
}

/** Figures, with ratios behind them in brackets. */
function markdownTable(answer: Answer): string {
  const { columns, rows } = gridOf(answer);
  const base = baseOf(answer);
  const lines = rows.map(({ name, cells }) => [
    name,
    ...cells.map((cell, k) => {
      if (cell === null) return "cannot";
      const { value, ratio } = cell;
      const up = answer.transposed ? null : speedUp(
        answer,
        answer.rows.find((row) => row.name === name)!.cells,
        k,
      );
      const notes = [
        ratio === null ? "" : `${factor(ratio)} ×`,
        up === null ? "" : `speed-up ${up.toFixed(2)}`,
      ].filter((note) => note !== "");
      const text = show(answer.unit, value);
      return notes.length === 0 ? text : `${text} (${notes.join(", ")})`;
    }),
  ]);
  const head = [base === undefined ? "" : `(× ${base.name})`, ...columns];
  return [head, head.map(() => "---"), ...lines]
    .map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** Puts `text` between the comments that are to hold it. */
export function replaceSection(
  page: string,
  name: string,
  text: string,
): string {
  const [open, close] = [`<!-- bench: ${name} -->`, `<!-- /bench: ${name} -->`];
  const from = page.indexOf(open);
  const to = page.indexOf(close);
  if (from < 0 || to < from) {
    throw new Error(`Cannot write ${PAGE.pathname}: it has no "${open}"`);
  }
  return `${page.slice(0, from + open.length)}\n\n${text}\n\n${page.slice(to)}`;
}

/** Writes the answers' tables and charts; `where` and `command` go with them. */
export function writePage(
  answers: readonly Answer[],
  where: string,
  command: string,
): void {
  if (answers.length === 0) return;
  let page = Deno.readTextFileSync(PAGE);
  const written = [PAGE.pathname];
  for (const answer of answers) {
    const image = `img/bench_${answer.name.replaceAll("-", "_")}.svg`;
    const file = new URL(`docs/${image}`, PROJECT);
    Deno.writeTextFileSync(file, chart(answer, OURS));
    written.push(file.pathname);
    const rounds = answer.rows[0]?.cells.find((cell) => cell)?.length ?? 0;
    const day = new Date().toISOString().slice(0, 10);
    page = replaceSection(
      page,
      answer.name,
      `${markdownTable(answer)}\n\n![${answer.title}](${image})\n\n` +
        `_${day}, \`${command}\`: medians of ${rounds} rounds; ` +
        `${where}${versions(answer)}._`,
    );
  }
  Deno.writeTextFileSync(PAGE, page);
  // So that the page looks as `deno task check` wants it.
  new Deno.Command(Deno.execPath(), {
    args: ["fmt", "--quiet", ...written],
    cwd: PROJECT,
  }).outputSync();
  console.log(
    `\nwritten: ${written.length - 1} sections of docs/benchmarks.md`,
  );
}
