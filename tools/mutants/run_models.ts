/**
 * Runs models until one fails, and says so in lines of JSON:
 *
 *     deno run --no-check run_models.ts FOLDER '[["inbox", 2, 5000], …]'
 *
 * FOLDER is a copy of the project. Each entry names a file of its
 * `tests/interleave/cases/`, a case in it, and how many states that has. Without
 * case and states, it stands for all cases of the file.
 *
 * @module
 */
import type { Case } from "../../tests/interleave/cases.ts";
import type * as Explore from "../../tests/interleave/explore.ts";

/** One case: the file it is in, and its number there. */
export type CaseId = readonly [suite: string, index: number];

/** What is told about a case. */
export type Report =
  | { readonly begun: CaseId }
  | { readonly progress: true }
  | { readonly held: CaseId; readonly ms: number; readonly states: number }
  | { readonly failed: CaseId; readonly name: string; readonly reason: string }
  | { readonly grew: CaseId };

/** How many times as many states a mutant may have as the model with no mutant. */
const GROWTH = 5;
const MIN_STATES = 50_000;

const encoder = new TextEncoder();

function tell(report: Report): void {
  Deno.stdout.writeSync(encoder.encode(JSON.stringify(report) + "\n"));
}

/** Returns whether it held. */
function runCase(
  id: CaseId,
  { name, make }: Case,
  explore: typeof Explore.explore,
  expected: number,
): boolean {
  tell({ begun: id });
  const before = performance.now();
  try {
    const { states } = explore(make(), {
      firstFailure: true,
      maxStates: Math.max(GROWTH * expected, MIN_STATES),
      onProgress: () => tell({ progress: true }),
    });
    tell({ held: id, ms: Math.round(performance.now() - before), states });
    return true;
  } catch (error) {
    if (
      error instanceof RangeError && /more than \d+ states/.test(`${error}`)
    ) {
      tell({ grew: id });
      return true;
    }
    const reason = error instanceof Error ? error.message : `${error}`;
    tell({ failed: id, name, reason: reason.split("\n")[0]! });
    return false;
  }
}

if (import.meta.main) {
  const [folder, list] = Deno.args as [string, string];
  const cases: [string, number?, number?][] = JSON.parse(list);
  const models = `file://${folder}/tests/interleave`;
  let begun: CaseId = ["", 0];
  try {
    const { explore } = await import(`${models}/explore.ts`);
    let holds = true;
    for (const [suite, index, states = Infinity] of cases) {
      begun = [suite, index ?? 0];
      const { CASES } = await import(`${models}/cases/${suite}.ts`);
      const indices = index === undefined ? [...CASES.keys()] : [index];
      for (const i of indices) {
        holds = holds && runCase([suite, i], CASES[i], explore, states);
      }
    }
  } catch (error) {
    // Not even the module can be loaded.
    tell({ failed: begun, name: begun[0], reason: `${error}`.split("\n")[0]! });
  }
}
