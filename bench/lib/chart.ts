// Charts as SVG, light or dark as the reader's browser is.

import { type Answer, gridOf, show, type Unit } from "./answer.ts";

const WIDTH = 640;
const LEFT = 138;
const RIGHT = 592;
const ROW = 24;

const AXES: Record<Unit, string> = {
  time: "time for one, less is better",
  rate: "in a second, more is better",
  cpu: "CPU time for one, less is better",
};

/** Told apart without colours. All of them are drawn around 0, 0. */
const MARKS = [
  `<circle r="5" />`,
  `<path d="M0 -6.5 L6.5 0 L0 6.5 L-6.5 0 Z" />`,
  `<path d="M-4.5 -4.5 H4.5 V4.5 H-4.5 Z" />`,
  `<path d="M0 -6 L6 5 H-6 Z" />`,
  `<circle class="hollow" r="4.5" />`,
  `<path class="hollow" d="M-4.5 -4.5 H4.5 V4.5 H-4.5 Z" />`,
];

const STYLE = `
  text { fill: #45525f; font: 13px system-ui, sans-serif; }
  .name { fill: #1b2530; font-weight: 600; }
  .grid { stroke: #e3eaf2; }
  .mark { fill: #5b6b7f; stroke: #5b6b7f; }
  .ours { fill: #c2571a; stroke: #c2571a; }
  .hollow { fill: none; stroke-width: 2; }
  @media (prefers-color-scheme: dark) {
    text { fill: #b3c0cd; }
    .name { fill: #eaf0f6; }
    .grid { stroke: #2b3743; }
    .mark { fill: #8497ab; stroke: #8497ab; }
    .ours { fill: #f0955a; stroke: #f0955a; }
  }
`;

function escape(text: string): string {
  return text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);
}

/** Round numbers from below the least value to above the greatest. */
function ticks(values: readonly number[]): number[] {
  const low = Math.floor(Math.log10(Math.min(...values)));
  const high = Math.ceil(Math.log10(Math.max(...values) * 1.001));
  const steps = high - low > 2 ? [1] : [1, 2, 5];
  const all: number[] = [];
  for (let e = low; e <= high; e++) {
    for (const step of steps) all.push(step * 10 ** e);
  }
  const from = all.findLastIndex((tick) => tick <= Math.min(...values));
  const to = all.findIndex((tick) => tick >= Math.max(...values));
  return all.slice(from, Math.max(to, from + 1) + 1);
}

/**
 * A row for each contender, a mark for each column, on a logarithmic scale: the
 * distance between two marks is their ratio, wherever they are.
 */
export function chart(answer: Answer, ours: readonly string[]): string {
  const { title, unit } = answer;
  const { columns, rows } = gridOf(answer);
  const figures = rows.flatMap(({ cells }) => cells)
    .filter((cell) => cell !== null);
  const scale = ticks(figures.map(({ value }) => value));
  const [low, high] = [Math.log(scale[0]!), Math.log(scale.at(-1)!)];
  const x = (value: number) =>
    (LEFT + 12 + (RIGHT - LEFT - 12) * (Math.log(value) - low) / (high - low))
      .toFixed(1);
  const top = columns.length > 1 ? 62 : 36;
  const bottom = top + rows.length * ROW;
  const parts: string[] = [];
  parts.push(`<text class="name" x="12" y="20">${escape(title)}</text>`);
  if (columns.length > 1) {
    const step = (WIDTH - 24) / columns.length;
    columns.forEach((label, k) => {
      const at = 18 + k * step;
      parts.push(
        `<g class="mark" transform="translate(${at} 42)">${MARKS[k]}</g>`,
        `<text x="${at + 14}" y="46">${escape(label)}</text>`,
      );
    });
  }
  for (const tick of scale) {
    parts.push(
      `<path class="grid" d="M${x(tick)} ${top} V${bottom}" />`,
      `<text x="${x(tick)}" y="${bottom + 17}" text-anchor="middle">` +
        `${show(unit, tick).replace(/\.0+ /, " ")}</text>`,
    );
  }
  rows.forEach(({ name, cells }, i) => {
    const y = top + (i + 0.5) * ROW;
    parts.push(
      `<text class="name" x="${LEFT}" y="${y + 4}" text-anchor="end">` +
        `${escape(name)}</text>`,
    );
    cells.forEach((cell, k) => {
      if (cell === null) return;
      const kind = ours.includes(cell.contender) ? "ours" : "mark";
      const at = x(cell.value);
      parts.push(
        `<g class="${kind}" transform="translate(${at} ${y})">${MARKS[k]}</g>`,
      );
    });
    if (cells.every((cell) => cell === null)) {
      parts.push(`<text x="${LEFT + 12}" y="${y + 4}">cannot</text>`);
    }
  });
  const height = bottom + 46;
  parts.push(
    `<text x="${RIGHT}" y="${height - 10}" text-anchor="end">` +
      `${AXES[unit]}, on a logarithmic scale</text>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" ` +
    `viewBox="0 0 ${WIDTH} ${height}" role="img"\n` +
    `  aria-label="${escape(title)}: the figures of the table as a chart.">\n` +
    `  <style>${STYLE}  </style>\n` +
    parts.map((part) => `  ${part}\n`).join("") + `</svg>\n`;
}
