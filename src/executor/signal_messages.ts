/**
 * What the thread that listens for signals and those that it serves say to each
 * other: orders by `postMessage`, answers through two words of shared memory.
 *
 * @module
 */
import type { ReactorHandleMessage } from "../reactor/parking.ts";

/** The index of the number of the last order that was carried out. */
export const SERVED = 0;
/** The index of the count of signals that were heard. */
export const HEARD = 1;
/** How many bytes the two take. */
export const SIGNAL_BYTES = 8;

/** The first message: where to write to, and whom to wake. */
export interface SignalSetup {
  readonly do: "setup";
  readonly words: SharedArrayBuffer;
  readonly reactor: ReactorHandleMessage;
}

/** To listen for the next signal, or not any more, or to end. */
export interface SignalOrder {
  readonly do: "listen" | "unlisten" | "end";
  /** What `SERVED` shall be afterwards. */
  readonly number: number;
}
