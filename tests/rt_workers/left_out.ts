/**
 * The tests of the one-thread suite that do not run on workers, and why. A name
 * without a flavour stands for the test in all of them.
 */
export const LEFT_OUT: ReadonlyMap<string, readonly string[]> = new Map([]);
