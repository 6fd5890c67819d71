// What npm's deno-std exports, which comes without types.

export interface DeadlineOptions {
  signal?: AbortSignal;
}

export declare function deadline<T>(
  p: Promise<T>,
  ms: number,
  options?: DeadlineOptions,
): Promise<T>;
