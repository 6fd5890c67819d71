/** What a poll returns when the value is not there yet. */
export const Pending: unique symbol = Symbol("edo.Pending");

/** The type of the {@linkcode Pending} marker. */
export type Pending = typeof Pending;

/** The outcome of polling a future: its value, or {@linkcode Pending}. */
export type Poll<T> = T | Pending;

/**
 * What travels outwards through `yield*`: a future that has to wait yields the one
 * suspension there is, every generator between it and its task passes it on, and
 * the executor that receives it puts the task aside until its waker is called.
 *
 * It is an object, not the symbol `Pending`, because TypeScript widens a unique
 * symbol to `symbol` when it infers what a generator yields.
 */
export interface Suspension {
  /** Tells it from other objects, in types and when printed. */
  readonly [Symbol.toStringTag]: "Suspension";
}

/** The one suspension. */
export const SUSPENSION: Suspension = Object.freeze<Suspension>({
  [Symbol.toStringTag]: "Suspension",
});
