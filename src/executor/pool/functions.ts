import {
  type Declaration,
  loadShareable,
  type TaskFunction,
} from "../../task/mod.ts";
import type { Heap } from "./heap.ts";
import { HEADER, MAX_FUNCTIONS } from "./layout.ts";
import type { PoolMemory } from "./memory.ts";
import { NONE } from "./task_deque.ts";

/** What a number in a record stands for, on this thread. */
export interface NumberedFunction {
  readonly url: string;
  readonly name: string;
  /** Null until its module was imported here. */
  fn: TaskFunction | null;
  /** Why there will never be one. */
  error: Error | null;
}

/**
 * The functions of a pool by number, so that a record needs one word for its
 * function. A thread that spawns one for the first time writes its address into
 * shared memory; a thread that meets a new number reads it there. Two threads may
 * give the same function two numbers, which harms nobody.
 */
export class Functions {
  readonly #memory: PoolMemory;
  readonly #heap: Heap;
  readonly #numbers = new Map<TaskFunction, number>();
  readonly #known: NumberedFunction[] = [];
  /** The one asked for last, which is often asked for again. */
  #last: TaskFunction | null = null;
  #lastNumber = 0;

  constructor(memory: PoolMemory, heap: Heap) {
    this.#memory = memory;
    this.#heap = heap;
  }

  /** The number of a function that this thread spawns; NONE: no room for it now. */
  numberOf(declaration: Declaration): number {
    const { fn } = declaration;
    if (fn === this.#last) return this.#lastNumber;
    const number = this.#numbers.get(fn) ?? this.#register(declaration);
    if (number === NONE) return NONE;
    this.#last = fn;
    return this.#lastNumber = number;
  }

  #register({ url, name, fn }: Declaration): number {
    const number = this.#find(url, name) ?? this.#add(url, name);
    if (number === NONE) return NONE;
    this.#numbers.set(fn, number);
    this.get(number).fn ??= fn;
    return number;
  }

  /**
   * The number that another thread has given to a function: threads that come and
   * go must not use numbers up. What another is adding meanwhile is not found.
   */
  #find(url: string, name: string): number | null {
    const { words, layout } = this.#memory;
    const count = Atomics.load(words, HEADER.FUNCTIONS);
    for (let number = 0; number < Math.min(count, MAX_FUNCTIONS); number++) {
      if (Atomics.load(words, layout.functions + 2 * number + 1) === 0) {
        continue;
      }
      const known = this.get(number);
      if (known.url === url && known.name === name) return number;
    }
    return null;
  }

  #add(url: string, name: string): number {
    const { words, bytes, layout } = this.#memory;
    const text = new TextEncoder().encode(JSON.stringify([url, name]));
    const block = this.#heap.find(text.length);
    if (block === 0) return NONE;
    const number = Atomics.add(words, HEADER.FUNCTIONS, 1);
    if (number >= MAX_FUNCTIONS) {
      this.#heap.free(block, text.length);
      throw new RangeError(
        `Cannot spawn "${name}": the runtime has room for ${MAX_FUNCTIONS} ` +
          "different tasks, and they are taken",
      );
    }
    bytes.set(text, this.#heap.offset(block));
    words[layout.functions + 2 * number] = block;
    // Last: who sees the length sees the rest.
    Atomics.store(words, layout.functions + 2 * number + 1, text.length);
    return number;
  }

  /** What a number stands for. The record that brought it also published it. */
  get(number: number): NumberedFunction {
    return this.#known[number] ??= this.#read(number);
  }

  #read(number: number): NumberedFunction {
    const { words, bytes, layout } = this.#memory;
    const block = words[layout.functions + 2 * number]!;
    const length = words[layout.functions + 2 * number + 1]!;
    const at = this.#heap.offset(block);
    const text = new TextDecoder().decode(bytes.subarray(at, at + length));
    const [url, name] = JSON.parse(text) as [string, string];
    return { url, name, fn: null, error: null };
  }

  /**
   * Sees to it that there is a function, or an error. Null: it is so already; else
   * it will be when the promise, which never rejects, has settled.
   */
  load(numbered: NumberedFunction): Promise<void> | null {
    if (numbered.fn !== null || numbered.error !== null) return null;
    const { url, name } = numbered;
    try {
      const fn = loadShareable(url, name);
      if (typeof fn === "function") {
        numbered.fn = fn;
        return null;
      }
      return fn.then(
        (fn) => void (numbered.fn = fn),
        (error) => void (numbered.error = error),
      );
    } catch (error) {
      numbered.error = error as Error;
      return null;
    }
  }
}
