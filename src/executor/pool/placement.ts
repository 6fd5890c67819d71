/** Where a task is to run. */
export interface Placement {
  /** The seat of the worker that must run it; none: any worker. */
  readonly on?: number;
  /** Buffers that move instead of being copied. */
  readonly transfer?: readonly Transferable[];
  /** Whether it may block its thread. */
  readonly blocking?: boolean;
}
