import { Branches } from "./branches.ts";
import type { Context } from "./context.ts";
import type { IntoFuture } from "./coroutine.ts";
import { Future } from "./future.ts";
import { Pending, type Poll } from "./poll.ts";

/** Which future of a `select` was first, by its place, and its value. */
export type Selected<F extends readonly IntoFuture<unknown>[]> = {
  [K in keyof F & `${number}`]: {
    /** The place of the winner among the arguments, from 0. */
    readonly index: K extends `${infer N extends number}` ? N : never;
    /** The winner's value. */
    readonly value: F[K] extends IntoFuture<infer T> ? T : never;
  };
}[keyof F & `${number}`];

class Select<T> extends Future<T> {
  readonly #branches: Branches;

  constructor(sources: readonly IntoFuture<unknown>[]) {
    super();
    this.#branches = new Branches(sources);
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
      this.cancel();
      return { index: branch.index, value } as T;
    }
    return Pending;
  }

  override cancel(): void {
    this.#branches.cancel();
  }
}

/**
 * Runs futures side by side, in one task, until the first is ready, and cancels
 * the others before it returns.
 *
 * Where several are ready at the first poll, the first of the arguments wins;
 * later, the one that was woken first.
 *
 * @param futures Futures or generators, at least one.
 * @returns The winner's place and value; checking `index` narrows `value`.
 * @throws {TypeError} If there are no arguments.
 * @throws What the first future to end throws; the others are cancelled.
 *
 * @example Whichever comes first
 * ```ts
 * import { block_on, select, time } from "@edo/runtime";
 * import { assertEquals } from "@std/assert";
 *
 * function* after<T>(ms: number, value: T) {
 *   yield* time.sleep(ms);
 *   return value;
 * }
 * const first = block_on(select(after(1_000, "slow"), after(1, "quick")));
 * assertEquals(first, { index: 1, value: "quick" });
 * ```
 */
export function select<
  const F extends readonly [IntoFuture<unknown>, ...IntoFuture<unknown>[]],
>(...futures: F): Future<Selected<F>> {
  if (futures.length === 0) {
    throw new TypeError("Cannot select: there are no futures to choose from");
  }
  return new Select<Selected<F>>(futures);
}
