// What came out of a question, and the table that is made of it.

import { median, quantile, type Sample } from "./report.ts";

/**
 * What the cells show: time for an operation by the clock, operations in a second,
 * or CPU time for an operation. Ratios and goals are of times throughout.
 */
export type Unit = "time" | "rate" | "cpu";

/** What a contender showed. */
export interface Row {
  name: string;
  /** For each column its rounds, or null for what the contender cannot do. */
  cells: (readonly Sample[] | null)[];
}

export interface Answer {
  name: string;
  title: string;
  unit: Unit;
  columns: readonly string[];
  /** For each column another one that it is to be faster than, or nothing. */
  than: readonly (string | undefined)[];
  rows: readonly Row[];
  /** On the page, whether a row is to be a column of this, not a contender. */
  transposed?: boolean;
  /** The contender whose times are the 1 of the ratios, if it took part. */
  base: string;
}

/**
 * A ratio of times that Edo wants to reach: to another contender's in one column, or
 * to its own in another. Without `column`, the first is meant.
 */
export interface PoolGoal {
  of: string;
  atMost: number;
  column?: string;
  to?: string;
  than?: string;
}

function timeOf(unit: Unit, { cpu, rate }: Sample): number {
  return unit === "cpu" ? cpu : 1e9 / rate;
}

/** The figure of a cell, in nanoseconds or, for rates, in operations a second. */
export function figure(unit: Unit, samples: readonly Sample[]): number {
  return median(
    samples.map((s) => unit === "rate" ? s.rate : timeOf(unit, s)),
  );
}

/**
 * The median of the rounds' ratios: what slows a whole round down, slows both, and
 * cancels out.
 */
export function ratio(
  unit: Unit,
  of: readonly Sample[],
  to: readonly Sample[],
): number {
  return median(of.map((s, i) => timeOf(unit, s) / timeOf(unit, to[i]!)));
}

function spread(unit: Unit, samples: readonly Sample[]): number {
  const times = samples.map((s) => timeOf(unit, s));
  const half = (quantile(times, 0.75) - quantile(times, 0.25)) / 2;
  return 100 * half / median(times);
}

function threeDigits(value: number): string {
  if (value >= 1000) return Math.round(value).toLocaleString("en");
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

/** A figure as people read it: "2.10 µs", "5.02 M/s". */
export function show(unit: Unit, value: number): string {
  const steps: [number, string][] = unit === "rate"
    ? [[1e6, "M/s"], [1e3, "k/s"], [1, "/s"]]
    : [[1e9, "s"], [1e6, "ms"], [1e3, "µs"], [1, "ns"]];
  const [step, name] = steps.find(([step]) => value >= step) ?? steps.at(-1)!;
  return `${threeDigits(value / step)} ${name}`;
}

/** The row whose times are the 1 of the ratios: the first, if `base` is missing. */
export function baseOf({ rows, base }: Answer): Row | undefined {
  return rows.find(({ name }) => name === base) ??
    rows.find(({ cells }) => cells.every((samples) => samples !== null));
}

/** How many times as fast a column is as the one that it is compared with. */
export function speedUp(
  { unit, columns, than }: Answer,
  cells: Row["cells"],
  k: number,
): number | null {
  const slow = than[k] === undefined ? null : cells[columns.indexOf(than[k])];
  const fast = cells[k];
  return slow && fast ? ratio(unit, slow, fast) : null;
}

/** An answer the way the page shows it. */
export interface Grid {
  columns: readonly string[];
  rows: { name: string; cells: (GridCell | null)[] }[];
}

export interface GridCell {
  contender: string;
  /** In nanoseconds or, for rates, in operations a second. */
  value: number;
  /** Null for want of a contender to compare with. */
  ratio: number | null;
}

export function gridOf(answer: Answer): Grid {
  const { unit, columns, rows, transposed } = answer;
  const base = baseOf(answer);
  const cell = ({ name, cells }: Row, k: number): GridCell | null => {
    const samples = cells[k]!;
    if (samples === null) return null;
    const one = base?.cells[k];
    return {
      contender: name,
      value: figure(unit, samples),
      ratio: one ? ratio(unit, samples, one) : null,
    };
  };
  if (!transposed) {
    return {
      columns,
      rows: rows.map((row) => ({
        name: row.name,
        cells: columns.map((_, k) => cell(row, k)),
      })),
    };
  }
  return {
    columns: rows.map(({ name }) => name),
    rows: columns.map((name, k) => ({
      name,
      cells: rows.map((row) => cell(row, k)),
    })),
  };
}

/** The table, with its head as the first of the rows. */
export function tableOf(answer: Answer): string[][] {
  const { unit, columns, than, rows } = answer;
  const base = baseOf(answer);
  const head = [""];
  columns.forEach((column, k) => {
    head.push(column, `× ${base?.name ?? ""}`);
    if (than[k] !== undefined) head.push("speed-up");
  });
  const single = columns.length === 1;
  if (single) head.push("spread", "CPU");
  return [
    head,
    ...rows.map(({ name, cells }) => {
      const line = [name];
      cells.forEach((samples, k) => {
        const one = base?.cells[k] ?? null;
        line.push(
          samples === null ? "cannot" : show(unit, figure(unit, samples)),
          samples === null || one === null
            ? ""
            : threeDigits(ratio(unit, samples, one)),
        );
        if (than[k] !== undefined) {
          const up = speedUp(answer, cells, k);
          line.push(up === null ? "" : up.toFixed(2));
        }
        if (single) {
          line.push(
            samples === null ? "" : `±${spread(unit, samples).toFixed(1)} %`,
            samples === null ? "" : show("cpu", figure("cpu", samples)),
          );
        }
      });
      return line;
    }),
  ];
}

/** A line for each goal whose contenders took part. */
export function verdicts(answer: Answer, goals: readonly PoolGoal[]): string[] {
  const { unit, columns, rows } = answer;
  const cell = (name: string, column: string) =>
    rows.find((row) => row.name === name)?.cells[columns.indexOf(column)];
  return goals.flatMap((goal) => {
    const column = goal.column ?? columns[0]!;
    const other = goal.to ?? goal.of;
    const [a, b] = [cell(goal.of, column), cell(other, goal.than ?? column)];
    if (!a || !b) return [];
    const is = ratio(unit, a, b);
    const verdict = is <= goal.atMost ? "reached" : "NOT REACHED";
    const [what, than] = columns.length > 1 || goal.than !== undefined
      ? [` (${column})`, ` (${goal.than ?? column})`]
      : ["", ""];
    return [
      `goal: time of ${goal.of}${what} at most ` +
      `${+goal.atMost.toFixed(3)} × ${other}${than}: ` +
      `${verdict} (${is.toPrecision(3)})`,
    ];
  });
}
