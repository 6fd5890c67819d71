import { assertEquals } from "@std/assert";
import {
  countTests,
  skipErrors,
  skippedTests,
} from "../../tools/windows_tests.ts";
import { UNDER_WINE } from "./wine.ts";

const OUTPUT = `
running 2 tests from ./tests\\a_test.ts
runs ... ok (3ms)
is not run ... with reason ... ignored (0ms)
running 1 test from ./tests/b_test.ts
ignored ... ok (1ms)
  a step ... ignored (0ms)
ok | 2 passed | 0 failed | 1 ignored (9ms)
`;

const SKIPPED = {
  file: "tests/a_test.ts",
  name: "is not run ... with reason",
};
const reason = "it is a sample";

Deno.test("the tests that were left out are read from the runner's output", () => {
  assertEquals(skippedTests(OUTPUT), [SKIPPED]);
});

Deno.test("the tests are counted, whether they were run or not", () => {
  assertEquals(countTests(OUTPUT), 3);
  assertEquals(countTests("FAILED | 4 passed (2 steps) | 2 failed (1s)"), 6);
  assertEquals(countTests("error: No test modules found"), NaN);
});

Deno.test("a test that is left out without a reason is an error", () => {
  const skips = [{ file: /^tests\/a_test\.ts$/, name: /^runs$/, reason }];
  assertEquals(skipErrors([SKIPPED], skips, false), [
    `tests/a_test.ts: "is not run ... with reason" is left out without a reason`,
  ]);
});

Deno.test("a reason for which no test is left out is an error, if all were run", () => {
  const skips = [
    { file: /^tests\/a_test\.ts$/, reason },
    { file: /^tests\/b_test\.ts$/, name: /gone/, reason },
    { file: /^tests\/c_test\.ts$/, reason, itself: true as const },
    ...(UNDER_WINE ? [] : [{ file: /^d$/, reason, wine: true as const }]),
  ];
  assertEquals(skipErrors([SKIPPED], skips, false), []);
  assertEquals(skipErrors([SKIPPED], skips, true), [
    "no test is left out for /^tests\\/b_test\\.ts$/ /gone/",
  ]);
});
