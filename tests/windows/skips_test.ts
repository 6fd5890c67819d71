import { assertEquals } from "@std/assert";
import { InOrder, readCounts, sumLine } from "../../tools/shards.ts";
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

Deno.test("the counts of parts are summed, and a part that broke down has failed", () => {
  const good = readCounts(
    "ok | 4 passed (2 steps) | 0 failed | 3 ignored | 1 flaky (1s)",
  );
  const bad = readCounts("FAILED | 1 passed | 2 failed (1m2s)");
  assertEquals(
    sumLine([good, good]),
    "ok | 8 passed | 0 failed | 6 ignored | 2 flaky",
  );
  assertEquals(
    sumLine([good, bad]),
    "FAILED | 5 passed | 2 failed | 3 ignored | 1 flaky",
  );
  assertEquals(readCounts("error: No test modules found"), null);
  assertEquals(
    sumLine([good, null]),
    "FAILED | 4 passed | 1 failed | 3 ignored | 1 flaky",
  );
});

Deno.test("what parts write at the same time comes out part by part", () => {
  let seen = "";
  const decoder = new TextDecoder();
  const order = new InOrder(3, (chunk) => seen += decoder.decode(chunk));
  const say = (part: number, text: string) =>
    order.add(part, new TextEncoder().encode(text));
  say(0, "a");
  say(1, "c");
  say(2, "f");
  say(0, "b");
  assertEquals(seen, "ab");
  order.end(1);
  assertEquals(seen, "ab");
  order.end(0);
  assertEquals(seen, "abcf");
  say(2, "g");
  order.end(2);
  assertEquals(seen, "abcfg");
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
