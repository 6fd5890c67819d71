import { Buffers } from "./buffers.ts";
import { OtherValues } from "./encode_other.ts";
import { whyNot } from "./refusal.ts";
import { Scratch, TooLarge } from "./scratch.ts";
import { Seen } from "./seen.ts";
import { formatPath, type Sink, type Step } from "./sink.ts";
import {
  ARRAY,
  FALSE,
  HOLES,
  LONG,
  NULL,
  NULL_OBJECT,
  OBJECT,
  REF,
  SHARED,
  TRUE,
  UNDEFINED,
} from "./tags.ts";

/** An encoded value, good until the next encode of its encoder. */
export interface Packet {
  /** How many bytes of shared memory it takes. */
  readonly length: number;
  /** What goes beside the bytes, by a `MessagePort`; null: nothing. */
  readonly attachments: unknown[] | null;
  /** What to transfer with the attachments. */
  readonly transfer: readonly Transferable[];
  /**
   * Copies the bytes to shared memory. `at` is a multiple of 4 in the buffer too;
   * of 8, if copying the bytes of buffers is to be fast.
   */
  copyTo(target: Uint8Array, at: number): void;
  /**
   * Moves what moves, and forgets what was encoded. No code of the user's may run
   * between the encode and this.
   */
  commit(): void;
  /** Moves nothing, and forgets what was encoded. */
  discard(): void;
}

/**
 * How deep values may be nested. Before it is optimized, writing so many errors
 * that are each other's cause takes three quarters of a thread's stack, and plain
 * objects or arrays half of it; reading takes less.
 */
export const MAX_DEPTH = 1_000;

/** From this many words on a call of `set` is faster than a loop. */
const COPY_BY_SET = 80;

const NO_TRANSFER: readonly Transferable[] = [];
const NOTHING = {};
const { getPrototypeOf } = Object;
const ObjectPrototype = Object.prototype;
const ArrayPrototype = Array.prototype;

/** Encodes values, one after another; one per thread. It is its own packet. */
export class Encoder implements Packet, Sink {
  readonly out: Scratch;
  length = 0;
  attachments: unknown[] | null = null;
  transfer: readonly Transferable[] = NO_TRANSFER;

  readonly #seen = new Seen();
  readonly #buffers = new Buffers();
  readonly #other: OtherValues;
  /** What holds what is being written, from the outside in. */
  readonly #path: Step[] = [];
  #depth = 0;
  #busy = false;
  /** Whether the last packet was forgotten. */
  #forgotten = true;
  /** Whether somebody gave all objects a field that `for in` visits. */
  #inherits = false;
  #task = "";
  /** Which argument is being written; 0: the result, -1: the error. */
  #argument = 0;
  /** The target of the last copy, and its words. */
  #target: Uint8Array | null = null;
  #targetWords = new Int32Array(0) as Int32Array;

  /** @param maxBytes How large a packet may be, for tests. */
  constructor(maxBytes?: number) {
    this.out = new Scratch(maxBytes);
    this.#other = new OtherValues(this, this.#seen, this.#buffers);
  }

  /**
   * Encodes the arguments of a task, as an array.
   *
   * @throws {TypeError} If one of them cannot travel, with its path; and whatever
   * code of the user's throws. Then nothing has moved.
   * @throws {RangeError} If they take more than 8 GiB, or more than there is.
   */
  encodeArguments(
    task: string,
    args: readonly unknown[],
    transfer: readonly Transferable[] = NO_TRANSFER,
  ): Packet {
    // A getter of the user's may spawn a task.
    if (this.#busy) {
      return new Encoder().encodeArguments(task, args, transfer);
    }
    this.#begin(task);
    try {
      if (transfer !== NO_TRANSFER && transfer?.length !== 0) {
        this.#other.checkTransfer(task, transfer);
        this.transfer = transfer;
      }
      const { length } = args;
      this.out.head(ARRAY, length);
      for (let i = 0; i < length; i++) {
        this.#argument = i + 1;
        this.value(args[i], null);
      }
      this.#finish();
    } catch (error) {
      this.discard();
      throw this.#told(error);
    } finally {
      this.#end();
    }
    return this;
  }

  /** Encodes the result of a task; throws as `encodeArguments` does. */
  encodeResult(task: string, value: unknown): Packet {
    if (this.#busy) return new Encoder().encodeResult(task, value);
    return this.#encodeOne(task, 0, value);
  }

  /**
   * Encodes what a task threw. If that cannot travel, an error takes its place: as
   * much like it as can be, with the reason as its cause.
   */
  encodeFailure(task: string, thrown: unknown): Packet {
    if (this.#busy) return new Encoder().encodeFailure(task, thrown);
    try {
      return this.#encodeOne(task, -1, thrown);
    } catch (reason) {
      return this.#encodeOne(task, -1, standIn(task, thrown, reason));
    }
  }

  #encodeOne(task: string, argument: number, value: unknown): Packet {
    this.#begin(task);
    try {
      this.#argument = argument;
      this.value(value, null);
      this.#finish();
    } catch (error) {
      this.discard();
      throw this.#told(error);
    } finally {
      this.#end();
    }
    return this;
  }

  /** What the caller gets of an error: which argument is too large. */
  #told(error: unknown): unknown {
    if (!(error instanceof TooLarge)) return error;
    return new RangeError(
      `Cannot send ${this.#subject()}: it ${error.reason}`,
    );
  }

  #begin(task: string): void {
    this.#busy = true;
    this.#task = task;
    this.out.reset();
    if (!this.#forgotten) this.discard();
    this.#forgotten = false;
    let inherits = false;
    for (const _ in NOTHING) inherits = true;
    this.#inherits = inherits;
  }

  #finish(): void {
    const other = this.#other;
    this.length = this.out.at * 4;
    if (!other.isUsed) return;
    other.finish();
    this.attachments = other.attachments;
    // What is to be transferred goes by port, whether it is met or not.
    if (this.transfer.length > 0) this.attachments ??= [];
    if (!this.#buffers.isEmpty) this.length = this.#buffers.place(this.out);
  }

  #end(): void {
    this.#busy = false;
    this.#depth = 0;
    this.#seen.clear();
  }

  copyTo(target: Uint8Array, at: number): void {
    if (target !== this.#target) {
      const { buffer, byteOffset, byteLength } = target;
      this.#targetWords = new Int32Array(
        buffer,
        byteOffset,
        Math.floor(byteLength / 4),
      );
      this.#target = target;
    }
    const to = this.#targetWords;
    const { words, at: count } = this.out;
    const start = at >> 2;
    if (count < COPY_BY_SET) {
      for (let i = 0; i < count; i++) to[start + i] = words[i]!;
    } else {
      to.set(words.subarray(0, count), start);
    }
    if (this.#other.isUsed) this.#buffers.copyTo(target, at, count);
  }

  commit(): void {
    if (this.#other.isUsed) this.#other.commit();
    this.discard();
  }

  discard(): void {
    this.#forgotten = true;
    if (!this.#other.isUsed) return;
    this.transfer = NO_TRANSFER;
    this.attachments = null;
    this.#buffers.clear();
    this.#other.clear();
  }

  value(value: unknown, step: Step): void {
    const { out } = this;
    switch (typeof value) {
      case "number":
        return out.number(value);
      case "string":
        return out.string(value);
      case "object":
        return value === null ? out.word(NULL) : this.#object(value, step);
      case "boolean":
        return out.word(value ? TRUE : FALSE);
      case "undefined":
        return out.word(UNDEFINED);
      case "bigint":
        return out.bigint(value);
      default:
        throw this.refusal(
          `is a ${typeof value}, which stays on its thread`,
          step,
        );
    }
  }

  #object(value: object, step: Step): void {
    const { out } = this;
    const before = this.#seen.visit(value, out.at);
    if (before >= 0) {
      if (this.#other.isUsed) this.#other.checkReference(before, step);
      out.words[before]! |= SHARED;
      return out.head(REF, before);
    }
    const depth = this.#depth;
    this.#path[depth] = step;
    this.#depth = depth + 1;
    if (depth === MAX_DEPTH) this.#refuseDepth();
    const prototype: unknown = getPrototypeOf(value);
    if (prototype === ObjectPrototype) {
      this.#fields(value as Record<string, unknown>, OBJECT);
    } else if (prototype === ArrayPrototype && Array.isArray(value)) {
      this.#array(value);
    } else if (prototype === null) {
      this.#fields(value as Record<string, unknown>, NULL_OBJECT);
    } else if (!this.#other.encode(value, prototype as object)) {
      throw this.refusal(whyNot(value));
    }
    this.#depth = depth;
  }

  #fields(value: Record<string, unknown>, kind: number): void {
    const { out } = this;
    const start = out.at;
    const inherits = this.#inherits;
    let count = 0;
    out.word(kind);
    for (const key in value) {
      if (inherits && !Object.hasOwn(value, key)) continue;
      out.string(key);
      this.value(value[key], key);
      count++;
    }
    if (count >= LONG) throw this.refusal("has more than 16777214 fields");
    out.words[start]! |= count << 8;
  }

  #array(value: unknown[]): void {
    const { out } = this;
    const { length } = value;
    out.head(ARRAY, length);
    for (let i = 0; i < length; i++) {
      const element = value[i];
      if (element === undefined && !(i in value)) {
        const end = endOfHoles(value, i, length);
        out.head(HOLES, end - i);
        i = end - 1;
      } else {
        this.value(element, i);
      }
    }
  }

  refusal(reason: string, step?: Step): TypeError {
    const path = this.#path.slice(0, this.#depth);
    if (step !== undefined) path.push(step);
    return new TypeError(
      `Cannot send ${this.#subject()}: ${formatPath(path)} ${reason}`,
    );
  }

  #refuseDepth(): never {
    // A path of a thousand steps would tell nobody anything.
    throw new TypeError(
      `Cannot send ${this.#subject()}: ` +
        `${formatPath(this.#path.slice(0, 3))} is nested more than ` +
        `${MAX_DEPTH} levels deep`,
    );
  }

  #subject(): string {
    const task = JSON.stringify(this.#task);
    if (this.#argument > 0) return `argument ${this.#argument} of ${task}`;
    return `the ${this.#argument === 0 ? "result" : "error"} of ${task}`;
  }
}

/** Many holes at a time are passed over by the fields that are there. */
const MANY_HOLES = 1_000;

/** Where the holes that start at `start` end. */
function endOfHoles(
  array: unknown[],
  start: number,
  length: number,
): number {
  const near = Math.min(length, start + MANY_HOLES);
  let i = start + 1;
  while (i < near && !(i in array)) i++;
  if (i < near || i === length) return i;
  // Indices come first, in ascending order (ECMA-262, OrdinaryOwnPropertyKeys).
  for (const key in array) {
    const index = Number(key);
    if (!(index < length)) break;
    if (index >= i) return index;
  }
  return length;
}

/**
 * An error in place of a thrown value that cannot travel. It is made of texts alone:
 * whatever else the value and the reason have could fail in the same way.
 */
function standIn(task: string, thrown: unknown, reason: unknown): Error {
  const cause = new TypeError(
    textOf(reason, "message") ?? "Cannot send an error: reading it failed",
  );
  const message = textOf(thrown, "message");
  if (message === undefined) {
    return new Error(`Cannot tell what ${JSON.stringify(task)} threw`, {
      cause,
    });
  }
  const error = new Error(message, { cause });
  error.name = textOf(thrown, "name") ?? "Error";
  const stack = textOf(thrown, "stack");
  if (stack !== undefined) error.stack = stack;
  return error;
}

/** A field of an error, if it is a text that can be read. */
function textOf(
  error: unknown,
  field: "message" | "name" | "stack",
): string | undefined {
  try {
    if (!(error instanceof Error)) return undefined;
    const text = error[field];
    return typeof text === "string" ? text : undefined;
  } catch {
    return undefined;
  }
}
