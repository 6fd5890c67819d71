/** Arguments and results, by real tasks; the codec has tests of its own. */
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertNotStrictEquals,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { board } from "./fixtures/board.ts";
import { Closable, hold } from "./fixtures/closable.ts";
import { asyncEcho, double, echo, plainEcho } from "./fixtures/tasks.ts";
import {
  increment,
  incrementTwice,
  makeShared,
  passOn,
  returnFunction,
  spawnsFunction,
  throwFunction,
  weigh,
} from "./fixtures/values.ts";
import { joinErrorOf, poolTest, retired, valueOf } from "./support.ts";

/** Values of all kinds, the large ones too large for a record. */
const VALUES: readonly unknown[] = [
  undefined,
  null,
  true,
  -0,
  NaN,
  2 ** 53,
  -(2n ** 200n),
  "",
  "ß \u{1F600} \ud800",
  "long ".repeat(50_000),
  new Date(1e12),
  [1, [2, [3]], , 5],
  { a: 1, "b c": { d: undefined } },
  new Map<unknown, unknown>([[{ k: 1 }, new Set([1n])], ["x", null]]),
  new Uint8Array([1, 2, 3]),
  new Float64Array(100_000).fill(0.5),
  new Uint16Array([9, 8]).buffer,
  [new DataView(new ArrayBuffer(3))],
];

poolTest(
  "values of all kinds travel to a task and back",
  async ({ rt }) => {
    for (const value of VALUES) {
      for (const fn of [echo, plainEcho, asyncEcho]) {
        assertEquals(await valueOf(rt.spawn(fn, value)), value);
      }
      const back = await valueOf(
        rt.run(function* () {
          return yield* rt.spawn(echo, value);
        }),
      );
      assertEquals(back, value);
    }
    const all = await valueOf(rt.spawn(plainEcho, VALUES));
    assertEquals(all, VALUES);
    assertNotStrictEquals(all, VALUES);
  },
  { on: [0, 2] },
);

poolTest(
  "cycles and twins stay what they are",
  async ({ rt }) => {
    const twin = { n: 1 };
    const ring: Record<string, unknown> = { a: twin, b: twin };
    ring.self = ring;
    const back = await valueOf(rt.spawn(plainEcho, ring)) as typeof ring;
    assertStrictEquals(back.self, back);
    assertStrictEquals(back.a, back.b);
    assertEquals(back.a, twin);
  },
  { on: [0, 2] },
);

poolTest(
  "errors travel as values, with class, fields, stack and cause",
  async ({ rt }) => {
    const cause = new TypeError("inner", { cause: { code: 7 } });
    const error = Object.assign(new RangeError("outer", { cause }), {
      code: "E_OUT",
      items: [1, 2],
    });
    const back = await valueOf(rt.spawn(plainEcho, error)) as typeof error;
    assertInstanceOf(back, RangeError);
    assertEquals(
      [back.message, back.stack, back.code, back.items],
      [error.message, error.stack, "E_OUT", [1, 2]],
    );
    assertInstanceOf(back.cause, TypeError);
    assertEquals(back.cause.cause, { code: 7 });
  },
  { on: [0, 2] },
);

poolTest(
  "arguments are copies of the moment of the spawn",
  async ({ rt }) => {
    const list = [1];
    const bytes = new Uint8Array([1]);
    const handle = rt.spawn(echo, { list, bytes });
    list.push(2);
    bytes[0] = 9;
    assertEquals(await valueOf(handle), {
      list: [1],
      bytes: new Uint8Array([1]),
    });
  },
  { on: [0, 1, 2] },
);

poolTest(
  "many large payloads at once come back as they were",
  async ({ rt }) => {
    const handles = Array.from({ length: 64 }, (_, n) => {
      return { n, handle: rt.spawn(echo, new Uint8Array(1 << 18).fill(n)) };
    });
    for (const { n, handle } of handles) {
      const bytes = await valueOf(handle) as Uint8Array;
      assert(bytes.length === 1 << 18 && bytes.every((byte) => byte === n));
    }
  },
);

poolTest(
  "shared memory is shared: with workers, between them, and from them",
  async ({ rt, workers }) => {
    const memory = new SharedArrayBuffer(4);
    const word = () => Atomics.load(new Int32Array(memory), 0);
    await valueOf(rt.spawn(increment, memory, 5));
    assertEquals(word(), 5);
    const both = [1, 2].map((on) => {
      return rt.spawnWith(
        { on: Math.min(on, workers) },
        increment,
        memory,
        1e5,
      );
    });
    for (const handle of both) await valueOf(handle);
    assertEquals(word(), 200_005);
    const [, , back] = await valueOf(rt.spawn(incrementTwice, memory, 1_000));
    assertEquals(word(), 202_005);
    Atomics.store(new Int32Array(back as SharedArrayBuffer), 0, 1);
    assertEquals(word(), 1);
    const made = await valueOf(rt.spawn(makeShared));
    assertInstanceOf(made.memory, SharedArrayBuffer);
    assertEquals([...made.view], [5]);
    assertStrictEquals(made.view.buffer, made.memory);
  },
  { on: [1, 2, 4] },
);

poolTest(
  "shared memory travels from block_on, with the first spawn and after retiring",
  async ({ rt }) => {
    const memory = new SharedArrayBuffer(4);
    const add = () =>
      rt.block_on(function* () {
        yield* rt.spawn(increment, memory, 3);
        return new Int32Array(memory)[0];
      });
    assertEquals(add(), 3);
    await retired(rt);
    assertEquals(add(), 6);
    await retired(rt);
    await valueOf(rt.spawnWith({ on: 2 }, increment, memory, 4));
    assertEquals(new Int32Array(memory)[0], 10);
  },
  { idleTimeout: 20 },
);

poolTest(
  "what is transferred moves to a worker, and from there to another",
  async ({ rt, workers }) => {
    for (let on = 1; on <= workers; on++) {
      const bytes = new Uint8Array(1 << 20).fill(on);
      const { buffer } = bytes;
      const weighed = rt.spawnWith({ on, transfer: [buffer] }, weigh, bytes);
      assertEquals([bytes.length, buffer.detached], [0, true]);
      assertEquals(await valueOf(weighed), [1 << 20, on]);
    }
    const bytes = new Uint8Array(1_000).fill(3);
    const transfer = [bytes.buffer];
    assertEquals(
      await valueOf(rt.spawnWith({ transfer }, passOn, bytes, workers)),
      { left: 0, weighed: [1_000, 3] },
    );
  },
  { on: [1, 2] },
);

poolTest(
  "what cannot be transferred is refused, and nothing has moved",
  ({ rt }) => {
    const gone = new ArrayBuffer(1);
    structuredClone(gone, { transfer: [gone] });
    const good = new Uint8Array(4);
    const wrong: [unknown, string][] = [
      [1, "is 1, which cannot be transferred"],
      [new SharedArrayBuffer(1), "is a SharedArrayBuffer, which is shared"],
      [gone, "is an ArrayBuffer that was transferred before"],
      [good.buffer, "is in the list twice"],
    ];
    for (const [item, reason] of wrong) {
      assertThrows(
        () =>
          rt.spawnWith(
            { transfer: [good.buffer, item as ArrayBuffer] },
            weigh,
            good,
          ),
        TypeError,
        `Cannot transfer item 2 to "weigh": it ${reason}`,
      );
    }
    assertEquals([good.length, rt.metrics().spawned], [4, 0]);
  },
  { on: [0, 2] },
);

poolTest(
  "what cannot travel names the argument and its path; nothing is spawned, nothing moves",
  async ({ rt }) => {
    const bytes = new Uint8Array(4);
    const transfer = [bytes.buffer];
    const wrong: [unknown, string][] = [
      [{ a: [1, { then: () => 1 }] }, ".a[1].then is a function"],
      [[Symbol("x")], "[0] is a symbol"],
      [(function* () {})(), "it is a generator"],
      [Promise.resolve(), "it is a promise"],
    ];
    for (const [value, reason] of wrong) {
      const error = assertThrows(
        () =>
          rt.spawnWith(
            { transfer },
            plainEcho as (a: unknown, b: unknown) => void as never,
            bytes,
            value,
          ),
        TypeError,
      );
      assert(
        error.message.toLowerCase().startsWith(
          `cannot send argument 2 of "plainecho": ${reason}`,
        ),
        error.message,
      );
    }
    assertEquals([bytes.length, rt.metrics().spawned], [4, 0]);
    assertEquals(
      (await valueOf(rt.spawn(spawnsFunction))).split(";")[0],
      'TypeError: Cannot send argument 1 of "plainEcho": [0] is a symbol, ' +
        "which stays on its thread",
    );
  },
  { on: [0, 2] },
);

poolTest(
  "a result that cannot travel fails the task, which says so",
  async ({ rt }) => {
    const error = await joinErrorOf(rt.spawn(returnFunction));
    assertEquals(error.kind, "failed");
    assertInstanceOf(error.cause, TypeError);
    assert(
      error.cause.message.startsWith(
        'Cannot send the result of "returnFunction": .list[1] is a function',
      ),
      error.cause.message,
    );
    const thrown = await joinErrorOf(rt.spawn(throwFunction));
    assertInstanceOf(thrown.cause, Error);
    assertEquals(thrown.cause.message, "carries a function");
    assertInstanceOf(thrown.cause.cause, TypeError);
    assertEquals(await valueOf(rt.spawn(double, 2)), 4);
  },
);

poolTest(
  "an instance of a user's class arrives as one, and is the task's to close",
  async ({ rt }) => {
    const [CLOSED, STARTED] = [2, 3];
    const held = rt.spawn(hold, new Closable(CLOSED), 1, STARTED);
    assertEquals(await valueOf(held), "held");
    assertEquals([board.get(CLOSED), board.get(STARTED)], [1, 1]);
  },
  { on: [1, 2], board: true },
);
