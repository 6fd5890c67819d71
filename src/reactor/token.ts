/**
 * Names one registration with a reactor. It is no longer valid once it was
 * deregistered, even if the same place, or the same descriptor, is used again.
 */
export type Token = number & {
  /** Exists in types alone, so that no other number passes for a token. */
  readonly brand: "Token";
};

/**
 * How many registrations a reactor can hold at once: more than a process can
 * have descriptors, and few enough that a place and a generation fit together
 * into one exact number.
 */
const MAX_KEYS = 2 ** 24;

/** Generations are counted modulo this, so that tokens stay exact (2^53). */
export const GENERATIONS: number = 2 ** 28;

/** Tokens with a fixed meaning. */
export const Token: {
  /** The reactor's own wake-up, see `ReactorHandle.wake`. */
  readonly WAKE: Token;
} = { WAKE: 0 as Token };

/** Packs a place, from 1, and its generation. */
export function makeToken(key: number, generation: number): Token {
  return (generation * MAX_KEYS + key) as Token;
}

/** The place that a token names. */
export function tokenKey(token: Token): number {
  return token % MAX_KEYS;
}

/** The generation of the place that a token names. */
export function tokenGeneration(token: Token): number {
  return Math.floor(token / MAX_KEYS);
}
