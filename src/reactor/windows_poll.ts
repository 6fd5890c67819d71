import {
  AFD_POLL_ABORT,
  AFD_POLL_ACCEPT,
  AFD_POLL_CONNECT_FAIL,
  AFD_POLL_DISCONNECT,
  AFD_POLL_LOCAL_CLOSE,
  AFD_POLL_RECEIVE,
  AFD_POLL_SEND,
  STATUS_CANCELLED,
  STATUS_INVALID_HANDLE,
  STATUS_OBJECT_TYPE_MISMATCH,
} from "../sys/windows/constants.ts";
import {
  READ_BITS,
  READ_CLOSED,
  READABLE,
  WRITABLE,
  WRITE_BITS,
  WRITE_CLOSED,
} from "./readiness.ts";

/** Where a socket stands. The transitions are methods of {@linkcode SocketPoll}. */
export const PollState = {
  /** No poll is in flight; its place in memory is unused. */
  IDLE: 0,
  /** A poll is in flight. */
  PENDING: 1,
  /** A poll is in flight that was told to end; its completion will come. */
  CANCELLED: 2,
  /** The same, and the socket is no longer watched: only its memory waits. */
  DELETED: 3,
  /** Over: its place in memory was given back. */
  GONE: 4,
} as const;

/** One of {@linkcode PollState}. */
export type PollState = typeof PollState[keyof typeof PollState];

/** What a poll asks of the system: Windows, or a test in its place. */
export interface PollKernel {
  /**
   * Puts a poll for `events` in flight; returns the NTSTATUS. Unless that is
   * negative a completion follows, even if the status is 0.
   */
  submit(events: number): number;
  /** Asks for an early end of the poll in flight: its completion follows. */
  cancel(): void;
  /** Takes the memory back: nothing is in flight, and nothing will be. */
  release(): void;
}

/** What never goes unreported: the end of the connection, or of the socket. */
const END = AFD_POLL_ABORT | AFD_POLL_CONNECT_FAIL | AFD_POLL_LOCAL_CLOSE;

/** Everything there is to say about a socket that is no more. */
const ALL_OVER = READABLE | WRITABLE | READ_CLOSED | WRITE_CLOSED;

/**
 * When the driver fails for want of memory, say, and nothing is known of the
 * socket. To try the operation, and to come back here if it would block, is a slow
 * way of waiting; but nobody waits for ever.
 */
const TRY_IT = READABLE | WRITABLE;

/**
 * The events to wait for. A completed connect shows as SEND; CONNECT says no more
 * than that, and stays set for good. A FIN concerns readers alone: to a writer it
 * would be an event that is there each time he looks.
 */
export function eventsFor(interest: number): number {
  let events = END;
  if ((interest & READABLE) !== 0) {
    events |= AFD_POLL_RECEIVE | AFD_POLL_ACCEPT | AFD_POLL_DISCONNECT;
  }
  if ((interest & WRITABLE) !== 0) events |= AFD_POLL_SEND;
  return events;
}

/** Whether a handle was found to be nobody's, or something else's by now. */
function isNoSocket(status: number): boolean {
  return status === STATUS_INVALID_HANDLE ||
    status === STATUS_OBJECT_TYPE_MISMATCH;
}

/** The readiness bits for what a poll found. */
export function readinessOf(events: number): number {
  if ((events & END) !== 0) return ALL_OVER;
  let readiness = 0;
  if ((events & (AFD_POLL_RECEIVE | AFD_POLL_ACCEPT)) !== 0) {
    readiness |= READABLE;
  }
  if ((events & AFD_POLL_DISCONNECT) !== 0) readiness |= READABLE | READ_CLOSED;
  if ((events & AFD_POLL_SEND) !== 0) readiness |= WRITABLE;
  return readiness;
}

/**
 * One socket and its poll.
 *
 * The driver answers a poll once, with the events that there are, at once if there
 * are any. So a direction is polled for only after an operation in it would have
 * blocked (`want`), and each answer ends the wanting of what it reports.
 *
 * There is never more than one poll in flight for a socket: the driver would end
 * the older one, or answer both. If the one in flight does not cover what is
 * wanted it is cancelled, and the new one goes out when its completion has come;
 * what it may have found until then is reported like any other event.
 *
 * ```text
 *   IDLE ──submit──▶ PENDING ──cancel──▶ CANCELLED
 *    ▲  ◀──complete────┘ │                 │ │
 *    └───────────────────┼───complete──────┘ │
 *  remove              remove              remove
 *    ▼                   ▼                   ▼
 *   GONE ◀──complete── DELETED ◀─────────────┘
 * ```
 *
 * The socket closed under the poll (LOCAL_CLOSE, or an invalid handle) is GONE too.
 */
export class SocketPoll {
  readonly #kernel: PollKernel;
  #state: PollState = PollState.IDLE;
  /** The directions that somebody waits for. */
  #wanted = 0;
  /** The directions that the poll in flight covers. */
  #asked = 0;

  constructor(kernel: PollKernel) {
    this.#kernel = kernel;
  }

  get state(): PollState {
    return this.#state;
  }

  /**
   * Asks for the next event of a direction. Returns whether `update` has something
   * to do.
   */
  want(interest: number): boolean {
    this.#wanted |= interest;
    return this.needsUpdate;
  }

  /** Whether the poll in flight, if any, is not the one that is wanted. */
  get needsUpdate(): boolean {
    const missing = this.#state === PollState.PENDING
      ? this.#wanted & ~this.#asked
      : this.#wanted;
    return missing !== 0 && this.#state !== PollState.CANCELLED &&
      this.#state !== PollState.DELETED;
  }

  /**
   * Puts the poll in flight that is wanted, or cancels one that covers too little.
   * Returns readiness to be reported at once, which is mostly none.
   */
  update(): number {
    if (!this.needsUpdate) return 0;
    switch (this.#state) {
      case PollState.PENDING:
        this.#state = PollState.CANCELLED;
        this.#kernel.cancel();
        return 0;
      case PollState.IDLE:
        return this.#submit();
      default:
        return this.#report(ALL_OVER);
    }
  }

  #submit(): number {
    const status = this.#kernel.submit(eventsFor(this.#wanted));
    if (status >= 0) {
      this.#state = PollState.PENDING;
      this.#asked = this.#wanted;
      return 0;
    }
    return isNoSocket(status) ? this.#end() : this.#report(TRY_IT);
  }

  /**
   * Takes in the completion of the poll in flight. Returns the readiness to be
   * reported; afterwards `update` may have something to do.
   */
  complete(status: number, events: number): number {
    if (this.#state === PollState.DELETED) {
      this.#release();
      return 0;
    }
    this.#state = PollState.IDLE;
    if (status === STATUS_CANCELLED) return 0;
    if (status < 0) return this.#report(TRY_IT);
    if ((events & AFD_POLL_LOCAL_CLOSE) !== 0) return this.#end();
    return this.#report(readinessOf(events));
  }

  /** Ends it; the memory stays until the poll in flight, if any, has completed. */
  remove(): void {
    this.#wanted = 0;
    switch (this.#state) {
      case PollState.IDLE:
        this.#release();
        break;
      case PollState.PENDING:
        this.#state = PollState.DELETED;
        this.#kernel.cancel();
        break;
      case PollState.CANCELLED:
        this.#state = PollState.DELETED;
    }
  }

  /** The socket is no more. */
  #end(): number {
    this.#release();
    return this.#report(ALL_OVER);
  }

  #release(): void {
    this.#state = PollState.GONE;
    this.#kernel.release();
  }

  #report(readiness: number): number {
    if ((readiness & READ_BITS) !== 0) this.#wanted &= ~READABLE;
    if ((readiness & WRITE_BITS) !== 0) this.#wanted &= ~WRITABLE;
    return readiness;
  }
}
