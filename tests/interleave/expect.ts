/**
 * What models say about their ends. They have no need of `@std`, so that tools can
 * run them as well.
 *
 * @module
 */

/** Throws unless `holds`. */
export function expect(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise);
}

/** Throws unless two lists have the same numbers. */
export function expectSame(
  actual: readonly number[],
  expected: readonly number[],
  otherwise: string,
): void {
  if (actual.length === expected.length) {
    if (actual.every((value, i) => value === expected[i])) return;
  }
  throw new Error(
    `${otherwise}: ${actual.join()} instead of ${expected.join()}`,
  );
}
