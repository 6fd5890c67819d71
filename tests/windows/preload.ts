/**
 * Leaves out the tests of the list in `skips.ts`, for `deno test --preload`: it
 * replaces `Deno.test` by one that looks there first. On other systems it does
 * nothing.
 *
 * @module
 */
import { covers, SKIPS } from "./skips.ts";

/** What the forms of `Deno.test` that the project uses begin with. */
type First = string | Deno.TestDefinition;

const denoTest = Deno.test as unknown as (...args: unknown[]) => void;

/** The file of the tests, from the project's folder. */
const file = Deno.mainModule.slice(import.meta.resolve("../../").length);

function test(first: First, ...rest: unknown[]): void {
  const name = typeof first === "string" ? first : first.name;
  const isLeftOut = SKIPS.some((skip) => covers(skip, file, name));
  // The list has the reason. A test that is left out is registered all the same, so
  // that the runner counts it: there have to be as many tests as on Linux.
  if (isLeftOut) denoTest({ name, ignore: true, fn: () => {} });
  else denoTest(first, ...rest);
}

if (Deno.build.os === "windows") {
  Reflect.set(Deno, "test", Object.assign(test, Deno.test));
}
