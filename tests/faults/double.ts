/**
 * Stands in for the C library in tests: a module that imports this one before
 * anything of `src/` has its calls counted, checked against a ledger, and made to
 * fail when a test says so.
 *
 * It replaces `Deno.dlopen`, so nothing in the runtime knows of it. Where the
 * system is not Linux it does nothing.
 *
 * @module
 */
import {
  EAGAIN,
  ENOTCONN,
  EPOLL_CTL_MOD,
} from "../../src/sys/linux/constants.ts";
import { Ledger } from "./ledger.ts";

/** A function of the library, whatever it takes. */
type Call = (...args: unknown[]) => unknown;

/** Which calls of a function a fault concerns. */
export interface FaultOptions {
  /** The first one, from 1 on, counted from when the fault is planned. */
  readonly nth?: number;
  /** How many in a row. */
  readonly times?: number;
  /** Only those with these arguments; others are not counted. */
  readonly where?: (...args: never[]) => boolean;
  /**
   * Whether the system does it all the same, and then it is said to have failed:
   * as `close` always does, and `connect` when it is interrupted.
   */
  readonly made?: boolean;
}

/** How a call goes wrong. */
type Effect = { readonly errno: number } | { readonly atMost: number };

/** A fault that a test has planned; over at the end of `using`. */
export class Fault implements Disposable {
  readonly name: string;
  readonly effect: Effect;
  readonly made: boolean;
  /** How many calls it has hit. */
  hits = 0;
  readonly #first: number;
  readonly #last: number;
  readonly #where: (...args: never[]) => boolean;
  #seen = 0;

  constructor(name: string, effect: Effect, options: FaultOptions) {
    const { nth = 1, times = 1, where = () => true } = options;
    this.name = name;
    this.effect = effect;
    this.made = options.made ?? name === "close";
    this.#first = nth;
    this.#last = nth + times - 1;
    this.#where = where;
  }

  /** Whether it concerns this call. */
  takes(args: readonly unknown[]): boolean {
    if (!this.#where(...args as never[])) return false;
    this.#seen++;
    if (this.#seen < this.#first || this.#seen > this.#last) return false;
    this.hits++;
    return true;
  }

  [Symbol.dispose](): void {
    double.drop(this);
  }
}

/** Whether an error says no more than that it is too early. */
function saysNotYet(name: string, errno: number): boolean {
  return errno === EAGAIN || (name === "getpeername" && errno === ENOTCONN);
}

/** Where the length of a transfer stands among the arguments. */
const LENGTH_AT = 2;

/**
 * More calls than any test makes, without one that waits: a loop that never ends
 * fails by this, as the test's own deadline cannot come up while the thread is busy.
 */
const MOST_CALLS = 2_000_000;

/** The library, and what is planned for it. */
export class Double {
  readonly ledger = new Ledger();
  /** How many calls of each function there were. */
  readonly counts = new Map<string, number>();
  mostCalls = MOST_CALLS;
  readonly #faults: Fault[] = [];
  #library: Record<string, Call> = {};
  #errno = new Int32Array(1);
  #calls = 0;

  /** Has calls fail with an error. */
  fails(name: string, errno: number, options: FaultOptions = {}): Fault {
    return this.#plan(new Fault(name, { errno }, options));
  }

  /** Has transfers move less than they could. */
  atMost(name: string, bytes: number, options: FaultOptions = {}): Fault {
    return this.#plan(new Fault(name, { atMost: bytes }, options));
  }

  #plan(fault: Fault): Fault {
    this.#faults.push(fault);
    return fault;
  }

  /** Ends a fault. */
  drop(fault: Fault): void {
    const at = this.#faults.indexOf(fault);
    if (at >= 0) this.#faults.splice(at, 1);
  }

  /** Ends all faults. */
  endFaults(): void {
    this.#faults.length = 0;
  }

  /** Ends all faults and starts counting anew. */
  reset(): void {
    this.#faults.length = 0;
    this.ledger.violations.length = 0;
    this.counts.clear();
    this.#calls = 0;
    this.mostCalls = MOST_CALLS;
  }

  /** How many calls of a function there were. */
  count(name: string): number {
    return this.counts.get(name) ?? 0;
  }

  /** Takes the place of an opened library. */
  wrap(library: Record<string, Call | null>): Record<string, Call | null> {
    const location = library.__errno_location!() as Deno.PointerObject;
    this.#errno = new Int32Array(
      Deno.UnsafePointerView.getArrayBuffer(location, 4),
    );
    this.#library = library as Record<string, Call>;
    const wrapped: Record<string, Call | null> = {};
    for (const [name, call] of Object.entries(library)) {
      wrapped[name] = call === null || name === "__errno_location"
        ? call
        : (...args) => this.#call(name, args);
    }
    return wrapped;
  }

  #call(name: string, args: unknown[]): unknown {
    this.counts.set(name, this.count(name) + 1);
    if (++this.#calls > this.mostCalls) {
      throw new Error(
        `Cannot go on: ${this.#calls} calls, the last of ${name}`,
      );
    }
    this.ledger.before(name, args);
    const fault = this.#faults.find((fault) =>
      fault.name === name && fault.takes(args)
    );
    if (fault === undefined) return this.#make(name, args);
    const { effect } = fault;
    if ("atMost" in effect) return this.#transfer(name, args, effect.atMost);
    if (fault.made) this.#undo(name, this.#make(name, args));
    if (saysNotYet(name, effect.errno)) this.#reportAgain(args[0] as number);
    if (name === "malloc") return null;
    // The number stays on the thread that made the call: not this one.
    if (name === "epoll_wait_async") return Promise.resolve(-1);
    this.#errno[0] = effect.errno;
    return name === "if_nametoindex" ? 0 : -1;
  }

  /** Makes a call. What is written down about it must not disturb its `errno`. */
  #make(name: string, args: unknown[]): unknown {
    const result = this.#library[name]!(...args);
    const errno = this.#errno[0]!;
    if (name === "epoll_wait_async") {
      const { ledger } = this;
      const epoll = args[0] as number;
      ledger.noteWait(epoll, 1);
      return (result as Promise<number>).finally(() =>
        ledger.noteWait(epoll, -1)
      );
    }
    this.ledger.after(name, args, result);
    this.#errno[0] = errno;
    return result;
  }

  /** A connection that was taken and is gone before anybody has got it. */
  #undo(name: string, result: unknown): void {
    if (name !== "accept4" || (result as number) < 0) return;
    this.#make("close", [result]);
  }

  #transfer(name: string, args: unknown[], atMost: number): unknown {
    const asked = args[LENGTH_AT] as number;
    const less = args.with(LENGTH_AT, Math.min(asked, atMost));
    const result = this.#make(name, less);
    if (asked <= atMost || (result as number) < 0) return result;
    this.#reportAgain(args[0] as number);
    return result;
  }

  /**
   * Linux says that nothing is left only if that is so, and a later change is an
   * edge (epoll(7), question 9). Where it is said against the truth that edge has
   * to be made: as if the rest had arrived a moment later.
   */
  #reportAgain(fd: number): void {
    for (const [epoll, event] of this.ledger.watching(fd)) {
      this.#library.epoll_ctl!(epoll, EPOLL_CTL_MOD, fd, event);
    }
  }
}

/** The double of this thread's library. */
export const double = new Double();

/** Replaces a library's functions, if it is the one that the runtime opens. */
function install(): void {
  const open = Deno.dlopen as unknown as (
    path: string,
    symbols: object,
  ) => { symbols: Record<string, Call | null>; close(): void };
  Reflect.set(Deno, "dlopen", (path: string, symbols: object) => {
    const opened = open(path, symbols);
    if (path !== "libc.so.6" || !("epoll_ctl" in symbols)) return opened;
    return {
      symbols: double.wrap(opened.symbols),
      close: () => opened.close(),
    };
  });
}

if (Deno.build.os === "linux") install();
