/**
 * The contract of a port: what the reactor needs from an operating system.
 *
 * A new system needs one folder `src/sys/<os>/`, one file beside this one that
 * meets this contract, and one line in `select_backend.ts`.
 *
 * What a backend must hold to:
 *
 * 1. `register` is called once per socket, before any event for it is wanted. The
 *    key is a small integer, free for reuse after `deregister`; the generation
 *    tells two uses of one key apart and comes back unchanged with each event.
 * 2. An event says that a direction *may* be ready. It may be spurious, it must
 *    never be missing: after an operation would have blocked and `rearm` was
 *    called for its direction, the next change to ready is reported by a later
 *    `wait`. A backend whose events are edges (`edgeTriggered`) reports every
 *    change by itself, the state at `register` included, and `rearm` does nothing.
 * 3. Data, the peer's FIN and a reset all make a socket readable; room, a failed
 *    connect and a reset make it writable. `READ_CLOSED` and `WRITE_CLOSED` are
 *    set only if they are true, since they are never cleared again.
 * 4. `wait` returns early only for an event, a signal of rule 6, or a signal of the
 *    operating system that interrupts the call; else never before its timeout:
 *    fractions of a millisecond it cannot do are rounded up. A timeout of 0 asks
 *    the system all the same. Timeouts above the system's longest are cut to it.
 *    The caller looks at the clock and calls again.
 * 5. Events stay readable, by index, until the next `wait` or `waitAsync`
 *    that returns. While they are read, any socket may be registered,
 *    deregistered or closed.
 * 6. `signal(target)` may be called from any thread, before or during a wait, and
 *    ends that wait or the next one. Signals may be merged. They are no events.
 * 7. Memory that the system may still write to stays alive and in place, whatever
 *    happened to the socket, the task or the reactor.
 * 8. `close` leaves nothing behind, with registrations and a wait outstanding.
 *    With `atEnd` the thread is about to end, nothing that is awaited comes back
 *    there, and `close` may block it for a moment to see the end of that wait.
 *
 * @module
 */

/** How a thread that holds only plain data can end another thread's wait. */
export interface SignalTarget {
  /** Which backend it belongs to, see {@linkcode Backend.name}. */
  readonly backend: string;
  /** What that backend signals: a descriptor, a port's handle, a word's index. */
  readonly target: number;
  /** Where the notifier has its word. */
  readonly signals?: SharedArrayBuffer;
}

/** An operating system's way of waiting. The rules stand at the top of this file. */
export interface Backend {
  /** What it is called in errors and metrics. */
  readonly name: string;
  /** Whether sockets can be registered at all. */
  readonly supportsSockets: boolean;
  /**
   * Whether events are edges: only then does a read that fills less than its
   * buffer prove that the next change will be reported.
   */
  readonly edgeTriggered: boolean;
  /** Where other threads signal. */
  readonly signalTarget: SignalTarget;

  /** Watches a socket. Throws the system's error, leaving nothing registered. */
  register(fd: number, key: number, generation: number): void;
  /** Asks for the next event of a direction, see rule 2. */
  rearm(key: number, interest: number): void;
  /** Stops watching a socket that is still open. Never throws. */
  deregister(fd: number, key: number): void;

  /**
   * Waits up to `timeoutMs` milliseconds, fractions included; `Infinity` for
   * no limit. Returns the number of events.
   */
  wait(timeoutMs: number): number;
  /** The same off the thread, without a limit. At most one at a time. */
  waitAsync(): Promise<number>;

  /** The key that event `index` was registered with. */
  eventKey(index: number): number;
  /** The generation that event `index` was registered with. */
  eventGeneration(index: number): number;
  /** The readiness bits of event `index`. */
  eventReadiness(index: number): number;

  /** Gives everything back to the system. */
  close(atEnd?: boolean): void;
}
