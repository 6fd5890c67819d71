import { describe, nameOf } from "../future/mod.ts";
import { guardedImport, hasImported, shown } from "./import_guard.ts";
import {
  type Checked,
  DECLARATION,
  type Declaration,
  type Declared,
  type ModuleMeta,
} from "./shareable.ts";
import type { TaskFunction } from "./task.ts";

/** What is known of a module on this thread. */
interface Module {
  readonly tasks: Map<string, Declaration>;
  /**
   * The import that `loadShareable` has made, if any: under way or failed; done; or
   * what it was refused. A failure is kept: Deno would repeat it, even for a file
   * that is there by now.
   */
  imported: Promise<void> | "evaluated" | Error | null;
}

/** The modules of this thread, by their address. */
const modules = new Map<string, Module>();

const AsyncGeneratorFunctionPrototype = Object.getPrototypeOf(
  async function* () {},
);

/**
 * Makes a function that any thread can run, and returns the very same function.
 *
 * Call it at module level: a worker that is to run the task imports the module, and
 * finds the function under its name. Only the module's address, that name and the
 * arguments travel, so the function sees its own thread's copy of the module's
 * variables.
 *
 * @param meta `import.meta` of the module.
 * @param fn A generator function, an `async` or a plain function. Its name is the
 * task's name, which must be the only one in the module.
 * @throws {TypeError} If `fn` is no function, has no name, or is a class or an async
 * generator function, or is frozen; or if `meta` has no `url`.
 * @throws {Error} If the module has declared another function under this name, or
 * the function is declared already under another one.
 *
 * @example
 * ```ts
 * import { block_on, task } from "@edo/runtime";
 * import { assertEquals } from "@std/assert";
 *
 * export const sum = task(import.meta, function* sum(numbers: Float64Array) {
 *   return numbers.reduce((a, b) => a + b, 0);
 * });
 * assertEquals(sum.name, "sum");
 * assertEquals(block_on(sum(Float64Array.of(1, 2, 3))), 6);
 * ```
 */
// deno-lint-ignore no-explicit-any
export function task<F extends (...args: any[]) => unknown>(
  meta: ModuleMeta,
  fn: F & Checked<F>,
): F & Declared;
/**
 * Makes a function that any thread can run, with a name of its own: minifiers
 * rename functions, bundlers put several modules into one.
 */
// deno-lint-ignore no-explicit-any
export function task<F extends (...args: any[]) => unknown>(
  meta: ModuleMeta,
  name: string,
  fn: F & Checked<F>,
): F & Declared;
export function task(
  ...args: [meta: unknown, fn: unknown] | [
    meta: unknown,
    name: unknown,
    fn: unknown,
  ]
): TaskFunction {
  const url = addressOf(args[0]);
  const fn = args.length > 2 ? args[2] : args[1];
  const problem = unfit(fn);
  if (problem !== null) {
    throw new TypeError(`Cannot declare a task of ${shown(url)}: ${problem}`);
  }
  const name = args.length > 2 ? args[1] : (fn as TaskFunction).name;
  if (typeof name !== "string" || name === "") {
    throw new TypeError(
      args.length > 2
        ? `Cannot declare a task of ${shown(url)}: the name must be a ` +
          `string that is not empty, and is ${describe(name)}`
        : `Cannot declare a task of ${shown(url)}: the function has no ` +
          'name; write `function* name(…)`, or task(import.meta, "name", fn)',
    );
  }
  return declare(url, name, fn as TaskFunction);
}

/** The module's address, all of it: Deno evaluates `a.ts#1` and `a.ts#2` apart. */
function addressOf(meta: unknown): string {
  const url = (meta as Partial<ModuleMeta> | null | undefined)?.url;
  if (typeof url === "string" && url !== "") return url;
  throw new TypeError(
    "Cannot declare a task: the first argument must be import.meta, and " +
      (typeof meta === "object" && meta !== null
        ? "has no url"
        : `is ${describe(meta)}`),
  );
}

/** What keeps a value from being a task, or null. */
function unfit(fn: unknown): string | null {
  if (typeof fn !== "function") {
    return `a task must be a function, and is ${describe(fn)}`;
  }
  if (Object.getPrototypeOf(fn) === AsyncGeneratorFunctionPrototype) {
    return `"${
      nameOf(fn)
    }" is an async generator function: nobody would take ` +
      "what it yields. Write function* and yield*, or async and await";
  }
  // It was looked at before, and may have been frozen since.
  if (shareableOf(fn as TaskFunction) !== undefined) return null;
  if (!Object.isExtensible(fn)) {
    return `"${nameOf(fn)}" is frozen, and the declaration is kept with it`;
  }
  // Only that of a class cannot be assigned to.
  const prototype = Object.getOwnPropertyDescriptor(fn, "prototype");
  if (prototype?.writable === false) {
    return `"${nameOf(fn)}" is a class, which cannot be called; ` +
      "write a function that makes the object";
  }
  return null;
}

function declare(url: string, name: string, fn: TaskFunction): TaskFunction {
  const label = `Cannot declare the task ${describe(name)} of ${shown(url)}`;
  const before = shareableOf(fn);
  if (before !== undefined) {
    if (before.url === url && before.name === name) return fn;
    throw new Error(
      `${label}: the function is the task ${describe(before.name)} of ` +
        `${shown(before.url)} already`,
    );
  }
  const module = moduleAt(url);
  if (module.tasks.has(name)) {
    throw new Error(
      `${label} twice: another ` +
        "function has this name. Declare each task once, at module level, " +
        'and tell them apart by task(import.meta, "name", fn)',
    );
  }
  const declaration: Declaration = { url, name, fn };
  Object.defineProperty(fn, DECLARATION, { value: declaration });
  module.tasks.set(name, declaration);
  return fn;
}

function moduleAt(url: string): Module {
  let module = modules.get(url);
  if (module === undefined) {
    module = { tasks: new Map(), imported: null };
    modules.set(url, module);
  }
  return module;
}

/** The address of a shareable function; `undefined` for any other one. */
export function shareableOf(fn: TaskFunction): Declaration | undefined {
  const declaration =
    (fn as TaskFunction & { [DECLARATION]?: Declaration })[DECLARATION];
  // It may be inherited by a function whose prototype was set.
  return declaration !== undefined && declaration.fn === fn
    ? declaration
    : undefined;
}

/**
 * The function at an address, on this thread. Where its module was not evaluated
 * here yet, it is imported first, and the function comes as a promise.
 *
 * @param url The module.
 * @param name The task in that module.
 * @throws {Error} At once or as a rejection: if the module cannot be imported or
 * throws (`cause` has what), if it declares no such task, or if it starts work when
 * it is imported: then with the very error of `checkNotImporting`, even if the
 * module caught that, since it is not the program that it takes itself for.
 */
export function loadShareable(
  url: string,
  name: string,
): TaskFunction | Promise<TaskFunction> {
  const module = moduleAt(url);
  // Once there are imports, a declared task is no sign that its module has been
  // evaluated to its end: it may be waiting, or have thrown further down.
  if (
    module.imported === "evaluated" || (!hasImported && module.tasks.has(name))
  ) {
    return declaredIn(module, url, name);
  }
  if (module.imported instanceof Error) throw module.imported;
  module.imported ??= importModule(module, url);
  return module.imported.then(
    () => declaredIn(module, url, name),
    (error) => {
      if (error === module.imported) throw error;
      throw new Error(
        `Cannot run the task "${name}" of ${shown(url)}: importing the ` +
          `module failed: ${printed(error)}`,
        { cause: error },
      );
    },
  );
}

async function importModule(module: Module, url: string): Promise<void> {
  const refusal = await guardedImport(url);
  module.imported = refusal ?? "evaluated";
  if (refusal !== null) throw refusal;
}

function declaredIn(module: Module, url: string, name: string): TaskFunction {
  const declaration = module.tasks.get(name);
  if (declaration !== undefined) return declaration.fn;
  const names = [...module.tasks.keys()].map((name) => `"${name}"`);
  throw new Error(
    `Cannot run the task "${name}" of ${shown(url)}: the module declares no ` +
      "such task; declare it at module level, with " +
      "`export const x = task(import.meta, …)`. It declares " +
      (names.length === 0 ? "none" : names.join(", ")),
  );
}

function printed(error: unknown): string {
  try {
    return String(error);
  } catch {
    return "a value that cannot be printed";
  }
}
