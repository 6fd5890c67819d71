import { osError } from "../error.ts";
import { pauseUntil } from "../pause.ts";
import { STATUS_SUCCESS, STATUS_TIMEOUT } from "./constants.ts";
import { kernel32 } from "./kernel32.ts";
import { OVERLAPPED_ENTRY } from "./layouts.ts";
import { PinnedMemory } from "./memory.ts";
import { ntdll } from "./ntdll.ts";
import { errnoOfStatus, errnoOfWsa, formatStatus } from "./wsa_error.ts";

/** How many packets one call takes: beyond this a call's cost no longer counts. */
export const MAX_PACKETS = 1024;

/** In a block: the packets, then their number, then the timeout. */
const COUNT_AT: number = MAX_PACKETS * OVERLAPPED_ENTRY.size;
const TIMEOUT_AT: number = COUNT_AT + 8;

/** Units of 100 ns in a millisecond. */
const TICKS_PER_MS = 10_000;

/**
 * The longest wait that is asked for, some 24 days. Windows takes far more, but
 * the number of ticks has to be exact.
 */
const MAX_WAIT_MS = 2 ** 31 - 1;

/** In the place of the number of packets, before a call has written it. */
const NO_COUNT = 0xFFFF_FFFF;

/** How long the end of a call on another thread may take, in milliseconds. */
const END_MS = 1_000;

/** `INVALID_HANDLE_VALUE`, which here means "no file". */
const NO_FILE = 0xFFFF_FFFF_FFFF_FFFFn;

/** What the kernel fills in one call. */
class Packets {
  readonly memory: PinnedMemory = new PinnedMemory();
  readonly entries: Deno.PointerObject;
  readonly countAt: Deno.PointerObject;
  readonly timeoutAt: Deno.PointerObject;
  readonly words: Uint32Array;
  readonly timeout: BigInt64Array;

  constructor() {
    const { memory } = this;
    this.entries = memory.pointer;
    this.countAt = memory.at(COUNT_AT);
    this.timeoutAt = memory.at(TIMEOUT_AT);
    this.words = new Uint32Array(memory.bytes, 0, TIMEOUT_AT / 4);
    this.timeout = new BigInt64Array(memory.bytes, TIMEOUT_AT, 1);
  }
}

/** 32-bit words in a packet, and the place of `overlapped`'s low half in it. */
const WORDS: number = OVERLAPPED_ENTRY.size / 4;
const OVERLAPPED_WORD: number = OVERLAPPED_ENTRY.overlapped / 4;

/** The word that `NtRemoveIoCompletionEx` writes the number of packets to. */
const COUNT_WORD: number = COUNT_AT / 4;

/** What the call of kernel32 that has just failed says. */
function lastError(syscall: string, action: string): Error {
  return osError(errnoOfWsa(kernel32.GetLastError()), syscall, action);
}

/**
 * An I/O completion port: a queue of packets, one for each request that was
 * completed, that threads can wait for.
 */
export class CompletionPort {
  /** Its handle, which is the same for all threads of the process. */
  readonly handle: bigint;
  readonly #own = new Packets();
  #async: Packets | null = null;
  /** Those that the last call filled. */
  #current: Packets = this.#own;

  constructor() {
    this.handle = kernel32.CreateIoCompletionPort(NO_FILE, 0n, 0n, 0);
    if (this.handle === 0n) {
      const error = lastError("CreateIoCompletionPort", "open a reactor");
      this.#own.memory.free();
      throw error;
    }
  }

  /** Has packets for all requests to `file` sent to this port. */
  associate(file: bigint): void {
    if (kernel32.CreateIoCompletionPort(file, this.handle, 0n, 0) === 0n) {
      throw lastError("CreateIoCompletionPort", "watch sockets");
    }
  }

  /** Sends a packet whose `overlapped` is 0, to end a wait. */
  post(): void {
    post(this.handle);
  }

  /** The same from another thread, which has no more than the handle. */
  static postTo(handle: number): void {
    post(BigInt(handle));
  }

  /**
   * Takes packets, waiting up to `ms` milliseconds for the first. Windows counts
   * the time in ticks of up to 16 ms, and may come back a part of one too early.
   *
   * @returns How many there are.
   */
  wait(ms: number): number {
    const packets = this.#current = this.#own;
    const status = ntdll.NtRemoveIoCompletionEx(
      this.handle,
      packets.entries,
      MAX_PACKETS,
      packets.countAt,
      writeTimeout(packets, ms),
      0,
    );
    return countOf(packets, status);
  }

  /**
   * Waits on another thread, without a limit; one call at a time. What it returns
   * is for `take`.
   */
  waitAsync(): Promise<number> {
    const packets = this.#async ??= new Packets();
    packets.words[COUNT_WORD] = NO_COUNT;
    return ntdll.NtRemoveIoCompletionExAsync(
      this.handle,
      packets.entries,
      MAX_PACKETS,
      packets.countAt,
      null,
      0,
    );
  }

  /**
   * Takes over the packets of a `waitAsync` that has ended: not before they are
   * looked at, as a `wait` may come in between. Returns how many there are.
   */
  take(status: number): number {
    const packets = this.#current = this.#async!;
    return countOf(packets, status);
  }

  /**
   * Blocks until the call of `waitAsync` has returned, on its thread, where its
   * promise settles no more as this one ends: a packet has to be in the port. The
   * number of packets is what the system writes last.
   *
   * @returns How many packets there are; -1 if that took a second, and it may write
   * to its memory yet.
   */
  takeAtEnd(): number {
    const packets = this.#current = this.#async!;
    let count = NO_COUNT;
    const hasReturned = () => {
      count = Atomics.load(packets.words, COUNT_WORD);
      return count !== NO_COUNT;
    };
    return pauseUntil(hasReturned, END_MS) ? count : -1;
  }

  /**
   * The low half of packet `index`'s `overlapped`: what its request was made with,
   * or 0 for a packet that was posted. To be read before the next call.
   */
  overlapped(index: number): number {
    return this.#current.words[index * WORDS + OVERLAPPED_WORD]!;
  }

  /** Closes the port. No `waitAsync` may be under way. */
  close(): void {
    kernel32.CloseHandle(this.handle);
    this.#own.memory.free();
    this.#async?.memory.free();
  }
}

function post(port: bigint): void {
  if (kernel32.PostQueuedCompletionStatus(port, 0, 0n, 0n) === 0) {
    throw lastError("PostQueuedCompletionStatus", "wake a reactor");
  }
}

/** Writes a timeout down; returns where it is, or null for none. */
function writeTimeout(packets: Packets, ms: number): Deno.PointerValue {
  if (ms === Infinity) return null;
  const ticks = Math.ceil(Math.min(ms, MAX_WAIT_MS) * TICKS_PER_MS);
  // Negative: counted from now.
  packets.timeout[0] = BigInt(-ticks);
  return packets.timeoutAt;
}

function countOf(packets: Packets, status: number): number {
  if (status === STATUS_SUCCESS) return packets.words[COUNT_WORD]!;
  if (status === STATUS_TIMEOUT) return 0;
  throw osError(
    errnoOfStatus(status),
    "NtRemoveIoCompletionEx",
    `wait for events (${formatStatus(status)})`,
  );
}
