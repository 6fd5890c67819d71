import { describe } from "../../future/mod.ts";
import type { Scratch } from "./scratch.ts";

/** Where in a value something is, seen from what holds it. */
export type Step = string | number | Via | null;

/** A step that is neither a field nor an index: `.get("a")`. */
export class Via {
  readonly #text: (key: unknown) => string;
  readonly #key: unknown;

  constructor(text: (key: unknown) => string, key?: unknown) {
    this.#text = text;
    this.#key = key;
  }

  toString(): string {
    return this.#text(this.#key);
  }
}

/** What the encoder lends to those who write the rarer kinds of values. */
export interface Sink {
  readonly out: Scratch;
  /** Writes a value inside the one that is being written. */
  value(value: unknown, step: Step): void;
  /**
   * The error for a value that cannot travel: the one at `step` in what is being
   * written, or that itself. `reason`: `is a function`.
   */
  refusal(reason: string, step?: Step): TypeError;
}

/** Longer names of fields are cut, and stand in quotes. */
const MAX_NAME = 80;
const IDENTIFIER = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;

function formatStep(step: Step): string {
  if (typeof step === "number") return `[${step}]`;
  if (typeof step !== "string") return String(step ?? "");
  return step.length <= MAX_NAME && IDENTIFIER.test(step)
    ? `.${step}`
    : `[${describe(step)}]`;
}

/** `.options.callback`, or `it` for the whole. */
export function formatPath(steps: readonly Step[]): string {
  return steps.map(formatStep).join("") || "it";
}

/** A key of a Map, as it stands in a path. */
export function formatKey(key: unknown): string {
  if (typeof key === "object" && key !== null || typeof key === "function") {
    return "…";
  }
  const text = describe(key);
  return typeof key === "bigint" && /\d$/.test(text) ? `${text}n` : text;
}
