import { Branches } from "./branches.ts";
import type { Context } from "./context.ts";
import type { IntoFuture } from "./coroutine.ts";
import { Future } from "./future.ts";
import { Pending, type Poll } from "./poll.ts";

/** The values of a tuple of futures, in the same order. */
export type Joined<F extends readonly IntoFuture<unknown>[]> = {
  -readonly [K in keyof F]: F[K] extends IntoFuture<infer T> ? T : never;
};

class Join<T> extends Future<T> {
  readonly #branches: Branches;
  readonly #values: unknown[];

  constructor(sources: readonly IntoFuture<unknown>[]) {
    super();
    this.#branches = new Branches(sources);
    this.#values = new Array(sources.length).fill(undefined);
  }

  override poll(cx: Context): Poll<T> {
    for (const branch of this.#branches.takeReady(cx)) {
      let value;
      try {
        value = branch.poll(cx);
      } catch (error) {
        this.#branches.finish(branch);
        this.cancel();
        throw error;
      }
      if (value === Pending) continue;
      this.#branches.finish(branch);
      this.#values[branch.index] = value;
    }
    return this.#branches.size === 0 ? this.#values as T : Pending;
  }

  override cancel(): void {
    this.#branches.cancel();
  }
}

/**
 * Runs futures side by side, in one task, until all are ready.
 *
 * @param futures Futures or generators; none gives an empty tuple at once.
 * @returns Their values, in the order of the arguments.
 * @throws The first error that one of them throws; the others are cancelled.
 *
 * @example Two at a time
 * ```ts
 * import { block_on, join, time } from "@edo/runtime";
 * import { assertEquals } from "@std/assert";
 *
 * function* after<T>(ms: number, value: T) {
 *   yield* time.sleep(ms);
 *   return value;
 * }
 * const [word, number] = block_on(join(after(2, "two"), after(1, 1)));
 * assertEquals([word, number], ["two", 1]);
 * ```
 */
export function join<const F extends readonly IntoFuture<unknown>[]>(
  ...futures: F
): Future<Joined<F>> {
  return new Join<Joined<F>>(futures);
}
