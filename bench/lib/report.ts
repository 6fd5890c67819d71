// Medians, and tables with ratios.

/** What one contender showed in one round. */
export interface Sample {
  /** Nanoseconds of CPU for one operation. */
  cpu: number;
  /** Operations in a second. */
  rate: number;
}

/** A contender's samples, one for each round. */
export interface Series {
  name: string;
  samples: Sample[];
}

/** A figure that Edo wants to reach, as a ratio of CPU times. */
export interface Goal {
  of: string;
  to: string;
  atMost: number;
}

export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * q;
  const low = sorted[Math.floor(at)]!;
  return low + (sorted[Math.ceil(at)]! - low) * (at % 1);
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/**
 * The median of the rounds' ratios: what slows a whole round down, slows both, and
 * cancels out.
 */
function ratio(of: Series, to: Series): number {
  return median(of.samples.map(({ cpu }, i) => cpu / to.samples[i]!.cpu));
}

function time(ns: number): string {
  return ns < 1e3 ? `${ns.toFixed(1)} ns` : `${(ns / 1e3).toFixed(2)} µs`;
}

export function printTable(rows: readonly string[][]): void {
  const widths = rows[0]!.map((_, column) =>
    Math.max(...rows.map((row) => row[column]!.length))
  );
  for (const row of rows) {
    const cells = row.map((cell, column) =>
      column === 0
        ? cell.padEnd(widths[column]!)
        : cell.padStart(widths[column]!)
    );
    console.log("  " + cells.join("   "));
  }
}

/** Prints one question's answer: every contender, beside the ones in `bases`. */
export function report(
  title: string,
  series: readonly Series[],
  bases: readonly string[],
  goals: readonly Goal[],
): void {
  const find = (name: string) => series.find((s) => s.name === name);
  const known = bases.map(find).filter((s) => s !== undefined);
  const rounds = series[0]?.samples.length ?? 0;
  console.log(`\n${title}   (medians of ${rounds} rounds)`);
  const head = ["", "CPU/op", "spread", "op/s"];
  printTable([
    [...head, ...known.map(({ name }) => `CPU × ${name}`)],
    ...series.map((one) => {
      const cpu = one.samples.map((s) => s.cpu);
      const middle = median(cpu);
      const half = (quantile(cpu, 0.75) - quantile(cpu, 0.25)) / 2;
      return [
        one.name,
        time(middle),
        `±${(100 * half / middle).toFixed(1)} %`,
        Math.round(median(one.samples.map((s) => s.rate))).toLocaleString("en"),
        ...known.map((base) => ratio(one, base).toFixed(2)),
      ];
    }),
  ]);
  for (const { of, to, atMost } of goals) {
    const [a, b] = [find(of), find(to)];
    if (a === undefined || b === undefined) continue;
    const is = ratio(a, b);
    const verdict = is <= atMost ? "reached" : "NOT REACHED";
    console.log(
      `  goal: ${of} at most ${atMost} × ${to}: ${verdict} (${is.toFixed(3)})`,
    );
  }
}
