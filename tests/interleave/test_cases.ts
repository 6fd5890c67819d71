import { assertEquals } from "@std/assert";
import type { Case } from "./cases.ts";
import { explore } from "./explore.ts";

/** A test for each model. */
export function testCases(cases: readonly Case[]): void {
  for (const { name, make, schedules } of cases) {
    Deno.test(name, () => {
      assertEquals(explore(make()).schedules, schedules);
    });
  }
}
