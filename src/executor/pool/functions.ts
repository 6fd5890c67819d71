import { loadShareable, type TaskFunction } from "../../task/mod.ts";
import type { Declaration } from "../../task/mod.ts";
import type { Heap } from "./heap.ts";
import { HEADER, MAX_FUNCTIONS } from "./layout.ts";
import type { PoolMemory } from "./memory.ts";

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

  /** The number of a function that this thread spawns. */
  numberOf(declaration: Declaration): number {
    const { fn } = declaration;
    if (fn !== this.#last) {
      this.#lastNumber = this.#numbers.get(fn) ?? this.#register(declaration);
      this.#last = fn;
    }
    return this.#lastNumber;
  }

  #register({ url, name, fn }: Declaration): number {
    const { words, bytes, layout } = this.#memory;
    const number = Atomics.add(words, HEADER.FUNCTIONS, 1);
    const text = new TextEncoder().encode(JSON.stringify([url, name]));
    const block = this.#heap.allocate(text.length);
    if (number >= MAX_FUNCTIONS || block === 0) {
      throw new RangeError(
        `Cannot spawn "${name}": the runtime has room for ${MAX_FUNCTIONS} ` +
          "different tasks, and they are taken",
      );
    }
    bytes.set(text, this.#heap.offset(block));
    words[layout.functions + 2 * number] = block;
    words[layout.functions + 2 * number + 1] = text.length;
    this.#numbers.set(fn, number);
    this.#known[number] = { url, name, fn, error: null };
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
    // A copy: the decoder refuses shared memory.
    const text = new TextDecoder().decode(bytes.slice(at, at + length));
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
