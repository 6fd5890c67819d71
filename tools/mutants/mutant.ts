/** One change to a module that a model should notice. */
export interface Mutant {
  /** The module's path from the project's folder. */
  readonly module: string;
  /** The function it is in, the kind of change, and the text before and after. */
  readonly key: string;
  /** The kind of change. */
  readonly kind: string;
  /** The whole module, changed. */
  readonly source: string;
}

/** A piece of a module's text, and what stands in its place in a mutant. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** A text with some pieces replaced, which must not overlap. */
export function applied(source: string, edits: readonly Edit[]): string {
  let result = "";
  let at = 0;
  for (const { start, end, text } of [...edits].sort(byStart)) {
    result += source.slice(at, start) + text;
    at = end;
  }
  return result + source.slice(at);
}

function byStart(a: Edit, b: Edit): number {
  return a.start - b.start;
}

/** A text on one line. */
export function onOneLine(text: string): string {
  return text.replaceAll(/\s*\/\/.*$/gm, "").replaceAll(/\s+/g, " ").trim();
}
