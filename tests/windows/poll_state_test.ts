/** The poll of one socket, with a driver that the test plays. */

import { assert, assertEquals } from "@std/assert";
import {
  READ_CLOSED,
  READABLE,
  WRITABLE,
  WRITE_CLOSED,
} from "../../src/reactor/readiness.ts";
import { randomNumbers } from "./support.ts";
import {
  eventsFor,
  type PollKernel,
  PollState,
  readinessOf,
  SocketPoll,
} from "../../src/reactor/windows_poll.ts";
import {
  AFD_POLL_ABORT,
  AFD_POLL_ACCEPT,
  AFD_POLL_CONNECT_FAIL,
  AFD_POLL_DISCONNECT,
  AFD_POLL_LOCAL_CLOSE,
  AFD_POLL_RECEIVE,
  AFD_POLL_SEND,
  STATUS_CANCELLED,
  STATUS_INSUFFICIENT_RESOURCES,
  STATUS_INVALID_HANDLE,
  STATUS_OBJECT_TYPE_MISMATCH,
  STATUS_PENDING,
  STATUS_SUCCESS,
} from "../../src/sys/windows/constants.ts";

const ALL_OVER = READABLE | WRITABLE | READ_CLOSED | WRITE_CLOSED;

/** A driver that writes down what it is asked. */
class Driver implements PollKernel {
  /** `submit 1f`, `cancel`, `release`, in the order in which they came. */
  readonly calls: string[] = [];
  /** What the next `submit` returns. */
  status: number = STATUS_PENDING;
  /** How many polls are in flight. */
  inFlight = 0;
  released = false;

  submit(events: number): number {
    this.calls.push(`submit ${events.toString(16)}`);
    assertEquals(this.inFlight, 0, "a second poll is in flight");
    assert(!this.released, "a poll of memory that was given back");
    if (this.status >= 0) this.inFlight++;
    return this.status;
  }

  cancel(): void {
    this.calls.push("cancel");
    assertEquals(this.inFlight, 1, "nothing to cancel");
  }

  release(): void {
    this.calls.push("release");
    assertEquals(this.inFlight, 0, "the driver may still write to it");
    assert(!this.released, "given back twice");
    this.released = true;
  }

  /** Completes the poll in flight. */
  complete(poll: SocketPoll, status: number, events = 0): number {
    assertEquals(this.inFlight--, 1, "nothing to complete");
    return poll.complete(status, events);
  }
}

function setUp(): { driver: Driver; poll: SocketPoll } {
  const driver = new Driver();
  return { driver, poll: new SocketPoll(driver) };
}

const READ_EVENTS = eventsFor(READABLE).toString(16);
const WRITE_EVENTS = eventsFor(WRITABLE).toString(16);
const BOTH_EVENTS = eventsFor(READABLE | WRITABLE).toString(16);

Deno.test("a poll asks for the wanted directions, and for every kind of end", () => {
  const end = AFD_POLL_ABORT | AFD_POLL_CONNECT_FAIL | AFD_POLL_LOCAL_CLOSE;
  const read = AFD_POLL_RECEIVE | AFD_POLL_ACCEPT | AFD_POLL_DISCONNECT;
  assertEquals(eventsFor(READABLE), read | end);
  assertEquals(eventsFor(WRITABLE), AFD_POLL_SEND | end);
  assertEquals(eventsFor(READABLE | WRITABLE), read | AFD_POLL_SEND | end);
});

Deno.test("events of the driver become readiness", () => {
  assertEquals(readinessOf(0), 0);
  assertEquals(readinessOf(AFD_POLL_RECEIVE), READABLE);
  assertEquals(readinessOf(AFD_POLL_ACCEPT), READABLE);
  assertEquals(readinessOf(AFD_POLL_SEND), WRITABLE);
  assertEquals(readinessOf(AFD_POLL_DISCONNECT), READABLE | READ_CLOSED);
  assertEquals(readinessOf(AFD_POLL_ABORT), ALL_OVER);
  assertEquals(readinessOf(AFD_POLL_CONNECT_FAIL), ALL_OVER);
  assertEquals(readinessOf(AFD_POLL_LOCAL_CLOSE), ALL_OVER);
  // AFD_POLL_CONNECT stays set for good: it says nothing of room to write.
  assertEquals(readinessOf(0x40), 0);
});

Deno.test("nothing is polled for before somebody wants it", () => {
  const { driver, poll } = setUp();
  assertEquals(poll.needsUpdate, false);
  assertEquals(poll.update(), 0);
  assertEquals(driver.calls, []);
});

Deno.test("a poll is made again only for a direction that is wanted again", () => {
  const { driver, poll } = setUp();
  assert(poll.want(READABLE));
  poll.update();
  assertEquals(driver.complete(poll, STATUS_SUCCESS, AFD_POLL_RECEIVE), 1);
  assertEquals(poll.state, PollState.IDLE);
  assertEquals(poll.needsUpdate, false);
  assert(poll.want(READABLE));
  poll.update();
  assertEquals(poll.state, PollState.PENDING);
  assertEquals(driver.calls, [
    `submit ${READ_EVENTS}`,
    `submit ${READ_EVENTS}`,
  ]);
});

Deno.test("a direction that was not reported stays wanted", () => {
  const { driver, poll } = setUp();
  poll.want(READABLE);
  poll.want(WRITABLE);
  poll.update();
  driver.complete(poll, STATUS_SUCCESS, AFD_POLL_SEND);
  assert(poll.needsUpdate);
  poll.update();
  assertEquals(driver.calls, [
    `submit ${BOTH_EVENTS}`,
    `submit ${READ_EVENTS}`,
  ]);
});

Deno.test("both directions wanted before the poll is made make one poll", () => {
  const { driver, poll } = setUp();
  poll.want(READABLE);
  poll.want(WRITABLE);
  poll.update();
  poll.update();
  assertEquals(driver.calls, [`submit ${BOTH_EVENTS}`]);
});

Deno.test("wanting more than the poll in flight covers cancels it first", () => {
  const { driver, poll } = setUp();
  poll.want(READABLE);
  poll.update();
  assert(poll.want(WRITABLE));
  poll.update();
  assertEquals(poll.state, PollState.CANCELLED);
  // Not before the completion, and not twice.
  poll.update();
  assertEquals(driver.calls, [`submit ${READ_EVENTS}`, "cancel"]);
  assertEquals(driver.complete(poll, STATUS_CANCELLED), 0);
  assert(poll.needsUpdate);
  poll.update();
  assertEquals(driver.calls.at(-1), `submit ${BOTH_EVENTS}`);
});

Deno.test("an event that comes between cancelling and completion is reported", () => {
  const { driver, poll } = setUp();
  poll.want(READABLE);
  poll.update();
  poll.want(WRITABLE);
  poll.update();
  assertEquals(driver.complete(poll, STATUS_SUCCESS, AFD_POLL_RECEIVE), 1);
  poll.update();
  assertEquals(driver.calls.at(-1), `submit ${WRITE_EVENTS}`);
});

Deno.test("wanting what the poll in flight covers already does nothing", () => {
  const { driver, poll } = setUp();
  poll.want(READABLE);
  poll.want(WRITABLE);
  poll.update();
  assertEquals(poll.want(READABLE), false);
  poll.update();
  assertEquals(driver.calls, [`submit ${BOTH_EVENTS}`]);
});

Deno.test("a poll that somebody else cancelled is made again", () => {
  const { driver, poll } = setUp();
  poll.want(READABLE);
  poll.update();
  assertEquals(driver.complete(poll, STATUS_CANCELLED), 0);
  assert(poll.needsUpdate);
});

Deno.test("a completion without events reports nothing and is made again", () => {
  const { driver, poll } = setUp();
  poll.want(READABLE);
  poll.update();
  assertEquals(driver.complete(poll, STATUS_SUCCESS, 0), 0);
  assert(poll.needsUpdate);
});

Deno.test("a poll that is answered on the spot waits for its completion all the same", () => {
  const { driver, poll } = setUp();
  driver.status = STATUS_SUCCESS;
  poll.want(WRITABLE);
  assertEquals(poll.update(), 0);
  assertEquals(poll.state, PollState.PENDING);
  assertEquals(
    driver.complete(poll, STATUS_SUCCESS, AFD_POLL_SEND),
    WRITABLE,
  );
});

Deno.test("a failed poll has the operation tried, and closes nothing", () => {
  const { driver, poll } = setUp();
  driver.status = STATUS_INSUFFICIENT_RESOURCES;
  poll.want(READABLE);
  assertEquals(poll.update(), READABLE | WRITABLE);
  assertEquals(poll.state, PollState.IDLE);
  driver.status = STATUS_PENDING;
  poll.want(READABLE);
  assertEquals(poll.update(), 0);
  assertEquals(
    driver.complete(poll, STATUS_INSUFFICIENT_RESOURCES),
    READABLE | WRITABLE,
  );
});

Deno.test("a socket that was closed under its poll is over, whoever asks", () => {
  for (
    const status of [
      STATUS_PENDING,
      STATUS_INVALID_HANDLE,
      STATUS_OBJECT_TYPE_MISMATCH,
    ]
  ) {
    const { driver, poll } = setUp();
    driver.status = status;
    poll.want(READABLE);
    const told = poll.update();
    assertEquals(
      status === STATUS_PENDING
        ? driver.complete(poll, STATUS_SUCCESS, AFD_POLL_LOCAL_CLOSE)
        : told,
      ALL_OVER,
    );
    assertEquals(poll.state, PollState.GONE);
    assertEquals(driver.calls.slice(1), ["release"]);
    assert(poll.want(WRITABLE));
    assertEquals(poll.update(), ALL_OVER);
    assertEquals(poll.needsUpdate, false);
    poll.remove();
    assertEquals(driver.calls.slice(1), ["release"]);
  }
});

Deno.test("a socket that is removed while idle gives its memory back at once", () => {
  const { driver, poll } = setUp();
  poll.remove();
  assertEquals(driver.calls, ["release"]);
  poll.remove();
  assertEquals(driver.calls, ["release"]);
});

Deno.test("a socket that is removed keeps its memory until the completion", () => {
  for (const events of [0, AFD_POLL_RECEIVE, AFD_POLL_LOCAL_CLOSE]) {
    const { driver, poll } = setUp();
    poll.want(READABLE);
    poll.update();
    poll.remove();
    assertEquals(poll.state, PollState.DELETED);
    assertEquals(driver.calls.at(-1), "cancel");
    const status = events === 0 ? STATUS_CANCELLED : STATUS_SUCCESS;
    assertEquals(driver.complete(poll, status, events), 0);
    assertEquals(poll.state, PollState.GONE);
    assertEquals(poll.needsUpdate, false);
    assertEquals(driver.calls.at(-1), "release");
  }
});

Deno.test("a socket that is removed while its poll is cancelled is not cancelled twice", () => {
  const { driver, poll } = setUp();
  poll.want(READABLE);
  poll.update();
  poll.want(WRITABLE);
  poll.update();
  poll.remove();
  assertEquals(driver.complete(poll, STATUS_CANCELLED), 0);
  assertEquals(driver.calls.slice(1), ["cancel", "release"]);
});

/** One random life of a socket; the driver checks its own rules at every step. */
function randomLife(random: (n: number) => number): void {
  const { driver, poll } = setUp();
  let waiting = 0;
  const take = (readiness: number) => {
    waiting &= ~(readiness & (READABLE | WRITABLE));
  };
  /** The driver's answer: what there is of that which it was asked for. */
  const answer = () => {
    const asked = parseInt(
      driver.calls.findLast((call) => call.startsWith("submit"))!.slice(7),
      16,
    );
    const events = asked & random(2 ** 9) & ~AFD_POLL_LOCAL_CLOSE;
    const status = random(4) === 0 ? STATUS_CANCELLED : STATUS_SUCCESS;
    take(driver.complete(poll, status, status < 0 ? 0 : events));
  };
  const steps = 1 + random(40);
  for (let i = 0; i < steps; i++) {
    switch (random(4)) {
      case 0: {
        const interest = 1 + random(2);
        waiting |= interest;
        poll.want(interest);
        break;
      }
      case 1:
        take(poll.update());
        break;
      case 2:
        if (driver.inFlight > 0) answer();
    }
    // Whoever waits is in a poll in flight, or will be after the next update or
    // the next completion.
    if (waiting !== 0) assert(driver.inFlight > 0 || poll.needsUpdate);
  }
  poll.remove();
  if (driver.inFlight > 0) {
    assert(!driver.released);
    driver.complete(poll, STATUS_CANCELLED);
  }
  assert(driver.released);
}

Deno.test("random lives of sockets keep one poll in flight and forget nobody", () => {
  const random = randomNumbers(1);
  for (let life = 0; life < 20_000; life++) randomLife(random);
});
