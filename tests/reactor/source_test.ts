import { assertEquals } from "@std/assert";
import type { Interest } from "../../src/reactor/interest.ts";
import {
  READ_CLOSED,
  READABLE,
  WRITABLE,
  WRITE_CLOSED,
} from "../../src/reactor/readiness.ts";
import { type Registrar, Source } from "../../src/reactor/source.ts";
import { edoTest } from "../helpers/leaks.ts";
import { CountingWaker } from "./support.ts";

/** A reactor without a system: it notes what it is asked for. */
class Ledger implements Registrar {
  readonly edgeTriggered: boolean;
  readonly attached = new Set<Source>();
  readonly rearmed: Interest[] = [];

  constructor(edgeTriggered: boolean = true) {
    this.edgeTriggered = edgeTriggered;
  }

  attach(source: Source): void {
    if (this.attached.has(source)) throw new Error("attached twice");
    this.attached.add(source);
  }

  detach(source: Source): void {
    if (!this.attached.delete(source)) throw new Error("not attached");
  }

  rearm(_source: Source, interest: Interest): void {
    this.rearmed.push(interest);
  }
}

/** A source that waits, or waited, in both directions. */
function waitingSource(registrar: Registrar) {
  const source = new Source(5);
  const reader = new CountingWaker();
  const writer = new CountingWaker();
  source.wait(registrar, READABLE, reader);
  source.wait(registrar, WRITABLE, writer);
  const counts = () => [reader.count, writer.count];
  return { source, reader, writer, counts };
}

function readiness(source: Source): [boolean, boolean] {
  return [source.isReadable, source.isWritable];
}

edoTest(
  "a new source counts as ready in both directions and is registered when it first waits",
  () => {
    const ledger = new Ledger();
    const source = new Source(5);
    assertEquals(readiness(source), [true, true]);
    source.wait(ledger, READABLE, new CountingWaker());
    assertEquals(ledger.attached.has(source), true);
    assertEquals(readiness(source), [false, true]);
    source.wait(ledger, WRITABLE, new CountingWaker());
    source.register(ledger);
    assertEquals(readiness(source), [false, false]);
  },
);

edoTest("an event wakes those who wait for its direction alone", () => {
  const { source, counts } = waitingSource(new Ledger());
  source.dispatch(READABLE);
  assertEquals(counts(), [1, 0]);
  assertEquals(readiness(source), [true, false]);
  source.dispatch(READABLE);
  assertEquals(counts(), [1, 0], "nobody waits for it any more");
  source.dispatch(WRITABLE);
  assertEquals(counts(), [1, 1]);
  assertEquals(readiness(source), [true, true]);
});

edoTest("clearing one direction leaves the other one alone", () => {
  const ledger = new Ledger();
  const { source } = waitingSource(ledger);
  source.dispatch(READABLE | WRITABLE);
  source.noteShortRead();
  assertEquals(readiness(source), [false, true]);
  source.dispatch(READABLE);
  source.wait(ledger, WRITABLE, new CountingWaker());
  assertEquals(readiness(source), [true, false]);
});

edoTest(
  "an event that comes after an operation would have blocked is not lost, whatever is cleared before",
  () => {
    const ledger = new Ledger();
    const { source, reader, counts } = waitingSource(ledger);
    for (let round = 1; round <= 3; round++) {
      // The read finds nothing, and waits; the event comes; the read is tried again.
      source.dispatch(READABLE);
      assertEquals(counts(), [round, 0]);
      assertEquals(source.isReadable, true);
      source.noteShortRead();
      source.wait(ledger, READABLE, reader);
    }
  },
);

edoTest(
  "a stream of events for writers never makes a source readable, nor wakes its readers",
  () => {
    const ledger = new Ledger();
    const { source, writer, counts } = waitingSource(ledger);
    for (let round = 1; round <= 100; round++) {
      source.dispatch(WRITABLE);
      assertEquals(counts(), [0, round]);
      assertEquals(source.isReadable, false);
      source.wait(ledger, WRITABLE, writer);
    }
  },
);

for (
  const [what, bits, ready, woken] of [
    ["the peer's end", READ_CLOSED, [true, false], [1, 0]],
    ["a dead socket", READ_CLOSED | WRITE_CLOSED, [true, true], [1, 1]],
  ] as const
) {
  edoTest(`${what} is final: no clearing undoes it`, () => {
    const ledger = new Ledger();
    const { source, reader, writer, counts } = waitingSource(ledger);
    source.dispatch(bits);
    assertEquals(counts(), [...woken]);
    source.noteShortRead();
    source.wait(ledger, READABLE, reader);
    source.wait(ledger, WRITABLE, writer);
    source.clear(READABLE);
    source.clear(WRITABLE);
    assertEquals<boolean[]>(readiness(source), [...ready]);
  });
}

edoTest("data and room never count as an end", () => {
  const ledger = new Ledger();
  const { source, reader, writer } = waitingSource(ledger);
  for (let round = 0; round < 10; round++) {
    source.dispatch(READABLE | WRITABLE);
    source.wait(ledger, READABLE, reader);
    source.wait(ledger, WRITABLE, writer);
    assertEquals(readiness(source), [false, false]);
  }
});

edoTest(
  "a short read proves nothing where events are no edges, and each wait asks for the next event",
  () => {
    const ledger = new Ledger(false);
    const { source, reader } = waitingSource(ledger);
    assertEquals(ledger.rearmed, [READABLE, WRITABLE]);
    source.dispatch(READABLE);
    source.noteShortRead();
    assertEquals(source.isReadable, true);
    source.wait(ledger, READABLE, reader);
    assertEquals(ledger.rearmed, [READABLE, WRITABLE, READABLE]);
  },
);

edoTest(
  "a waker that was taken back is not called, and a source without wakers has no waiters",
  () => {
    const ledger = new Ledger();
    const { source, reader, writer, counts } = waitingSource(ledger);
    assertEquals(source.hasWaiters, true);
    source.unwait(READABLE, reader);
    assertEquals(source.hasWaiters, true);
    source.unwait(WRITABLE, writer);
    assertEquals(source.hasWaiters, false);
    source.dispatch(READABLE | WRITABLE);
    assertEquals(counts(), [0, 0]);
  },
);

edoTest(
  "leaving the reactor wakes all who wait, and makes each operation worth a try",
  () => {
    const ledger = new Ledger();
    const { source, counts } = waitingSource(ledger);
    source.detach();
    assertEquals(counts(), [1, 1]);
    assertEquals(readiness(source), [true, true]);
    assertEquals(ledger.attached.size, 0);
    source.detach();
    assertEquals(counts(), [1, 1]);
  },
);

edoTest(
  "a source that is waited for elsewhere moves there, and those who waited before are woken",
  () => {
    const first = new Ledger();
    const second = new Ledger();
    const { source, counts } = waitingSource(first);
    const elsewhere = new CountingWaker();
    source.wait(second, READABLE, elsewhere);
    assertEquals(counts(), [1, 1]);
    assertEquals([first.attached.size, second.attached.size], [0, 1]);
    source.dispatch(READABLE);
    assertEquals(elsewhere.count, 1);
  },
);

edoTest(
  "with consume, an event goes to those who wait, and only one that nobody waits for is kept",
  () => {
    const ledger = new Ledger();
    const source = new Source(5, { consume: true });
    assertEquals(readiness(source), [false, false]);
    const reader = new CountingWaker();
    source.wait(ledger, READABLE, reader);
    source.dispatch(READABLE);
    assertEquals(reader.count, 1);
    assertEquals(source.isReadable, false);
    source.dispatch(READABLE | WRITABLE);
    assertEquals(readiness(source), [true, true]);
  },
);

edoTest("a direction can be declared ready where no event will tell", () => {
  const ledger = new Ledger();
  const { source, counts } = waitingSource(ledger);
  source.assumeReady(READABLE);
  assertEquals(readiness(source), [true, false]);
  assertEquals(counts(), [0, 0]);
});
