import { osError } from "../error.ts";
import { pauseUntil } from "../pause.ts";
import {
  EINTR,
  ENOMEM,
  ENOSYS,
  EPERM,
  EPOLL_CLOEXEC,
  EPOLL_CTL_ADD,
  EPOLL_CTL_DEL,
  EPOLL_CTL_MOD,
} from "./constants.ts";
import { errno, libc } from "./libc.ts";

export {
  EPOLLERR,
  EPOLLET,
  EPOLLHUP,
  EPOLLIN,
  EPOLLOUT,
  EPOLLPRI,
  EPOLLRDHUP,
} from "./constants.ts";

/**
 * `struct epoll_event` in units of 4 bytes: the flags, then 8 bytes of the user's
 * own, in which the key comes first. It is packed on x86-64 and there alone, so
 * that 32-bit programs can share it (`EPOLL_PACKED` in `linux/eventpoll.h`).
 */
const PACKED = Deno.build.arch === "x86_64";
/** The size of an event. */
const STRIDE = PACKED ? 3 : 4;
/** Where the key is; the generation follows. */
const DATA = PACKED ? 1 : 2;

/** How many events one wait can bring; what is left over comes with the next. */
const MAX_EVENTS = 1_024;
const BATCH_BYTES = MAX_EVENTS * STRIDE * 4;

/** The flags of no event: each that is reported has some. */
const NO_EVENT = 0;

/** How long the wait of a thread that ends may take to end, in milliseconds. */
const END_MS = 1_000;

/** The longest timeout that `epoll_wait` can be told, in milliseconds: 24.8 days. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/** The event that `epoll_ctl` is passed; the system has copied it on return. */
const CHANGE = new Int32Array(STRIDE);

/** A `struct timespec`: seconds and nanoseconds, 64 bits each, none that large. */
const TIMESPEC = new Uint32Array(4);

/** Whether there is an `epoll_pwait2`; whether it works, the first call tells. */
let hasPreciseWait = libc.epoll_pwait2 !== null;

/**
 * A timeout for `epoll_wait`: whole milliseconds, rounded up so that no wait ends
 * early; -1 for none. One that is too long is cut.
 */
export function wholeTimeout(timeoutMs: number): number {
  if (timeoutMs < 0 || timeoutMs === Infinity) return -1;
  return Math.min(Math.ceil(timeoutMs), MAX_TIMEOUT_MS);
}

/** Writes a timeout that is not negative to `TIMESPEC`, rounded up. */
function setTimespec(timeoutMs: number): void {
  const seconds = Math.floor(timeoutMs / 1_000);
  const nanoseconds = Math.ceil((timeoutMs - seconds * 1_000) * 1e6);
  const carry = nanoseconds === 1e9 ? 1 : 0;
  TIMESPEC[0] = seconds + carry;
  TIMESPEC[2] = carry === 1 ? 0 : nanoseconds;
}

/** Room for the events of a wait that goes on outside of this thread. */
interface NativeBatch {
  readonly pointer: Deno.PointerObject;
  readonly events: Int32Array;
}

/**
 * Not memory of the engine's: that goes when a worker is terminated, while the
 * wait goes on and writes to it when it ends.
 */
function allocateBatch(): NativeBatch {
  const pointer = libc.malloc(BATCH_BYTES);
  if (pointer === null) throw osError(ENOMEM, "malloc", "wait for events");
  const buffer = Deno.UnsafePointerView.getArrayBuffer(pointer, BATCH_BYTES);
  return { pointer, events: new Int32Array(buffer) };
}

/** A set of descriptors to wait for, each with a key and a generation: epoll(7). */
export class Epoll {
  readonly #fd: number;
  readonly #precise: boolean;
  readonly #batch = new Int32Array(BATCH_BYTES / 4);
  readonly #batchPointer = Deno.UnsafePointer.of(this.#batch);
  #asyncBatch: NativeBatch | null = null;
  /** What the accessors read: the batch that was filled last. */
  #events: Int32Array = this.#batch;
  #isWaitingAsync = false;
  /** Whether it was closed as its thread ends. */
  #hasEnded = false;
  /** Set once closed: what to do when nothing waits any more. */
  #onClosed: (() => void) | null = null;

  /**
   * Opens a set.
   *
   * @param options.precise Whether waits may last fractions of a millisecond,
   * where the system can do it (Linux 5.11).
   * @throws {Error} Such as `EMFILE`.
   */
  constructor(options: { precise?: boolean } = {}) {
    this.#precise = options.precise ?? true;
    const fd = libc.epoll_create1(EPOLL_CLOEXEC);
    if (fd < 0) throw osError(errno[0]!, "epoll_create1", "open an epoll");
    this.#fd = fd;
  }

  /**
   * Watches `fd` for `events`, a union of `EPOLL…` flags. What it was given as
   * key and generation, 32-bit integers, comes back with each event.
   *
   * @returns 0, or minus the error number: `EEXIST` if it is watched already.
   */
  add(fd: number, events: number, key: number, generation: number): number {
    return this.#change(EPOLL_CTL_ADD, fd, events, key, generation);
  }

  /** Replaces all that `add` was given. Returns 0 or minus the error number. */
  modify(fd: number, events: number, key: number, generation: number): number {
    return this.#change(EPOLL_CTL_MOD, fd, events, key, generation);
  }

  /** Stops watching `fd`. Returns 0 or minus the error number. */
  remove(fd: number): number {
    const result = libc.epoll_ctl(this.#fd, EPOLL_CTL_DEL, fd, null);
    return result < 0 ? -errno[0]! : 0;
  }

  #change(
    operation: number,
    fd: number,
    events: number,
    key: number,
    generation: number,
  ): number {
    CHANGE[0] = events;
    CHANGE[DATA] = key;
    CHANGE[DATA + 1] = generation;
    const result = libc.epoll_ctl(this.#fd, operation, fd, CHANGE);
    return result < 0 ? -errno[0]! : 0;
  }

  /**
   * Waits for events and returns how many there are.
   *
   * @param timeoutMs How long at most, in milliseconds: 0 only looks; negative or
   * `Infinity` sets no limit. A fraction is waited for to the nanosecond if the
   * system can, which costs 100 ns more than a whole number; else it is rounded
   * up. More than 2^31 - 1 is cut to that.
   *
   * With a limit, 0 can come back early: when a signal handler ran meanwhile, or
   * the process was stopped and continued. How much of the time had passed only
   * the caller's clock can tell, and a wait should not read one for that.
   */
  wait(timeoutMs: number): number {
    const wholeMs = timeoutMs | 0;
    for (;;) {
      const count = wholeMs === timeoutMs
        ? libc.epoll_wait(this.#fd, this.#batchPointer, MAX_EVENTS, wholeMs)
        : this.#waitUneven(timeoutMs);
      if (count >= 0) {
        this.#events = this.#batch;
        return count;
      }
      const code = errno[0]!;
      if (code !== EINTR) throw osError(code, "epoll_wait", "wait for events");
      if (timeoutMs > 0 && timeoutMs !== Infinity) return 0;
    }
  }

  /** With a timeout that is not a 32-bit integer. */
  #waitUneven(timeoutMs: number): number {
    const isPrecise = this.#precise && hasPreciseWait &&
      timeoutMs > 0 && timeoutMs <= MAX_TIMEOUT_MS;
    if (isPrecise) {
      setTimespec(timeoutMs);
      const count = libc.epoll_pwait2!(
        this.#fd,
        this.#batchPointer,
        MAX_EVENTS,
        TIMESPEC,
        null,
      );
      // Older kernels say ENOSYS, and older sandboxes of containers EPERM.
      if (count >= 0 || (errno[0] !== ENOSYS && errno[0] !== EPERM)) {
        return count;
      }
      hasPreciseWait = false;
    }
    const wholeMs = wholeTimeout(timeoutMs);
    return libc.epoll_wait(this.#fd, this.#batchPointer, MAX_EVENTS, wholeMs);
  }

  /**
   * As `wait`, but on another thread, one at a time. Timeouts are rounded up to
   * milliseconds. It keeps the process alive until it has ended.
   *
   * This thread may `wait` meanwhile, and an event goes to one of the two. But
   * once the promise has settled, whoever awaits it has to read the events before
   * this thread waits again.
   */
  async waitAsync(timeoutMs: number = Infinity): Promise<number> {
    if (this.#isWaitingAsync) {
      throw new Error("Cannot wait for events: a wait is under way already");
    }
    const { pointer, events } = this.#asyncBatch ??= allocateBatch();
    const wholeMs = wholeTimeout(timeoutMs);
    events[0] = NO_EVENT;
    this.#isWaitingAsync = true;
    const count = await libc
      .epoll_wait_async(this.#fd, pointer, MAX_EVENTS, wholeMs);
    this.#isWaitingAsync = false;
    if (this.#hasEnded) return 0;
    if (this.#onClosed !== null) {
      this.#release(this.#onClosed);
      return 0;
    }
    // The error's number stayed on the other thread: here it shows again, or the
    // wait had been interrupted, and then it may end early.
    if (count < 0) return this.wait(0);
    this.#events = events;
    return count;
  }

  /** Whether a `waitAsync` is under way. */
  get isWaitingAsync(): boolean {
    return this.#isWaitingAsync;
  }

  /** The `EPOLL…` flags of event `index` of the last wait. */
  flags(index: number): number {
    return this.#events[index * STRIDE]!;
  }

  /** The key of event `index` of the last wait. */
  key(index: number): number {
    return this.#events[index * STRIDE + DATA]!;
  }

  /** The generation of event `index` of the last wait. */
  generation(index: number): number {
    return this.#events[index * STRIDE + DATA + 1]!;
  }

  /**
   * Closes the set, at once or when the wait of `waitAsync` has ended, which
   * closing does not do: the caller sees to that, by making a descriptor ready,
   * and must keep that descriptor open until then. Only once: the number of the
   * descriptor may be another's afterwards.
   *
   * @param onClosed Called when nothing waits any more.
   */
  close(onClosed: () => void = () => {}): void {
    if (this.#isWaitingAsync) this.#onClosed = onClosed;
    else this.#release(onClosed);
  }

  /**
   * Closes the set on a thread that is about to end, where no promise of a wait
   * settles any more. The caller has made a descriptor ready.
   *
   * The numbers of the descriptors must not become another's before the wait has
   * looked them up, which it does first thing, and it may not have begun yet. When
   * there is an event in its memory it is past that: the system writes events last,
   * and there is one to come. So this waits for that, which takes some ten
   * microseconds. If it took a second, both descriptors would stay: that is a leak,
   * and nothing worse. The memory stays in any case, as more events may follow.
   *
   * @param onClosed Called when the descriptor is closed.
   */
  closeAtEnd(onClosed: () => void): void {
    if (!this.#isWaitingAsync) return this.close(onClosed);
    this.#hasEnded = true;
    const { events } = this.#asyncBatch!;
    const hasEvent = () => Atomics.load(events, 0) !== NO_EVENT;
    if (!pauseUntil(hasEvent, END_MS)) return;
    libc.close(this.#fd);
    onClosed();
  }

  #release(onClosed: () => void): void {
    libc.close(this.#fd);
    if (this.#asyncBatch !== null) libc.free(this.#asyncBatch.pointer);
    this.#asyncBatch = null;
    this.#events = this.#batch;
    onClosed();
  }
}
