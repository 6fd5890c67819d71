import {
  type Coroutine,
  describe,
  Future,
  isCoroutine,
  isThenable,
  nameOf,
} from "../future/mod.ts";
import type { TaskFunction } from "../task/mod.ts";

/**
 * A function that can be run as a task: a generator function of Edo's, or one
 * that returns a future or just a value.
 */
export type Body<A extends unknown[], T> = (
  ...args: A
) => Coroutine<T> | Future<T> | T;

const AsyncFunctionPrototype = Object.getPrototypeOf(async () => {});
const AsyncGeneratorFunctionPrototype = Object.getPrototypeOf(
  async function* () {},
);

/**
 * What a task made of a future or of a generator runs: `Task` takes it from there.
 * Errors and reports call the task by the function's name, as any other.
 */
const DRIVE = {
  future: (source: unknown): unknown => source,
  generator: (source: unknown): unknown => source,
};

/** What a task shall run, checked. */
export interface Prepared {
  readonly fn: TaskFunction;
  readonly args: unknown[];
}

/** Throws if a function can never run as a task. */
export function checkFunction(
  verb: string,
  // deno-lint-ignore ban-types
  fn: Function,
  blocking: boolean,
): void {
  const prototype = Object.getPrototypeOf(fn);
  if (prototype === AsyncGeneratorFunctionPrototype) {
    throw new TypeError(
      `Cannot ${verb} the async generator function "${nameOf(fn)}": ` +
        "nobody would take what it yields. Write function* and yield*",
    );
  }
  if (blocking && prototype === AsyncFunctionPrototype) {
    throw new TypeError(
      `Cannot ${verb} the async function "${nameOf(fn)}" while the thread ` +
        "is blocked: no promise could settle. Write it as a generator " +
        "function (function*, yield*), or use run() instead of block_on",
    );
  }
}

/**
 * Checks what `block_on`, `run` and `spawn` are given.
 *
 * @param verb The caller's name, for the error.
 * @throws {TypeError} If it can never run as a task.
 */
export function prepare(
  verb: string,
  source: unknown,
  args: unknown[],
  blocking: boolean,
): Prepared {
  if (typeof source === "function") {
    checkFunction(verb, source, blocking);
    return { fn: source as TaskFunction, args };
  }
  if (source instanceof Future && typeof source.poll !== "function") {
    throw new TypeError(
      `Cannot ${verb} a future that has no method poll: ${describe(source)}`,
    );
  }
  if (source instanceof Future || isCoroutine(source)) {
    if (args.length > 0) {
      throw new TypeError(
        `Cannot ${verb} a future with ${args.length} arguments: ` +
          "arguments are for functions",
      );
    }
    const fn = source instanceof Future ? DRIVE.future : DRIVE.generator;
    return { fn, args: [source] };
  }
  const hint = isThenable(source)
    ? "a promise; wrap it in fromPromise(), inside run()"
    : `${source === null ? "null" : typeof source}, which is neither`;
  throw new TypeError(
    `Cannot ${verb}: the first argument must be a function or a future, ` +
      `and is ${hint}`,
  );
}
