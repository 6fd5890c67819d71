/**
 * Explores the models in `tests/interleave/`, and prints how much there is to each,
 * as a Markdown table:
 *
 *     deno run -A tools/models.ts           all
 *     deno run -A tools/models.ts inbox     those of a file, by its name
 *
 * Those that take longer than all others together are left out, unless the variable
 * `EDO_MODELS` is `large`.
 *
 * @module
 */
import type { Case } from "../tests/interleave/cases.ts";
import { explore } from "../tests/interleave/explore.ts";
import { markdownTable } from "./mutants/results.ts";

const CASES = new URL("../tests/interleave/cases/", import.meta.url);

async function main(wanted: readonly string[]): Promise<number> {
  const names = [...Deno.readDirSync(CASES)].map(({ name }) =>
    name.replace(/\.ts$/, "")
  );
  const rows: (string | number)[][] = [];
  let isWrong = false;
  for (const name of names.sort()) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    const url = new URL(`${name}.ts`, CASES);
    const { CASES: cases }: { CASES: readonly Case[] } = await import(url.href);
    for (const { name: what, make, schedules: expected } of cases) {
      const model = make();
      const { schedules, states } = explore(model);
      if (schedules !== expected) {
        console.error(`${name}: ${what}: ${schedules}, not ${expected}`);
        isWrong = true;
      }
      rows.push([
        `${name}: ${what}`,
        schedules.toLocaleString("en-US"),
        states.toLocaleString("en-US"),
        model.threads.length,
      ]);
    }
  }
  console.log(
    markdownTable([["Model", "Schedules", "States", "Threads"], ...rows]),
  );
  return isWrong ? 1 : 0;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
