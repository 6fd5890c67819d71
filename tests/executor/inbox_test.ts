import { assertEquals } from "@std/assert";
import { Inbox } from "../../src/executor/pool/inbox.ts";

/** Two lists whose records have the same links, as mail and free records have. */
function twoInboxes(): [Inbox, Inbox] {
  const words = new Int32Array(new SharedArrayBuffer(64));
  const links = { at: 2, stride: 1 };
  return [new Inbox(words, 0, links), new Inbox(words, 1, links)];
}

Deno.test("draining calls for each record once, the first that was added first", () => {
  const [inbox] = twoInboxes();
  for (const record of [3, 1, 2]) inbox.push(record);
  const drained: number[] = [];
  assertEquals(inbox.drain((record) => drained.push(record)), true);
  assertEquals(drained, [3, 1, 2]);
  assertEquals([inbox.isEmpty, inbox.drain(() => {})], [true, false]);
});

Deno.test("a record that is drained may go into another list, or back, at once", () => {
  const [inbox, other] = twoInboxes();
  for (const record of [0, 1, 2, 3]) inbox.push(record);
  let count = 0;
  inbox.drain((record) => {
    count++;
    (record % 2 === 0 ? other : inbox).push(record);
  });
  assertEquals(count, 4);
  const left: number[][] = [[], []];
  inbox.drain((record) => left[0]!.push(record));
  other.drain((record) => left[1]!.push(record));
  assertEquals(left, [[1, 3], [0, 2]]);
});
