/**
 * What the compiler says of tasks. A line after `@ts-expect-error` that has no error
 * is an error itself.
 */
import { assertEquals } from "@std/assert";
import {
  type Coroutine,
  type Future,
  type JoinHandle,
  type net,
  yieldNow,
} from "../../mod.ts";
import { task } from "../../src/task/registry.ts";
import type { Shareable, Travels } from "../../src/task/shareable.ts";

/** Each of its own module: all that is called here is refused or is no matter. */
let modules = 0;
function meta(): { url: string } {
  return { url: `file:///types/${++modules}.ts` };
}

interface Options {
  onProgress: () => void;
}
class Account {
  balance = 0;
  readonly report = () => this.balance;
}
type Json = string | number | Json[] | { [key: string]: Json };
type Tree = { left?: Tree; right?: Tree; value: number };
enum Colour {
  Red,
}

/** Whether two types are the same, both ways. */
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;

Deno.test("types of values that can travel are known", () => {
  const all: (
    & Travels<string | number | bigint | boolean | null | undefined>
    & Travels<Date | RegExp | Error | Uint8Array | SharedArrayBuffer>
    & Travels<Map<string, Set<[number, Date]>>>
    & Travels<Map<object, Set<object>>>
    & Travels<{ a: { b: readonly string[] } }>
    & Travels<"literal" | 3 | Colour>
    & Travels<Json>
    & Travels<Tree>
    & Travels<net.TcpStream | net.TcpListener>
    & Travels<unknown>
    & Travels<object>
    & Travels<never>
    & Travels<void>
  )[] = [true];
  assertEquals(all, [true]);
});

Deno.test("types that can never travel are known, and what contains them", () => {
  const none: (
    | Travels<() => void>
    | Travels<symbol>
    | Travels<typeof Account>
    | Travels<Promise<number>>
    | Travels<Future<number> | JoinHandle<number>>
    | Travels<Generator<number> | AsyncGenerator<number>>
    | Travels<Coroutine<number>>
    | Travels<IterableIterator<number> & IteratorObject<number>>
    | Travels<{ a: { b: Promise<number> } }>
    | Travels<(() => void)[]>
    | Travels<[number, Map<string, symbol>]>
    | Travels<Set<() => void>>
  )[] = [false];
  assertEquals(none, [false]);
});

Deno.test("interfaces, classes and types that may hold something else are not refused", () => {
  const all: (
    & Travels<Options>
    & Travels<Account>
    & Travels<string | (() => void)>
    & Travels<{ onProgress?: () => void }>
    // deno-lint-ignore no-explicit-any
    & Travels<any>
  )[] = [true];
  assertEquals(all, [true]);
});

Deno.test("arguments and values that can never travel are compile errors", () => {
  // @ts-expect-error: a function
  task(meta(), function a(_n: number, _f: () => void) {});
  // @ts-expect-error: a symbol
  task(meta(), function* b(_s: symbol) {});
  // @ts-expect-error: a promise, deep inside
  task(meta(), "name", (_o: { a: { b: Promise<number> } }) => {});
  // @ts-expect-error: a future
  task(meta(), async function c(_f: Future<number>) {});
  // @ts-expect-error: functions, in the rest
  task(meta(), function d(..._f: (() => void)[]) {});
  // @ts-expect-error: a generator
  task(meta(), function* e(_g: Coroutine<number>) {});
  // @ts-expect-error: the value is a function
  task(meta(), function* f() {
    yield* yieldNow();
    return () => 1;
  });
  // @ts-expect-error: the promised value is a symbol
  // deno-lint-ignore require-await
  task(meta(), async function g() {
    return Symbol();
  });
  task(meta(), function* h(_o?: () => void, ..._n: number[]) {});
  task(meta(), function i(_o: Options, _a: Account, _j: Json) {});
});

Deno.test("a task keeps its type, and types flow from it to the handle", () => {
  /** What a function that takes tasks looks like, such as `spawnWith`. */
  function start<A extends unknown[], T>(
    _task: Shareable<A, T>,
    ..._args: A
  ): Awaited<T>[] {
    return [];
  }
  const plain = task(meta(), function plain(n: number, _s?: string) {
    return n;
  });
  const generator = task(meta(), function* generator(words: string[]) {
    yield* yieldNow();
    return words.join();
  });
  const later = task(meta(), async function later() {
    return await Promise.resolve(new Date());
  });
  const generic = task(meta(), function* generic<T extends object>(value: T) {
    yield* yieldNow();
    return [value];
  });
  const a: Same<ReturnType<typeof start<[number], number>>, number[]> = true;
  const numbers: number[] = start(plain, 1);
  const words: string[] = start(generator, ["a"]);
  const dates: Date[] = start(later);
  const objects: { x: number }[][] = start(generic, { x: 1 });
  const called: number = plain(1, "s");
  assertEquals([a, numbers, words, dates, objects, called], [
    true,
    [],
    [],
    [],
    [],
    1,
  ]);

  // @ts-expect-error: a string for a number
  start(plain, "1");
  // @ts-expect-error: an argument is missing
  start(generator);
  // @ts-expect-error: the value is no string
  const wrong: string[] = start(plain, 1);
  // @ts-expect-error: not made by task()
  start(function* () {});
  assertEquals(wrong, []);
});
