import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { Portable, portable } from "../../../src/future/portable.ts";
import { Decoder } from "../../../src/task/codec/mod.ts";
import { waitForEvent } from "../../helpers/deadline.ts";
import { edoTest } from "../../helpers/leaks.ts";
import { Money } from "./fixtures/money.ts";
import { assertRefused, send, trip } from "./support.ts";

/** A class that holds others, and can throw on both ways. */
class Basket {
  static {
    portable(import.meta, this);
  }
  items: unknown[];
  constructor(items: unknown[] = []) {
    this.items = items;
  }
  [Portable.encode](): { items: unknown[] } {
    if (this.items.includes("encode")) throw new RangeError("will not go");
    return { items: this.items };
  }
  static [Portable.decode]({ items }: { items: unknown[] }): Basket {
    if (items.includes("decode")) throw new RangeError("will not come");
    return new Basket(items);
  }
}

Deno.test("an instance of a portable class arrives as one, with its private state", () => {
  const arrived = trip({ price: new Money(150, "EUR") });
  assertInstanceOf(arrived.price, Money);
  assertEquals([arrived.price.cents, arrived.price.currency], [150, "EUR"]);
});

Deno.test("portable instances may hold others, and keep their identity", () => {
  const money = new Money(1, "EUR");
  const inner = new Basket([money, money]);
  const [outer, again, cash] = send([
    new Basket([inner, inner]),
    [inner],
    new Map([[money, money]]),
  ]) as [Basket, Basket[], Map<Money, Money>];
  assertStrictEquals(outer.items[0], outer.items[1]);
  assertStrictEquals(again[0], outer.items[0]);
  const [first, second] = again[0]!.items;
  assertInstanceOf(first, Money);
  assertStrictEquals(first, second);
  assertStrictEquals(cash.get(first), first);
});

Deno.test("a portable instance that leads back to itself is refused", () => {
  const basket = new Basket();
  basket.items.push([{ basket }]);
  assertRefused(
    [basket],
    'Cannot send argument 1 of "crunch": ' +
      ".[Portable.encode]().items[0][0].basket " +
      "leads back to the instance that is being encoded",
  );
});

Deno.test("what encode returns is refused with its path, and what it throws is passed on", () => {
  assertRefused(
    [{ a: new Basket([() => {}]) }],
    'Cannot send argument 1 of "crunch": ' +
      ".a.[Portable.encode]().items[0] is a function, " +
      "which stays on its thread",
  );
  assertThrows(
    () => trip([new Basket(["encode"])]),
    RangeError,
    "will not go",
  );
});

Deno.test("what decode throws is passed on, once, and decode is called no more", () => {
  assertThrows(
    () => send([new Basket(["decode"]), new Basket(["decode", 2])]),
    RangeError,
    "will not come",
  );
  assertEquals(trip(new Basket([1])).items, [1]);
});

Deno.test("a subclass of a portable class is refused until it is portable", () => {
  class Bag extends Basket {}
  assertRefused(
    [new Bag()],
    'Cannot send argument 1 of "crunch": it is an instance of Bag, ' +
      "a class that does not say how it travels: " +
      "make it portable() with [Portable.encode] and [Portable.decode]",
  );
});

Deno.test("a portable class of errors arrives as it says", () => {
  class HttpError extends Error {
    static {
      portable(import.meta, this);
    }
    constructor(readonly status: number) {
      super(`HTTP ${status}`);
    }
    [Portable.encode](): number {
      return this.status;
    }
    static [Portable.decode](status: number): HttpError {
      return new HttpError(status);
    }
  }
  const arrived = trip(new HttpError(404));
  assertInstanceOf(arrived, HttpError);
  assertEquals(arrived.status, 404);
});

Deno.test("a class can be portable under another name, and twice is once", () => {
  const made = portable(
    import.meta,
    "Odd",
    class {
      [Portable.encode](): null {
        return null;
      }
      static [Portable.decode](_: null): string {
        return "odd";
      }
    },
  );
  assertEquals(trip([new made()]) as unknown, ["odd"]);
  assertStrictEquals(portable(import.meta, "Odd", made), made);
});

Deno.test("a class that cannot be made portable says why", () => {
  const meta = { url: "file:///a.ts" };
  const make = portable as (...args: unknown[]) => unknown;
  const both = () =>
    class Both {
      [Portable.encode]() {}
      static [Portable.decode]() {}
    };
  portable(meta, "Both", both());
  const cases: [unknown[], string][] = [
    [[meta, 5], "Cannot make a class portable: it is 5"],
    [
      [meta, class {}],
      "Cannot make a class portable: it has no name; " +
      'pass one as portable(import.meta, "Name", class …)',
    ],
    [
      [meta, class A {}],
      "Cannot make the class A of file:///a.ts portable: " +
      "it has no method [Portable.encode]",
    ],
    [
      [
        meta,
        class A {
          [Portable.encode]() {}
        },
      ],
      "Cannot make the class A of file:///a.ts portable: " +
      "it has no static method [Portable.decode]",
    ],
    [
      [meta, both()],
      "Cannot make the class Both of file:///a.ts portable: " +
      "the module has another one of that name; " +
      'pass a name as portable(import.meta, "Name", class …)',
    ],
  ];
  for (const [args, message] of cases) {
    assertEquals(assertThrows(() => make(...args), Error).message, message);
  }
});

Deno.test("a class that does not decode what it encodes is a type error", () => {
  class Wrong {
    [Portable.encode](): number {
      return 1;
    }
    static [Portable.decode](_: string): Wrong {
      return new Wrong();
    }
  }
  // @ts-expect-error decode takes a string, encode returns a number.
  assert(portable(import.meta, Wrong) === Wrong);
});

edoTest(
  "an instance travels from a thread to another, if both have its module",
  async () => {
    const arrived = await receive("money") as { price: Money; when: Date };
    assertInstanceOf(arrived.price, Money);
    assertEquals([arrived.price.cents, arrived.price.currency], [150, "EUR"]);
    assertEquals(arrived.when, new Date(5));
  },
);

edoTest(
  "an instance whose module is not loaded is an error that names both",
  async () => {
    const error = await receive("secret").then(
      () => null,
      (error: Error) => error,
    );
    const { href } = new URL("./fixtures/sender.ts", import.meta.url);
    assertEquals(
      error?.message,
      "Cannot decode an instance of Secret: this thread has no portable class " +
        `of that name from ${href}; import the module here`,
    );
  },
);

/** What the thread `sender.ts` encodes under this name, decoded here. */
async function receive(name: string): Promise<unknown> {
  const url = new URL("./fixtures/sender.ts", import.meta.url);
  const worker = new Worker(url, { type: "module" });
  try {
    worker.postMessage(name);
    const { data } = await waitForEvent<MessageEvent<Uint8Array>>(
      worker,
      "message",
      20_000,
    );
    return new Decoder().decode(data, 128);
  } finally {
    worker.terminate();
  }
}
