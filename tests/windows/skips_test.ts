import { assertEquals } from "@std/assert";
import { skipErrors, skippedTests } from "../../tools/windows_tests.ts";

const REPORT = `
  <testsuite name="./tests/a_test.ts">
    <testcase name="runs" classname="./tests/a_test.ts" time="0.1" line="1">
    </testcase>
    <testcase name="does not &lt;run&gt; &amp; isn&apos;t" classname=".\\tests\\a_test.ts" time="0.0">
        <skipped/>
    </testcase>
    <testcase name="fails" classname="./tests/b_test.ts" time="0.0">
        <failure message="skipped"/>
    </testcase>
  </testsuite>`;

const SKIPPED = { file: "tests/a_test.ts", name: "does not <run> & isn't" };
const reason = "it is a sample";

Deno.test("the tests that were left out are read from the runner's report", () => {
  assertEquals(skippedTests(REPORT), [SKIPPED]);
});

Deno.test("a test that is left out without a reason is an error", () => {
  const skips = [{ file: /^tests\/a_test\.ts$/, name: /^runs$/, reason }];
  assertEquals(skipErrors([SKIPPED], skips, false), [
    `tests/a_test.ts: "does not <run> & isn't" is left out without a reason`,
  ]);
});

Deno.test("a reason for which no test is left out is an error, if all were run", () => {
  const skips = [
    { file: /^tests\/a_test\.ts$/, reason },
    { file: /^tests\/b_test\.ts$/, name: /gone/, reason },
  ];
  assertEquals(skipErrors([SKIPPED], skips, false), []);
  assertEquals(skipErrors([SKIPPED], skips, true), [
    "no test is left out for /^tests\\/b_test\\.ts$/ /gone/",
  ]);
});
