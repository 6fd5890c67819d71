import { errorTagOf, findError, registerError } from "../../future/portable.ts";
import type { Sink } from "./sink.ts";
import { END, ERROR } from "./tags.ts";

const DOM_EXCEPTION = "DOMException";

for (
  const [name, errorClass] of Object.entries({
    Error,
    EvalError,
    RangeError,
    ReferenceError,
    SyntaxError,
    TypeError,
    URIError,
    AggregateError,
    SuppressedError,
    DOMException,
  })
) registerError(name, errorClass);
for (const [name, errorClass] of Object.entries(Deno.errors)) {
  registerError(`Deno.errors.${name}`, errorClass);
}

/** The own fields that engines make without showing them in `Object.keys`. */
const HIDDEN = [
  "message",
  "stack",
  "name",
  "cause",
  "errors",
  "error",
  "suppressed",
] as const;

/** The nearest class of an error that all threads know, or null: it is none. */
export function nearestErrorClass(
  value: object,
): { tag: string; prototype: { name?: unknown } } | null {
  let prototype = Object.getPrototypeOf(value) as object | null;
  while (prototype !== null) {
    const tag = errorTagOf(prototype);
    if (tag !== undefined) return { tag, prototype };
    prototype = Object.getPrototypeOf(prototype) as object | null;
  }
  return null;
}

/**
 * Writes an error: the tag of its class (of a `DOMException`, message and name);
 * the names and values of its hidden fields, `END`; those of the others, `END`.
 */
export function encodeError(
  error: Error,
  nearest: { tag: string; prototype: { name?: unknown } },
  sink: Sink,
): void {
  const { out } = sink;
  const { tag, prototype } = nearest;
  out.word(ERROR);
  out.string(tag);
  const isDom = tag === DOM_EXCEPTION;
  if (isDom) {
    out.string(error.message);
    out.string(error.name);
  }
  for (const key of HIDDEN) {
    if (!isHidden(error, key)) continue;
    out.string(key);
    sink.value(error[key as keyof Error], key);
  }
  const { name } = error;
  // A name that comes from the prototype of a class that stays behind.
  if (!isDom && !Object.hasOwn(error, "name") && name !== prototype.name) {
    out.string("name");
    sink.value(name, "name");
  }
  out.word(END);
  for (const key of Object.keys(error)) {
    out.string(key);
    sink.value(error[key as keyof Error], key);
  }
  out.word(END);
}

function isHidden(error: Error, key: string): boolean {
  return Object.hasOwn(error, key) &&
    !Object.prototype.propertyIsEnumerable.call(error, key);
}

/** An error of a class, without any fields of its own. */
export function makeError(tag: string, readText: () => string): Error {
  // Its stack is the one that travelled; making another takes microseconds.
  const { stackTraceLimit } = Error as { stackTraceLimit?: number };
  (Error as { stackTraceLimit?: number }).stackTraceLimit = 0;
  try {
    if (tag === DOM_EXCEPTION) return new DOMException(readText(), readText());
    // Without running the constructor of the class, which may want anything.
    const errorClass = (findError(tag) ?? Error) as ErrorConstructor;
    return Reflect.construct(Error, [], errorClass) as Error;
  } finally {
    (Error as { stackTraceLimit?: number }).stackTraceLimit = stackTraceLimit!;
  }
}
