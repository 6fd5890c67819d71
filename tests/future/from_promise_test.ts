import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  Context,
  fromPromise,
  Pending,
  setHost,
} from "../../src/future/mod.ts";
import { Bench } from "./support.ts";

/** Lets promise jobs run. */
function jobs(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

Deno.test("a promise is asked when it is polled first, and its value wakes the task once", async () => {
  const bench = new Bench();
  let asked = 0;
  const { promise, resolve } = Promise.withResolvers<string>();
  const future = fromPromise({
    then: (...args: Parameters<Promise<string>["then"]>) => {
      asked++;
      return promise.then(...args);
    },
  } as Promise<string>);
  assertEquals(asked, 0);
  assertEquals([bench.poll(future), bench.poll(future), asked], [
    Pending,
    Pending,
    1,
  ]);
  resolve("value");
  await jobs();
  assertEquals([bench.waker.count, bench.poll(future), bench.poll(future)], [
    1,
    "value",
    "value",
  ]);
});

Deno.test("a rejected promise throws its reason, and counts as handled", async () => {
  const bench = new Bench();
  const future = fromPromise(Promise.reject(new Error("mine")));
  assertEquals(bench.poll(future), Pending);
  await jobs();
  assertThrows(() => bench.poll(future), Error, "mine");
  assertThrows(() => bench.poll(future), Error, "mine");
});

Deno.test("the waker of the last poll is the one that is called", async () => {
  const [first, second] = [new Bench(), new Bench()];
  const future = fromPromise(Promise.resolve());
  first.poll(future);
  second.poll(future);
  await jobs();
  assertEquals([first.waker.count, second.waker.count], [0, 1]);
});

Deno.test("a cancelled wait is not woken, and the promise's rejection does no harm", async () => {
  const bench = new Bench();
  const { promise, reject } = Promise.withResolvers<void>();
  const future = fromPromise(promise);
  bench.poll(future);
  future.cancel();
  reject(new Error("nobody cares"));
  await jobs();
  assertEquals(bench.waker.count, 0);
});

Deno.test("a wait that was cancelled can be taken up again", async () => {
  const bench = new Bench();
  const { promise, resolve } = Promise.withResolvers<number>();
  const future = fromPromise(promise);
  bench.poll(future);
  future.cancel();
  assertEquals(bench.poll(future), Pending);
  resolve(3);
  await jobs();
  assertEquals([bench.waker.count, bench.poll(future)], [1, 3]);
});

Deno.test("polled where the thread is blocked, it fails at once and names run", () => {
  const cx = new Context({ wake() {} }, new Bench().drivers, {
    blocking: true,
  });
  const error = assertThrows(
    () => fromPromise(Promise.resolve(1)).poll(cx),
    Error,
  );
  assert(error.message.startsWith("Cannot wait for a promise inside block_on"));
  assert(error.message.includes("run("), error.message);
});

Deno.test("what has no then is refused", () => {
  const misuse = fromPromise as (promise: unknown) => void;
  for (const value of [5, null, undefined, {}, () => {}]) {
    assertThrows(() => misuse(value), TypeError, "Cannot make a future");
  }
});

Deno.test("a future is awaited by whoever hosts; without a host that is an error", async () => {
  // `src/future/` alone hosts nothing; mod.ts brings the executor that does.
  const future = fromPromise(Promise.resolve(1));
  await assertRejects(async () => await future, Error, "import mod.ts");
  setHost(<T>() => Promise.resolve("hosted" as T));
  assertEquals(await (future as PromiseLike<unknown>), "hosted");
});
