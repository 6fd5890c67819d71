import { assertEquals } from "@std/assert";
import { CreatorSeat } from "../../src/executor/pool/creator_seat.ts";
import { PoolMemory } from "../../src/executor/pool/memory.ts";

function makeSeat(untilStarted = Infinity): CreatorSeat {
  const host = { keepLooking() {}, noteUnjoined() {}, lookAgain() {} };
  return new CreatorSeat(PoolMemory.create(1), host, {
    start() {},
    attend() {},
    replaceDying() {},
    untilStarted,
    checkStart() {},
  });
}

Deno.test("the creator of a pool does not sleep before the ways to workers that retired are closed", () => {
  const seat = makeSeat();
  const { life } = seat.memory;
  const { port1, port2 } = new MessageChannel();
  try {
    life.wakeUp();
    seat.ports.set(1, port1);
    assertEquals([seat.mustListen, seat.beforeSleep()], [true, true]);
    seat.afterSleep();
    // After its last look, and before it sleeps.
    life.retire(() => true, 1);
    assertEquals([seat.mustListen, seat.beforeSleep()], [true, false]);
    assertEquals(seat.stayAsleep(), false);
    seat.afterSleep();
    seat.drain();
    assertEquals(seat.ports.isEmpty, true);
    assertEquals([seat.mustListen, seat.beforeSleep()], [false, true]);
  } finally {
    port1.close();
    port2.close();
  }
});

Deno.test("a worker that is still to come up when all have retired keeps nobody awake", () => {
  const seat = makeSeat(60_000);
  const { life } = seat.memory;
  life.wakeUp();
  assertEquals(seat.longestSleep, 60_000);
  life.retire(() => true, 1);
  assertEquals(seat.longestSleep, Infinity);
});
