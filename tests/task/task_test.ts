import { assertEquals, assertThrows } from "@std/assert";
import { Context, Pending, setFailureHook } from "../../src/future/mod.ts";
import { JoinHandle, Task } from "../../src/task/mod.ts";
import { Lab } from "./support.ts";

Deno.test("spawn, poll, wake, poll, return: two polls, one schedule, one drop", () => {
  const lab = new Lab();
  lab.step();
  assertEquals(lab.counts, [1, 0, 0]);
  lab.waker!.wake();
  lab.onPoll = () => "value";
  lab.step();
  assertEquals(lab.counts, [2, 1, 1]);
  assertEquals([lab.outcome(), lab.scope.tasks().length], ["value", 0]);
});

Deno.test("wake before the first poll: it is queued already", () => {
  const lab = new Lab();
  lab.task.wake();
  lab.task.wake();
  lab.step();
  assertEquals([lab.counts, lab.scheduler.queue.length], [[1, 0, 0], 0]);
});

Deno.test("poll, wake, wake, poll: one schedule", () => {
  const lab = new Lab();
  lab.step();
  lab.waker!.wake();
  lab.waker!.wake();
  assertEquals(lab.scheduler.queue.length, 1);
  lab.step();
  assertEquals([lab.counts, lab.scheduler.queue.length], [[2, 1, 0], 0]);
});

Deno.test("wake during the poll: queued again when the poll ends, once", () => {
  const lab = new Lab();
  lab.onPoll = () => {
    lab.waker!.wake();
    lab.waker!.wake();
    assertEquals(lab.scheduler.queue.length, 0);
    return Pending;
  };
  lab.step();
  assertEquals([lab.counts, lab.scheduler.queue.length], [[1, 1, 0], 1]);
});

Deno.test("wake during the poll that ends the task: nothing is queued", () => {
  for (const throws of [false, true]) {
    const lab = new Lab();
    lab.onPoll = () => {
      lab.waker!.wake();
      if (throws) throw "error";
      return "value";
    };
    lab.step();
    assertEquals([lab.counts, lab.scheduler.queue.length], [[1, 0, 1], 0]);
    assertEquals(lab.outcome(), throws ? "error" : "value");
  }
});

Deno.test("wake after the end, however it came: nothing is queued", () => {
  for (const end of ["return", "throw", "abort", "close"]) {
    const lab = new Lab();
    lab.step();
    if (end === "abort") lab.task.abort();
    else lab.waker!.wake();
    if (end === "close") lab.scope.close();
    lab.onPoll = () => {
      if (end === "throw") throw "error";
      return "value";
    };
    lab.step();
    const { schedules } = lab.scheduler;
    lab.waker!.wake();
    lab.task.wake();
    lab.task.abort();
    assertEquals([lab.scheduler.schedules, lab.drops], [schedules, 1], end);
    assertEquals(lab.scheduler.queue.length, 0, end);
  }
});

Deno.test("abort before the first poll: never polled, nothing to drop", () => {
  const lab = new Lab();
  lab.task.abort();
  lab.step();
  assertEquals([lab.counts, lab.outcome()], [[0, 0, 0], "aborted"]);
});

Deno.test("abort while waiting: one schedule, no poll, one drop", () => {
  const lab = new Lab();
  lab.step();
  lab.task.abort();
  lab.task.abort();
  assertEquals(lab.drops, 0);
  lab.step();
  assertEquals([lab.counts, lab.outcome()], [[1, 1, 1], "aborted"]);
});

Deno.test("wake and abort in either order while waiting: cancelled, not polled", () => {
  for (const order of ["wake, abort", "abort, wake"]) {
    const lab = new Lab();
    lab.step();
    for (const step of order.split(", ")) {
      if (step === "wake") lab.waker!.wake();
      else lab.task.abort();
    }
    lab.step();
    assertEquals([lab.counts, lab.outcome()], [[1, 1, 1], "aborted"], order);
  }
});

Deno.test("abort during the poll, which waits: cancelled by the next step, never polled again", () => {
  const lab = new Lab();
  lab.onPoll = () => {
    lab.task.abort();
    assertEquals(lab.drops, 0);
    return Pending;
  };
  lab.step();
  assertEquals([lab.counts, lab.task.isComplete], [[1, 1, 0], false]);
  lab.step();
  assertEquals([lab.counts, lab.outcome()], [[1, 1, 1], "aborted"]);
});

Deno.test("abort during the poll, which returns or throws: that counts", () => {
  for (const throws of [false, true]) {
    const lab = new Lab();
    lab.onPoll = () => {
      lab.task.abort();
      if (throws) throw "error";
      return "value";
    };
    lab.step();
    assertEquals(lab.outcome(), throws ? "error" : "value");
    assertEquals(lab.counts, [1, 0, 1]);
  }
});

Deno.test("abort, then the end of the scope before the next step: dropped once", () => {
  const lab = new Lab();
  lab.step();
  lab.task.abort();
  lab.scope.close();
  assertEquals(lab.drops, 1);
  lab.step();
  assertEquals([lab.counts, lab.outcome()], [[1, 1, 1], "aborted"]);
});

Deno.test("the end of the scope while queued: what is left in the queue does nothing", () => {
  for (const started of [false, true]) {
    const lab = new Lab();
    if (started) {
      lab.step();
      lab.waker!.wake();
    }
    lab.scope.close();
    lab.step();
    assertEquals(lab.polls, started ? 1 : 0);
    assertEquals(lab.drops, started ? 1 : 0);
    assertEquals(lab.outcome(), "aborted");
  }
});

Deno.test("abort, and the cleanup throws: failed, with the cleanup's error", () => {
  const lab = new Lab();
  lab.step();
  lab.onDrop = () => {
    throw "cleanup";
  };
  lab.task.abort();
  lab.step();
  assertEquals([lab.counts, lab.outcome()], [[1, 1, 1], "cleanup"]);
});

Deno.test("the cleanup wakes and aborts its own task: no second drop", () => {
  const lab = new Lab();
  lab.step();
  lab.onDrop = () => {
    lab.waker!.wake();
    lab.task.abort();
    lab.task.cancelNow();
  };
  lab.task.abort();
  lab.step();
  assertEquals([lab.drops, lab.scheduler.queue.length], [1, 0]);
  assertEquals(lab.outcome(), "aborted");
});

/** Polls the handle's task with a new waker; says how often it was called. */
function joiner(lab: Lab) {
  let wakes = 0;
  const wait = new JoinHandle(lab.task);
  const cx = new Context({ wake: () => void wakes++ });
  return {
    wait,
    poll: () => wait.poll(cx),
    get wakes() {
      return wakes;
    },
  };
}

Deno.test("join, then end: each joiner is woken once, before anything else happens", () => {
  for (const end of ["return", "throw", "abort", "close"]) {
    const lab = new Lab();
    const joiners = [joiner(lab), joiner(lab), joiner(lab)];
    for (const each of joiners) assertEquals(each.poll(), Pending);
    lab.step();
    for (const each of joiners) assertEquals(each.poll(), Pending);
    if (end === "close") lab.scope.close();
    else {
      if (end === "abort") lab.task.abort();
      else lab.waker!.wake();
      lab.onPoll = () => {
        if (end === "throw") throw "error";
        return "value";
      };
      lab.step();
    }
    assertEquals(joiners.map(({ wakes }) => wakes), [1, 1, 1], end);
    lab.task.wake();
    assertEquals(joiners.map(({ wakes }) => wakes), [1, 1, 1], end);
  }
});

Deno.test("join, unjoin, end: nobody is woken, and a failure counts as unjoined", () => {
  const lab = new Lab();
  const [first, second] = [joiner(lab), joiner(lab)];
  first.poll();
  second.poll();
  first.wait.cancel();
  second.wait.cancel();
  lab.onPoll = () => {
    throw "error";
  };
  lab.step();
  assertEquals([first.wakes, second.wakes], [0, 0]);
  assertEquals(lab.scheduler.unjoined, ["body"]);
});

Deno.test("join, end, unjoin: a failure that the joiner never looked at counts as unjoined", () => {
  const lab = new Lab();
  const only = joiner(lab);
  only.poll();
  lab.onPoll = () => {
    throw "error";
  };
  lab.step();
  assertEquals([only.wakes, lab.scheduler.unjoined], [1, []]);
  only.wait.cancel();
  assertEquals(lab.scheduler.unjoined, ["body"]);
});

Deno.test("a failure is handed to the hook once, and not at all once it was joined", () => {
  const seen: unknown[] = [];
  const before = setFailureHook(({ error }) => void seen.push(error));
  try {
    const failing = () => {
      const lab = new Lab();
      lab.onPoll = () => {
        throw "error";
      };
      lab.step();
      return lab;
    };
    const unjoined = failing();
    unjoined.task.reportUnjoined();
    unjoined.task.reportUnjoined();
    assertEquals(seen, ["error"]);
    const joined = failing();
    assertEquals(joined.outcome(), "error");
    joined.task.reportUnjoined();
    assertEquals(seen, ["error"]);
  } finally {
    setFailureHook(before);
  }
});

Deno.test("a joiner whose waker throws does not make the task end twice", () => {
  const lab = new Lab();
  const other = new Task<unknown>(lab.scope, () => Pending, []);
  lab.scheduler.made.push(other);
  lab.handle.poll(
    new Context({
      wake() {
        throw new Error("a bad waker");
      },
    }),
  );
  lab.onPoll = () => "value";
  assertThrows(() => lab.step(), Error, "a bad waker");
  assertEquals([lab.drops, lab.outcome()], [1, "value"]);
  // The list of the scope is whole: the other task is still in it.
  assertEquals([lab.scope.tasks().length, lab.scope.tasks().length], [1, 1]);
  lab.scope.close();
  assertEquals([lab.scope.tasks().length, other.isComplete], [0, true]);
});
