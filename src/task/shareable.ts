import type { Coroutine, Future } from "../future/mod.ts";
import type { TaskFunction } from "./task.ts";

/**
 * Where a shareable function keeps its {@linkcode Declaration}. A property, since
 * `spawn` asks each function for it: 2 to 8 ns, and nothing to hash as in a `WeakMap`.
 */
export const DECLARATION: unique symbol = Symbol("edo.task");

/** What makes a function shareable: the address under which any thread finds it. */
export interface Declaration {
  /** The module that declares it, `import.meta.url` there. */
  readonly url: string;
  /** What it is called in that module; only there need it be the only one. */
  readonly name: string;
  /** The function. */
  readonly fn: TaskFunction;
}

/**
 * What `task` adds to the type of a function, and nothing else can: only a type.
 */
export declare abstract class Declared {
  readonly #isTask: true;
}

/**
 * A function that any thread can run: what `task` returns. Called directly, it is
 * the function that it was.
 *
 * @example A helper for tasks with these arguments and this value
 * ```ts
 * import type { Shareable } from "@edo/runtime";
 *
 * function describe(task: Shareable<[n: number], string>): string {
 *   return `the task ${task.name}`;
 * }
 * console.log(describe.length);
 * ```
 */
export type Shareable<A extends unknown[], T> =
  & ((...args: A) => Coroutine<T> | Future<T> | T)
  & Declared;

/** What of `import.meta` is needed: any object with the module's address. */
export interface ModuleMeta {
  /** The address of the module. */
  readonly url: string;
}

/**
 * Whether values of a type can go to another thread, as far as types tell: `false`
 * for functions, symbols, promises, futures, generators, and what contains them.
 *
 * A union travels if one of its members can. Only types written as literals are
 * looked into, as an interface or a class may be one that takes part with a protocol
 * of its own; and only to a depth of four, as some have no end, such as JSON's.
 *
 * @example
 * ```ts
 * import type { Travels } from "@edo/runtime";
 *
 * const yes: Travels<Map<string, Uint8Array>> = true;
 * const no: Travels<{ onProgress: () => void }> = false;
 * console.log(yes, no);
 * ```
 */
export type Travels<T, Depth extends unknown[] = []> = unknown extends T ? true
  : [T] extends [string | number | bigint | boolean | null | undefined] ? true
  : Depth["length"] extends 4 ? true
  : true extends (
    // For each member of a union by itself.
    T extends
      | symbol
      | ((...args: never[]) => unknown)
      | (abstract new (...args: never[]) => unknown)
      | Future<unknown>
      | PromiseLike<unknown>
      | IteratorObject<unknown, unknown, never>
      | AsyncIterator<unknown, unknown, never> ? false
      : T extends ReadonlyMap<infer K, infer V>
        ? Travels<[K, V], [...Depth, unknown]>
      : T extends ReadonlySet<infer V> ? Travels<V, [...Depth, unknown]>
      : T extends readonly unknown[] ? false extends {
          [I in keyof T]: Travels<T[I], [...Depth, unknown]>;
        }[number] ? false
        : true
      : T extends Record<string, unknown> ? false extends {
          [K in keyof T]: Travels<T[K], [...Depth, unknown]>;
        }[keyof T] ? false
        : true
      : true
  ) ? true
  : false;

/**
 * `unknown` for a function that can be a task; else, what is wrong with it. It
 * counts arguments from 1, as the errors of `spawn` do.
 */
export type Checked<F> = F extends (...args: infer A) => infer R ? (
    [never, ...A] extends infer Counted extends unknown[] ? {
        [I in keyof Counted]-?: Travels<Counted[I]> extends true ? never
          : `${I & (string | number)}`;
      }[number]
      : never
  ) extends infer N extends string ? [N] extends [never] ? Travels<
        R extends Future<infer T> ? T
          : R extends Generator<unknown, infer T, never> ? T
          : Awaited<R>
      > extends true ? unknown
      : "Cannot be a task: its value cannot travel to another thread"
    : `Cannot be a task: argument ${N} cannot travel to another thread`
  : never
  : never;
