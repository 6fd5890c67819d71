/** What was measured at a moment of rest. */
export interface Sample {
  /** When, in minutes since the start. */
  readonly minutes: number;
  readonly value: number;
}

/** What is said of a series of samples. */
export interface Flatness {
  /** By how much it grows, in its unit per minute. */
  readonly slope: number;
  /** The medians of the four quarters of the run. */
  readonly quarters: readonly number[];
  /** By how much the last quarter may be above the second. */
  readonly allowed: number;
  /** Null: there are too few samples to tell. */
  readonly isFlat: boolean | null;
}

/** Each quarter needs so many samples for its median to mean something. */
const LEAST = 5;

/** By how much something may grow in any case. */
export interface Slack {
  /** As a part of the median of the second quarter. */
  readonly part: number;
  /** In the unit of the samples. */
  readonly least: number;
}

/**
 * Whether something that is measured again and again stays where it is.
 *
 * The first quarter is a warm-up: code is compiled, queues and lists grow to the
 * size that the load needs, V8 finds the size of its heap. From then on the median
 * of the last quarter may be above that of the second by what the samples of the
 * second differ among themselves (from the lower to the upper quartile), or by the
 * slack, whichever is more. Medians, since a few samples are taken when V8 has just
 * grown its heap, or before it has given memory back. Some slack, since code that
 * is rarely run is compiled late, and compiled code is dropped and made again.
 */
export function flatness(samples: readonly Sample[], slack: Slack): Flatness {
  const quarters = [0, 1, 2, 3].map((i) => {
    const from = Math.floor(i * samples.length / 4);
    const to = Math.floor((i + 1) * samples.length / 4);
    return samples.slice(from, to).map(({ value }) => value).sort(ascending);
  });
  const medians = quarters.map((quarter) => quantile(quarter, 0.5));
  const second = quarters[1]!;
  const spread = quantile(second, 0.75) - quantile(second, 0.25);
  const allowed = Math.max(spread, slack.part * medians[1]!, slack.least);
  const isFlat = quarters.every((quarter) => quarter.length >= LEAST)
    ? medians[3]! - medians[1]! <= allowed
    : null;
  const rest = samples.slice(Math.floor(samples.length / 4));
  return { slope: slopeOf(rest), quarters: medians, allowed, isFlat };
}

function ascending(a: number, b: number): number {
  return a - b;
}

function quantile(sorted: readonly number[], part: number): number {
  if (sorted.length === 0) return NaN;
  const at = part * (sorted.length - 1);
  const low = sorted[Math.floor(at)]!;
  const high = sorted[Math.ceil(at)]!;
  return low + (at - Math.floor(at)) * (high - low);
}

/** The slope of the straight line that fits best, by least squares. */
function slopeOf(samples: readonly Sample[]): number {
  const n = samples.length;
  const mean = (of: (sample: Sample) => number) =>
    samples.reduce((sum, sample) => sum + of(sample), 0) / n;
  const x = mean(({ minutes }) => minutes);
  const y = mean(({ value }) => value);
  let above = 0;
  let below = 0;
  for (const { minutes, value } of samples) {
    above += (minutes - x) * (value - y);
    below += (minutes - x) ** 2;
  }
  return below === 0 ? 0 : above / below;
}
