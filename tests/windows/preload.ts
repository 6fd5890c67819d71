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

type Register = (first: First, ...rest: unknown[]) => void;

const run = Deno.test as unknown as Register;
/** Has the runner count a test, and not run it. */
const leaveOut = Deno.test.ignore as unknown as Register;

/** The file of the tests, from the project's folder. */
const file = Deno.mainModule.slice(import.meta.resolve("../../").length);

function test(first: First, ...rest: unknown[]): void {
  const name = typeof first === "string" ? first : first.name;
  const skip = SKIPS.find((skip) => covers(skip, file, name));
  // Each entry of the list has its reason. What it covers is counted all the same:
  // there have to be as many tests as on Linux.
  const register = skip === undefined ? run : leaveOut;
  register(first, ...rest);
}

if (Deno.build.os === "windows") {
  Reflect.set(Deno, "test", Object.assign(test, Deno.test));
}
