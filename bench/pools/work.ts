// The work that all of them do: functions of one argument.

export interface Numbered {
  value: number;
}

export function empty({ value }: Numbered): Numbered {
  return { value: value + 1 };
}

export function next(value: number): number {
  return value + 1;
}

/** Integer arithmetic for a time that is proportional to `loops`. */
export function spin(
  { value, loops }: { value: number; loops: number },
): Numbered {
  let x = 1;
  for (let i = 0; i < loops; i++) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
  }
  // A xorshift never gets to zero, which a compiler does not know.
  return { value: x === 0 ? 0 : value };
}

/** The factorial modulo a prime: a result that every pool can carry. */
export function factorial({ n }: { n: number }): Numbered {
  let product = 1n;
  for (let i = 2n; i <= n; i++) product *= i;
  return { value: Number(product % 1_000_003n) };
}

export function bytesIn(bytes: Uint8Array): { length: number } {
  return { length: bytes.length };
}

export function bytesBoth(bytes: Uint8Array): Uint8Array {
  return bytes;
}

export function fib(n: number): number {
  return n < 2 ? n : fib(n - 1) + fib(n - 2);
}
