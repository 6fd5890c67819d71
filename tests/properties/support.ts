/**
 * Tests of properties: what must hold for every argument, tried with many that were
 * made at random.
 *
 *     deno task test tests/properties                      the same cases each time
 *     EDO_SEED=17 deno task test tests/properties          other ones
 *     EDO_SEED=random EDO_RUNS=50 deno task test tests/properties
 *
 * `EDO_RUNS` is how many times as many cases there shall be. With either of the two
 * each test says how many it has tried. The seed is in the error of a test that
 * fails, and so is the smallest case that fails in the same way.
 *
 * @module
 */
import { currentContext } from "../../src/future/mod.ts";
import { block_on, setFailureHook, spawn, time } from "../../mod.ts";
import { edoTest, type EdoTestOptions } from "../helpers/leaks.ts";
import { fc } from "./fast_check.ts";
import { judge } from "./verdict.ts";

const DEFAULT_SEED = 20_261_121;

const seedWish = Deno.env.get("EDO_SEED") ?? "";
const runsWish = Deno.env.get("EDO_RUNS") ?? "";

/** What these tests are run with: the number is in the message of each failure. */
export const SEED: number = seedWish === ""
  ? DEFAULT_SEED
  : seedWish === "random"
  ? Math.floor(Math.random() * 2 ** 31)
  : wholeNumber("EDO_SEED", seedWish);

/** How many times as many cases as by default. */
export const FACTOR: number = runsWish === ""
  ? 1
  : wholeNumber("EDO_RUNS", runsWish);

const EXPLORES = seedWish !== "" || runsWish !== "";

function wholeNumber(name: string, text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number > 0) return number;
  throw new RangeError(
    `Cannot test properties: ${name} is ${JSON.stringify(text)}, ` +
      "not a whole number above 0",
  );
}

/** What a property says of one case: it returns, or throws what is wrong. */
type Says<T> = (value: T) => void | Promise<void>;

/**
 * A test that says something of every value of an arbitrary.
 *
 * @param runs How many values to try, times `EDO_RUNS`.
 */
export function propertyTest<T>(
  name: string,
  arbitrary: fc.Arbitrary<T>,
  runs: number,
  says: Says<T>,
  options: EdoTestOptions = {},
): void {
  edoTest(name, async () => {
    // What hostile code throws in a cleanup has nobody else to go to.
    const hook = setFailureHook(({ error }) => judge(error));
    try {
      await holds(arbitrary, runs, says);
    } finally {
      setFailureHook(hook);
    }
    goesOn();
  }, options);
}

/** Throws unless a property holds for as many values of an arbitrary. */
export async function holds<T>(
  arbitrary: fc.Arbitrary<T>,
  runs: number,
  says: Says<T>,
): Promise<void> {
  const numRuns = runs * FACTOR;
  // Without a promise for each case if there is none to wait for.
  const isAsync = says.constructor.name === "AsyncFunction";
  const parameters = { numRuns, seed: SEED };
  const out = isAsync
    ? await fc.check(
      fc.asyncProperty(arbitrary, async (value) => await says(value)),
      parameters,
    )
    : fc.check(
      fc.property(arbitrary, (value) => void says(value)),
      parameters,
    );
  if (out.failed) {
    const why = out.errorInstance instanceof Error
      ? out.errorInstance
      : new Error(String(out.errorInstance));
    throw new Error(
      `EDO_SEED=${SEED}, case ${out.numRuns} of ${numRuns}, smaller by ` +
        `${out.numShrinks} steps: ${fc.stringify(out.counterexample)}\n` +
        (why.stack ?? why.message),
    );
  }
  if (EXPLORES) console.log(`  ${out.numRuns} cases, EDO_SEED=${SEED}`);
}

/** Throws unless the runtime does what it always does. */
export function goesOn(): void {
  if (currentContext() !== null) {
    throw new Error("a context was left behind as the current one");
  }
  const seven = block_on(function* () {
    const three = spawn(function* () {
      yield* time.sleep(0);
      return 3;
    });
    return 4 + (yield* three);
  });
  if (seven !== 7) throw new Error("block_on does not work any more");
}
