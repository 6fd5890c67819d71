/** What a poll returns when the value is not there yet. */
export const Pending: unique symbol = Symbol("edo.Pending");

/** The same, as a binding that no other module sees: V8 takes it for constant. */
const PENDING: Pending = Pending;

/** The type of the {@linkcode Pending} marker. */
export type Pending = typeof Pending;

/** The outcome of polling a future: its value, or {@linkcode Pending}. */
export type Poll<T> = T | Pending;

/**
 * Whether a poll returned {@linkcode Pending}; narrows the type of what it did
 * return.
 *
 * The runtime asks by this function and not by `=== Pending`, since V8 does not
 * know an imported binding for a constant: with values of all kinds on the left
 * each comparison is a call then, and four of them are in each echo (60 of its
 * 400 ns outside the system).
 */
export function isPending(value: unknown): value is Pending {
  return value === PENDING;
}

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
