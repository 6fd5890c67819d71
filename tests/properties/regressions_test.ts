/**
 * What the properties have found, each as the smallest case of it.
 *
 * @module
 */
import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  abortable,
  block_on,
  Context,
  fromPromise,
  Future,
  join,
  net,
  noopWaker,
  pollFn,
  Portable,
  portable,
  setFailureHook,
  task,
  time,
  yieldNow,
} from "../../mod.ts";
import { describe, nameOf } from "../../src/future/mod.ts";
import { Decoder, Encoder } from "../../src/task/codec/mod.ts";

const bare = Object.create(null) as never;
const long = "x".repeat(1 << 20) as never;

Deno.test("an error can be made of any value: of an object without a prototype, a symbol, a bigint", () => {
  const cases: [() => unknown, string][] = [
    [() => time.sleep(bare), "Cannot sleep: ms is an object of class null"],
    [
      () => time.timeout(bare, yieldNow()),
      "Cannot set a timeout: ms is an obj",
    ],
    [() => abortable(bare, yieldNow()), "Cannot make a future abortable: sig"],
    [() => fromPromise(bare), "Cannot make a future of the argument promise"],
    [() => pollFn(bare), "Cannot make a future: poll is an object of class"],
    [() => time.interval(1, { missed: 5n as never }), "options.missed is 5,"],
    [() => net.TcpStream.connect({ port: bare }), "Cannot connect: port is an"],
    [
      () => net.TcpListener.bind({ port: 0, hostname: 5n as never }),
      "Cannot listen: hostname is 5, not a name",
    ],
    [
      () => net.TcpListener.bind({ port: 0, backlog: Symbol("b") as never }),
      "Cannot listen on 127.0.0.1:0: backlog is Symbol(b), not",
    ],
    [
      () => net.TcpListener.bind({ port: 0, reusePort: bare }),
      "Cannot listen on 127.0.0.1:0: reusePort is an object of class null",
    ],
  ];
  for (const [call, message] of cases) assertThrows(call, Error, message);
  assertEquals(describe(2n ** 5_000_000n), "a bigint of more than 64 bits");
  assertEquals(nameOf({ name: Symbol("s") }), "Symbol(s)");
});

Deno.test("an error stays short, however long the value is that it shows", () => {
  const calls: (() => unknown)[] = [
    () => time.sleep(long),
    () => net.TcpStream.connect({ port: long }),
    () => net.TcpListener.bind({ port: 0, hostname: long }),
    () => task(import.meta, long, class {} as never),
    () => new Encoder().encodeResult("t", { [long]: () => {} }),
    () => new Encoder().encodeResult("t", new Map([[long, () => {}]])),
  ];
  for (const call of calls) {
    const error = assertThrows(call, Error, "Cannot ");
    assert(error.message.length < 600, `${error.message.length} characters`);
  }
});

Deno.test("null in place of options is none, or is named", () => {
  assertEquals(time.interval(5, null as never).period, 5);
  assertEquals(new time.Timers(null as never).size, 0);
  assertEquals(
    new Context(noopWaker, undefined, null as never).blocking,
    false,
  );
  assertThrows(
    () => portable(null as never, class {} as never),
    TypeError,
    "Cannot make a class portable: the first argument must be import.meta, and is null",
  );
});

Deno.test("a clock, a hook, a waker and drivers that can never be called are refused at once", () => {
  const cases: [() => unknown, string][] = [
    [
      () => new time.Timers({ clock: 5 as never }),
      "Cannot make timers: options.clock is 5, not a function",
    ],
    [
      () => setFailureHook("x" as never),
      'Cannot set the failure hook: newHook is "x", not a function or null',
    ],
    [
      () => new Context({} as never),
      "Cannot make a context: waker is an object of class Object, without",
    ],
    [
      () => new Context(noopWaker, null as never),
      "Cannot make a context: drivers is null, without a method defer",
    ],
  ];
  for (const [call, message] of cases) assertThrows(call, TypeError, message);
});

Deno.test("an heir of AbortSignal that cannot be asked is told from a signal at once", () => {
  assertThrows(
    () => abortable(Object.create(AbortSignal.prototype), yieldNow()),
    TypeError,
    "Cannot make a future abortable: signal is an object of class AbortSignal",
  );
});

Deno.test("what is no context has no timers, and that is what the error says", () => {
  for (const cx of [null, undefined, {}, []]) {
    assertThrows(
      () => time.timersOf(cx as never),
      Error,
      "Cannot sleep: this context has no timers",
    );
  }
});

Deno.test("a sleep and an interval that are made by their classes are checked as by their functions", () => {
  assertThrows(
    () => new time.Sleep(NaN, false),
    RangeError,
    "Cannot sleep: ms",
  );
  assertThrows(
    () => new time.Interval(0, "skip"),
    RangeError,
    "Cannot make an interval: ms is 0",
  );
});

Deno.test("a function without a prototype is no portable class, and a frozen one no task", () => {
  assertThrows(
    () => portable(import.meta, "Arrow", (() => {}) as never),
    TypeError,
    "portable: it has no method [Portable.encode]",
  );
  const frozen = Object.freeze(function frozen() {});
  assertThrows(
    () => task(import.meta, frozen),
    TypeError,
    '"frozen" is frozen, and the declaration is kept with it',
  );
  // The name is free.
  assertEquals(task(import.meta, "frozen", () => 5)(), 5);
});

Deno.test("an heir of Future without a method poll is told from a future", () => {
  const none = Object.create(Future.prototype) as Future<number>;
  assertThrows(
    () => block_on(join(none)),
    TypeError,
    "Cannot wait for argument 0: an object of class Future has no method poll",
  );
});

Deno.test("a list of what moves is an array of what can, or the error says so before anything has moved", () => {
  const encoder = new Encoder();
  const buffer = new ArrayBuffer(8);
  const cases: [unknown, string][] = [
    [null, 'Cannot transfer to "t": transfer is null, not an array'],
    ["abc", 'Cannot transfer to "t": transfer is "abc", not an array'],
    [
      [buffer, {}],
      'Cannot transfer item 2 to "t": it is an object of class Object, which',
    ],
    [[bare], 'Cannot transfer item 1 to "t": it is an object of class null'],
  ];
  for (const [transfer, message] of cases) {
    assertThrows(
      () => encoder.encodeArguments("t", [1], transfer as []),
      TypeError,
      message,
    );
  }
  assertEquals(buffer.byteLength, 8);
});

class One {
  static {
    portable(import.meta, this);
  }
  [Portable.encode](): number {
    return 1;
  }
  static [Portable.decode](n: number): One | number {
    return n === 1 ? new One() : n;
  }
}

class Two extends One {
  static {
    portable(import.meta, this);
  }
  static override [Portable.decode](): Two {
    return new Two();
  }
}

Deno.test("a packet after one that could not be decoded has its own classes", () => {
  const encoder = new Encoder();
  const decoder = new Decoder();
  const memory = new Uint8Array(1 << 12);
  const write = (value: unknown) => {
    const packet = encoder.encodeResult("t", value);
    packet.copyTo(memory, 0);
    packet.commit();
    return packet.length;
  };
  const end = write([new One(), 5, 6]);
  // The last value is of a kind that there is not.
  new Int32Array(memory.buffer)[end / 4 - 1] = 0x7e;
  assertThrows(() => decoder.decode(memory, 0), Error, "Cannot decode a value");
  write([new Two()]);
  const [two] = decoder.decode(memory, 0) as unknown[];
  assertEquals(two?.constructor, Two);
});
