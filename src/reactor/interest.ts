import { READABLE, WRITABLE } from "./readiness.ts";

/** Which direction of a socket somebody wants to hear of. */
export const Interest: {
  /** Data, a connection to accept, or the peer's end. */
  readonly READABLE: 1;
  /** Room to write, or the outcome of a connect. */
  readonly WRITABLE: 2;
} = { READABLE, WRITABLE };

/** One of the two directions, see {@linkcode Interest}. */
export type Interest = 1 | 2;
