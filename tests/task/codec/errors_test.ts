import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertStrictEquals,
} from "@std/assert";
import { registerError } from "../../../src/future/portable.ts";
import { trip, tripFailure } from "./support.ts";

// deno-lint-ignore no-explicit-any
const CLASSES: (new (message: string, ...rest: any[]) => Error)[] = [
  Error,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
  ...Object.values(Deno.errors),
];

for (const errorClass of CLASSES) {
  Deno.test(`a ${errorClass.name} arrives with message, stack and cause`, () => {
    const cause = { why: 1 };
    const error = new errorClass("a message", { cause });
    const arrived = trip(error);
    assertStrictEquals(
      Object.getPrototypeOf(arrived),
      errorClass.prototype,
    );
    assertInstanceOf(arrived, errorClass);
    assertEquals(arrived.message, "a message");
    assertEquals(arrived.name, error.name);
    assertEquals(arrived.stack, error.stack);
    assertEquals(arrived.cause, error.cause);
    assertEquals(Object.keys(arrived), Object.keys(error));
    assertEquals(Object.prototype.toString.call(arrived), "[object Error]");
  });
}

Deno.test("an error without a message and a cause has none afterwards", () => {
  const arrived = trip(new Error());
  assert(!Object.hasOwn(arrived, "message"));
  assert(!Object.hasOwn(arrived, "cause"));
  assert("cause" in trip(new Error("a", { cause: undefined })));
});

Deno.test("the errors of an AggregateError and a SuppressedError arrive", () => {
  const all = new AggregateError([new TypeError("a"), 5], "both");
  const arrived = trip(all);
  assertInstanceOf(arrived, AggregateError);
  assertEquals(arrived.message, "both");
  assertInstanceOf(arrived.errors[0], TypeError);
  assertEquals(arrived.errors[1], 5);
  assertEquals(Object.keys(arrived), []);
  const suppressed = trip(new SuppressedError(new RangeError("a"), 1, "c"));
  assertInstanceOf(suppressed, SuppressedError);
  assertInstanceOf(suppressed.error, RangeError);
  assertEquals([suppressed.suppressed, suppressed.message], [1, "c"]);
});

Deno.test("a DOMException arrives with its name and its code", () => {
  const error = new DOMException("stop", "AbortError");
  const arrived = trip(error);
  assertInstanceOf(arrived, DOMException);
  assertEquals(
    [arrived.name, arrived.message, arrived.code, arrived.stack],
    ["AbortError", "stop", 20, error.stack],
  );
});

Deno.test("own fields arrive, and those that hide stay hidden", () => {
  const error = Object.assign(new Deno.errors.ConnectionRefused("no"), {
    code: "ECONNREFUSED",
    details: { port: 80 },
  });
  const arrived = trip(error);
  assertEquals([arrived.code, arrived.details], ["ECONNREFUSED", { port: 80 }]);
  assertEquals(Object.keys(arrived), ["name", "code", "details"]);
  const shown = new Error("a");
  Object.defineProperty(shown, "message", { enumerable: true });
  assertEquals(Object.keys(trip(shown)), ["message"]);
});

Deno.test("an error of a class of the user's arrives as the nearest known one, with its name", () => {
  class HttpError extends RangeError {
    override name = "HttpError";
    constructor(message: string, readonly status: number) {
      super(message);
    }
  }
  class NotFound extends HttpError {}
  class Quiet extends TypeError {
    static {
      this.prototype.name = "Quiet";
    }
  }
  const arrived = trip(new NotFound("gone", 404));
  assertStrictEquals(Object.getPrototypeOf(arrived), RangeError.prototype);
  assertEquals(
    [arrived.name, arrived.message, arrived.status],
    ["HttpError", "gone", 404],
  );
  const quiet = trip(new Quiet("a"));
  assertStrictEquals(Object.getPrototypeOf(quiet), TypeError.prototype);
  assertEquals([quiet.name, Object.keys(quiet)], ["Quiet", []]);
});

Deno.test("an error of a registered class arrives as itself", () => {
  class Lost extends Error {
    override name = "Lost";
    readonly kind = 7;
  }
  registerError("test.Lost", Lost);
  const arrived = trip(new Lost("a"));
  assertInstanceOf(arrived, Lost);
  assertEquals([arrived.name, arrived.kind, arrived.message], ["Lost", 7, "a"]);
});

Deno.test("errors that lead back to themselves arrive as they are", () => {
  const error = new Error("a");
  error.cause = new AggregateError([error, error.cause], "b");
  const arrived = trip([error, error]);
  assertStrictEquals(arrived[0], arrived[1]);
  const cause = arrived[0]!.cause as AggregateError;
  assertStrictEquals(cause.errors[0], arrived[0]);
});

Deno.test("the length of stacks is as before, after an error arrived", () => {
  trip(new Error("a"));
  assert(new Error("b").stack!.split("\n").length > 1);
});

Deno.test("what a task threw arrives, whatever it is", () => {
  assertEquals(tripFailure("a string"), "a string");
  assertInstanceOf(tripFailure(new TypeError("a")), TypeError);
});

Deno.test("what a task threw and cannot travel is stood in for, with the reason as its cause", () => {
  const error = Object.assign(new RangeError("too much"), { f() {} });
  error.name = "TooMuch";
  const arrived = tripFailure(error) as Error;
  assertInstanceOf(arrived, Error);
  assertEquals(
    [arrived.name, arrived.message, arrived.stack],
    ["TooMuch", "too much", error.stack],
  );
  assertEquals(
    (arrived.cause as Error).message,
    'Cannot send the error of "crunch": .f is a function, ' +
      "which stays on its thread",
  );
  const other = tripFailure(() => {}) as Error;
  assertEquals(other.message, 'Cannot tell what "crunch" threw');
  assertEquals(
    (other.cause as Error).message,
    'Cannot send the error of "crunch": it is a function, ' +
      "which stays on its thread",
  );
});

Deno.test("what a task threw is stood in for, even if it cannot be read", () => {
  const unreadable = new Error("a");
  for (const field of ["message", "name", "stack", "extra"]) {
    Object.defineProperty(unreadable, field, {
      enumerable: true,
      get() {
        throw () => {};
      },
    });
  }
  const arrived = tripFailure(unreadable) as Error;
  assertEquals(arrived.message, 'Cannot tell what "crunch" threw');
  assertEquals(
    (arrived.cause as Error).message,
    "Cannot send an error: reading it failed",
  );
});
