import { osError } from "../sys/error.ts";
import {
  Epoll,
  EPOLLERR,
  EPOLLET,
  EPOLLHUP,
  EPOLLIN,
  EPOLLOUT,
  EPOLLPRI,
  EPOLLRDHUP,
} from "../sys/linux/epoll.ts";
import * as eventfd from "../sys/linux/eventfd.ts";
import type { Backend, SignalTarget } from "./backend.ts";
import {
  READ_CLOSED,
  READABLE,
  URGENT,
  WRITABLE,
  WRITE_CLOSED,
} from "./readiness.ts";

/** The key of the eventfd; those of sockets start at 1. */
const SIGNAL_KEY = 0;

/**
 * What a socket is registered for: both directions at once, as edges, so that it
 * takes one `epoll_ctl` in its life. `RDHUP` tells of the peer's FIN, `PRI` of
 * urgent data.
 */
const SOCKET_EVENTS = EPOLLIN | EPOLLPRI | EPOLLOUT | EPOLLRDHUP | EPOLLET;

/**
 * Up to how many milliseconds a wait is as precise as the system can make it
 * (`epoll_pwait2`), which takes 120 ns more. Longer ones end with the next whole
 * millisecond: 1 % late at most.
 */
const PRECISE_MS = 100;

/**
 * Linux: epoll, and an eventfd for signals (epoll(7), eventfd(2)).
 *
 * The eventfd is registered for edges too. So nobody has to read it: each write
 * is an edge of its own, and the counter just grows.
 */
export class EpollBackend implements Backend {
  readonly name = "epoll";
  readonly supportsSockets = true;
  readonly edgeTriggered = true;
  readonly signalTarget: SignalTarget;
  readonly #epoll: Epoll;
  readonly #eventfd: number;
  /**
   * Whether the last wait found several events. Then the thread is busy, and the
   * next wait first looks without a timeout: a wait that could end by a timeout
   * costs 130 ns more, even when there is an event already.
   */
  #busy = false;

  constructor() {
    this.#epoll = new Epoll();
    try {
      this.#eventfd = eventfd.create();
    } catch (error) {
      this.#epoll.close();
      throw error;
    }
    const result = this.#epoll.add(
      this.#eventfd,
      EPOLLIN | EPOLLET,
      SIGNAL_KEY,
      0,
    );
    if (result < 0) {
      this.close();
      throw osError(-result, "epoll_ctl", "register an eventfd");
    }
    this.signalTarget = { backend: this.name, target: this.#eventfd };
  }

  /** Ends a wait; called on any thread, with what `signalTarget` holds. */
  static signal({ target }: SignalTarget): void {
    eventfd.signal(target);
  }

  register(fd: number, key: number, generation: number): void {
    const result = this.#epoll.add(fd, SOCKET_EVENTS, key, generation);
    if (result < 0) {
      throw osError(-result, "epoll_ctl", `register socket ${fd}`);
    }
  }

  /** Edges are reported without being asked for. */
  rearm(): void {}

  deregister(fd: number): void {
    // Fails if foreign code closed the descriptor: then it is out already.
    this.#epoll.remove(fd);
  }

  wait(timeoutMs: number): number {
    if (timeoutMs > PRECISE_MS) timeoutMs = Math.ceil(timeoutMs);
    let events = 0;
    if (this.#busy && timeoutMs !== 0) events = this.#epoll.wait(0);
    if (events === 0) events = this.#epoll.wait(timeoutMs);
    this.#busy = events > 1;
    return events;
  }

  waitAsync(): Promise<number> {
    return this.#epoll.waitAsync();
  }

  eventKey(index: number): number {
    return this.#epoll.key(index);
  }

  eventGeneration(index: number): number {
    return this.#epoll.generation(index);
  }

  eventReadiness(index: number): number {
    const flags = this.#epoll.flags(index);
    let readiness = 0;
    if ((flags & EPOLLIN) !== 0) readiness |= READABLE;
    if ((flags & EPOLLOUT) !== 0) readiness |= WRITABLE;
    if ((flags & EPOLLRDHUP) !== 0) readiness |= READ_CLOSED;
    if ((flags & EPOLLPRI) !== 0) readiness |= URGENT;
    // Both directions are over, or an error waits to be fetched by either.
    if ((flags & (EPOLLHUP | EPOLLERR)) !== 0) {
      readiness |= READ_CLOSED | WRITE_CLOSED;
    }
    return readiness;
  }

  close(atEnd = false): void {
    // Closing an epoll does not end a wait that is under way on another thread: a
    // signal does, and until then both descriptors must not become another's.
    const closeSignal = () => eventfd.close(this.#eventfd);
    try {
      if (this.#epoll.isWaitingAsync) eventfd.signal(this.#eventfd);
    } finally {
      if (atEnd) this.#epoll.closeAtEnd(closeSignal);
      else this.#epoll.close(closeSignal);
    }
  }
}
