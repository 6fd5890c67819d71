import { type Waker, WakerSet } from "../future/mod.ts";
import type { Interest } from "./interest.ts";
import {
  READ_BITS,
  READABLE,
  URGENT,
  WRITABLE,
  WRITE_BITS,
} from "./readiness.ts";

/** What a source needs of the reactor that it is registered with. */
export interface Registrar {
  /** Whether a short read proves that the next byte will be reported. */
  readonly edgeTriggered: boolean;
  /** Registers a source, which notes it by `attached`. */
  attach(source: Source): void;
  /** Forgets a source. */
  detach(source: Source): void;
  /** Asks for the next event of a direction, where events are not edges. */
  rearm(source: Source, interest: Interest): void;
}

/**
 * A socket as the reactor sees it: what is known of its readiness, and who waits.
 *
 * Readiness is a cache of what the system last said. A set bit means: try the
 * operation. The operation itself clears it, when it would have blocked or when a
 * short read showed that the socket is empty. Nothing runs between the operation
 * and the clearing, and events are taken in by the reactor's wait alone, so an
 * event is never cleared unseen.
 *
 * The `*_CLOSED` bits are never cleared: data and FIN may arrive in one edge, and
 * no other edge follows. Neither is `URGENT`.
 *
 * A source is registered when it first has to wait, with the reactor of the task
 * that waits; if it is later waited for elsewhere, it moves there.
 */
export class Source {
  /** The descriptor, or the socket's handle. */
  readonly fd: number;
  /** The place in the reactor's table, from 1; 0 while not registered. */
  key = 0;
  /** Tells two uses of that place apart. */
  generation = 0;
  #readiness: number;
  #readers: WakerSet | null = null;
  #writers: WakerSet | null = null;
  #registrar: Registrar | null = null;
  readonly #consume: boolean;

  /**
   * With `consume`, an event that somebody was waiting for is not remembered, and
   * the socket does not count as ready before its first event.
   */
  constructor(fd: number, options: { consume?: boolean } = {}) {
    this.fd = fd;
    this.#consume = options?.consume ?? false;
    this.#readiness = this.#consume ? 0 : READABLE | WRITABLE;
  }

  /** Whether a read is worth trying. */
  get isReadable(): boolean {
    return (this.#readiness & READ_BITS) !== 0;
  }

  /** Whether a write is worth trying. */
  get isWritable(): boolean {
    return (this.#readiness & WRITE_BITS) !== 0;
  }

  /** Whether somebody waits for either direction. */
  get hasWaiters(): boolean {
    return !(this.#readers?.isEmpty ?? true) ||
      !(this.#writers?.isEmpty ?? true);
  }

  /** A read got less than it had room for, so that nothing is left. */
  noteShortRead(): void {
    if ((this.#readiness & URGENT) !== 0) return;
    if (this.#registrar === null || this.#registrar.edgeTriggered) {
      this.#readiness &= ~READABLE;
    }
  }

  /**
   * An operation would block: has `waker` called when that may have changed.
   *
   * @throws The system's error, if the socket cannot be registered.
   */
  wait(registrar: Registrar, interest: Interest, waker: Waker): void {
    this.#readiness &= ~interest;
    this.register(registrar);
    if (!registrar.edgeTriggered) registrar.rearm(this, interest);
    this.#waiters(interest).add(waker);
  }

  /** Registers the socket, or moves it here from another reactor. */
  register(registrar: Registrar): void {
    if (this.#registrar === registrar) return;
    this.detach();
    registrar.attach(this);
    this.#registrar = registrar;
  }

  /** A direction is ready, whatever `wait` made of it: no event will tell again. */
  assumeReady(interest: Interest): void {
    this.#readiness |= interest;
  }

  /** Forgets that a direction was ready. */
  clear(interest: Interest): void {
    this.#readiness &= ~interest;
  }

  /** Takes back a waker that `wait` left. */
  unwait(interest: Interest, waker: Waker): void {
    this.#waiters(interest).delete(waker);
  }

  #waiters(interest: Interest): WakerSet {
    return interest === READABLE
      ? this.#readers ??= new WakerSet()
      : this.#writers ??= new WakerSet();
  }

  /** Takes in an event and wakes those whom it concerns. */
  dispatch(readiness: number): void {
    this.#readiness |= readiness;
    if ((readiness & READ_BITS) !== 0) this.#wake(READABLE, this.#readers);
    if ((readiness & WRITE_BITS) !== 0) this.#wake(WRITABLE, this.#writers);
  }

  #wake(interest: Interest, waiters: WakerSet | null): void {
    if (waiters === null || waiters.isEmpty) return;
    if (this.#consume) this.#readiness &= ~interest;
    waiters.wakeAll();
  }

  /**
   * Leaves the reactor. Those who wait are woken: they find the socket closed, or
   * register it where they are.
   */
  detach(): void {
    const registrar = this.#registrar;
    if (registrar === null) return;
    this.#registrar = null;
    registrar.detach(this);
    this.#readiness |= READABLE | WRITABLE;
    this.#readers?.wakeAll();
    this.#writers?.wakeAll();
  }
}
