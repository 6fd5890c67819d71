import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  type Coroutine,
  currentContext,
  enterContext,
  type Future,
  intoFuture,
  Pending,
} from "../../src/future/mod.ts";
import { Bench, Manual } from "./support.ts";

Deno.test("a generator as a future sets the current context, and puts the one before back", () => {
  const [outer, inner] = [new Bench(), new Bench()];
  let seen: unknown[] = [];
  // deno-lint-ignore require-yield
  function* body(fails: boolean): Coroutine<void> {
    seen.push(currentContext());
    if (fails) throw new Error("expected");
  }
  const before = enterContext(outer.cx);
  try {
    inner.poll(intoFuture(body(false)));
    seen.push(currentContext());
    assertThrows(() => inner.poll(intoFuture(body(true))), Error, "expected");
    seen.push(currentContext());
  } finally {
    enterContext(before);
  }
  assert(
    [inner.cx, outer.cx, inner.cx, outer.cx].every((cx, i) => seen[i] === cx),
  );
  seen = [];
  assertEquals(currentContext(), null);
});

Deno.test("a generator as a future cannot be polled after its end, nor while it runs", () => {
  const bench = new Bench();
  // deno-lint-ignore require-yield
  function* body(): Coroutine<string> {
    assertThrows(() => bench.poll(future), Error, "being polled already");
    return "value";
  }
  const future: Future<string> = intoFuture(body());
  assertEquals(bench.poll(future), "value");
  assertThrows(() => bench.poll(future), Error, "it has ended");
});

Deno.test("a generator as a future that cancels itself is closed when it next waits", () => {
  const bench = new Bench();
  let cleanups = 0;
  const leaf = new Manual<void>();
  function* body(): Coroutine<void> {
    try {
      future.cancel();
      assertEquals(cleanups, 0);
      yield* leaf;
    } finally {
      cleanups++;
    }
  }
  const future: Future<void> = intoFuture(body());
  assertEquals(bench.poll(future), Pending);
  assertEquals([cleanups, leaf.cancels], [1, 1]);
  assertThrows(() => bench.poll(future), Error, "it has ended");
});

Deno.test("a cancelled generator future has run its cleanups, once", () => {
  const bench = new Bench();
  let cleanups = 0;
  function* body(): Coroutine<void> {
    try {
      yield* new Manual<void>();
    } finally {
      cleanups++;
    }
  }
  const future = intoFuture(body());
  bench.poll(future);
  future.cancel();
  future.cancel();
  assertEquals(cleanups, 1);
  intoFuture(body()).cancel();
  assertEquals(cleanups, 1);
});
