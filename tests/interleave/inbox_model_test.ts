import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { CASES } from "./cases/inbox.ts";
import { explore } from "./explore.ts";
import { HEAD, inboxModel, type InboxOptions, LINKS } from "./inbox_model.ts";
import type { Steps } from "./model.ts";
import { ScheduleError } from "./schedule.ts";
import { testCases } from "./test_cases.ts";
import { tornAtomics, tornExchange } from "./weakened.ts";

testCases(CASES);

Deno.test("leaving out what commutes finds the same ends of a list", () => {
  const options = { pushers: [2, 2], takes: 3 };
  const all = explore(inboxModel(options));
  const reduced = explore(inboxModel(options), { reduce: true });
  assertEquals([reduced.ends, reduced.outcomes], [all.ends, all.outcomes]);
});

/** Puts the record into the list before it leads to the others. */
function pushUnlinked({ atomics, words }: Steps, record: number): void {
  const head = atomics.exchange(words, HEAD, record + 1);
  words[LINKS.at + record * LINKS.stride] = head;
}

const MUTANTS: Record<string, Partial<InboxOptions>> = {
  "to which records are added before they lead to the next": {
    push: pushUnlinked,
  },
  "whose compare-and-swap is two steps": { weaken: tornAtomics },
  "whose head is read and cleared in two steps": { weaken: tornExchange },
};

for (const [name, mutant] of Object.entries(MUTANTS)) {
  Deno.test(`the model of a list finds out one ${name}`, () => {
    const error = assertThrows(
      () => explore(inboxModel({ pushers: [2, 1], takes: 2, ...mutant })),
      ScheduleError,
    );
    assertMatch(error.message, /is lost|came 2 times|at once/);
  });
}
