/**
 * What a process holds of the C library, kept from the calls themselves: which
 * descriptors are open, what an epoll watches, what `malloc` gave out. A call with
 * a descriptor that is not open would hit somebody else's in a busy process, where
 * the system hands the number out again at once; here it is a violation.
 *
 * @module
 */
import {
  EPOLL_CTL_ADD,
  EPOLL_CTL_DEL,
  EPOLL_CTL_MOD,
} from "../../src/sys/linux/constants.ts";

/** Calls that return a new descriptor. */
const OPENS = new Set(["socket", "accept4", "eventfd", "epoll_create1"]);

/** Calls whose first argument is no descriptor. */
const NO_DESCRIPTOR = new Set([
  "socket",
  "eventfd",
  "epoll_create1",
  "malloc",
  "free",
  "if_nametoindex",
  "__errno_location",
]);

/** What is held at one moment. */
export interface Held {
  readonly descriptors: readonly number[];
  readonly registrations: number;
  readonly allocations: number;
}

/** A copy of the event that a descriptor was registered with. */
type Event = Int32Array<ArrayBuffer>;

/** The account of what was opened and closed. */
export class Ledger {
  /** What was done that must not be done: `recv on 12, which is not open`. */
  readonly violations: string[] = [];
  /** Whether the thread signals others, through descriptors that they have opened. */
  signalsOthers = false;
  readonly #open = new Map<number, string>();
  /** By epoll, then by descriptor. */
  readonly #watched = new Map<number, Map<number, Event>>();
  readonly #allocations = new Set<bigint>();
  /** Epolls on which another thread waits. */
  readonly #waiting = new Map<number, number>();

  /** What is held now. */
  held(): Held {
    let registrations = 0;
    for (const events of this.#watched.values()) registrations += events.size;
    return {
      descriptors: [...this.#open.keys()].sort((a, b) => a - b),
      registrations,
      allocations: this.#allocations.size,
    };
  }

  /** What a descriptor was made by: `accept4`. */
  kindOf(fd: number): string | undefined {
    return this.#open.get(fd);
  }

  /** The epolls that watch a descriptor, each with the event it was given. */
  *watching(fd: number): Iterable<[epoll: number, event: Event]> {
    for (const [epoll, events] of this.#watched) {
      const event = events.get(fd);
      if (event !== undefined) yield [epoll, event];
    }
  }

  /** Before a call: all descriptors that it names have to be open. */
  before(name: string, args: readonly unknown[]): void {
    if (name === "free") {
      const address = addressOf(args[0]);
      if (!this.#allocations.delete(address)) {
        this.violations.push("free of memory that is not allocated");
      }
      return;
    }
    if (NO_DESCRIPTOR.has(name)) return;
    if (name === "write" && this.signalsOthers) return;
    this.#check(name, args[0] as number);
    if (name === "epoll_ctl") this.#check(name, args[2] as number);
    if (name === "close" && (this.#waiting.get(args[0] as number) ?? 0) > 0) {
      this.violations.push(`close on ${args[0]}, on which a thread waits`);
    }
  }

  #check(name: string, fd: number): void {
    if (!this.#open.has(fd)) {
      this.violations.push(`${name} on ${fd}, which is not open`);
    }
  }

  /** After a call that the system has really made. */
  after(name: string, args: readonly unknown[], result: unknown): void {
    if (name === "malloc") {
      if (result !== null) this.#allocations.add(addressOf(result));
    } else if (name === "close") {
      // Whatever it returned: Linux gives the number up first (close(2)).
      this.#forget(args[0] as number);
    } else if (typeof result === "number" && result >= 0) {
      if (OPENS.has(name)) this.#note(name, result);
      else if (name === "epoll_ctl") this.#register(args);
    }
  }

  #note(name: string, fd: number): void {
    const before = this.#open.get(fd);
    if (before !== undefined) {
      this.violations.push(`${name} returned ${fd}, which ${before} had made`);
    }
    this.#open.set(fd, name);
  }

  #forget(fd: number): void {
    this.#open.delete(fd);
    this.#watched.delete(fd);
    for (const events of this.#watched.values()) events.delete(fd);
  }

  #register(args: readonly unknown[]): void {
    const [epoll, operation, fd, event] = args as [
      number,
      number,
      number,
      Event,
    ];
    const events = this.#watched.get(epoll) ?? new Map<number, Event>();
    this.#watched.set(epoll, events);
    if (operation === EPOLL_CTL_DEL) events.delete(fd);
    if (operation === EPOLL_CTL_ADD || operation === EPOLL_CTL_MOD) {
      events.set(fd, event.slice());
    }
  }

  /** A wait on another thread has begun, or ended. */
  noteWait(epoll: number, change: 1 | -1): void {
    this.#waiting.set(epoll, (this.#waiting.get(epoll) ?? 0) + change);
  }
}

function addressOf(pointer: unknown): bigint {
  return Deno.UnsafePointer.value(pointer as Deno.PointerValue);
}
