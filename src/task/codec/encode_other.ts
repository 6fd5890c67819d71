import { describe } from "../../future/mod.ts";
import {
  COMMIT_MOVE,
  type Movable,
  type MovableEntry,
  movableOf,
  Portable,
  type PortableEntry,
  portableOf,
  PREPARE_MOVE,
} from "../../future/portable.ts";
import { type Buffers, viewClassOf } from "./buffers.ts";
import { encodeError, nearestErrorClass } from "./errors.ts";
import type { Seen } from "./seen.ts";
import { formatKey, type Sink, type Step, Via } from "./sink.ts";
import {
  ATTACHED,
  BOXED,
  DATE,
  END,
  MAP,
  MOVED,
  PORTABLE,
  REF,
  REGEXP,
  SET,
  SHARED,
  VIEW,
} from "./tags.ts";

/** The classes of what Deno transfers, of those that it has. */
const TRANSFERABLES = [
  "ArrayBuffer",
  "ImageBitmap",
  "MessagePort",
  "OffscreenCanvas",
  "ReadableStream",
  "TransformStream",
  "WritableStream",
].flatMap((name) => {
  const known = (globalThis as Record<string, unknown>)[name];
  return typeof known === "function" ? [known as { new (): object }] : [];
});

const NO_TRANSFER: readonly Transferable[] = [];

/** What an instance of a portable class has inside, in a path. */
const ENCODED = new Via(() => ".[Portable.encode]()");
const valueText = (key: unknown) => `.get(${formatKey(key)})`;
const keyText = (index: unknown) => `.keys()[${index}]`;
const elementText = (index: unknown) => `.values()[${index}]`;

/** Writes the kinds of objects that are neither plain objects nor arrays. */
export class OtherValues {
  attachments: unknown[] | null = null;
  /** Whether there is anything to finish, commit or clear. */
  isUsed = false;
  readonly #sink: Sink;
  readonly #seen: Seen;
  readonly #buffers: Buffers;
  #transfer = NO_TRANSFER;
  #moves: Movable[] | null = null;
  /** The portable classes met in this packet. */
  #classes: PortableEntry[] | null = null;
  /** The places of portable instances that are being written. */
  readonly #open: number[] = [];

  constructor(sink: Sink, seen: Seen, buffers: Buffers) {
    this.#sink = sink;
    this.#seen = seen;
    this.#buffers = buffers;
  }

  /** Takes note of what is to be transferred. */
  checkTransfer(task: string, transfer: readonly Transferable[]): void {
    if (!Array.isArray(transfer)) {
      throw new TypeError(
        `Cannot transfer to ${describe(task)}: transfer is ${
          describe(transfer)
        }, not an array`,
      );
    }
    for (const [i, item] of transfer.entries()) {
      const fail = (reason: string) =>
        new TypeError(
          `Cannot transfer item ${i + 1} to ${describe(task)}: ` +
            `it ${reason}`,
        );
      if (typeof item !== "object" || item === null) {
        throw fail(`is ${describe(item)}, which cannot be transferred`);
      }
      if (item instanceof SharedArrayBuffer) {
        throw fail("is a SharedArrayBuffer, which is shared as it is");
      }
      if (!TRANSFERABLES.some((known) => item instanceof known)) {
        throw fail(`is ${describe(item)}, which cannot be transferred`);
      }
      if (item instanceof ArrayBuffer && item.detached) {
        throw fail("is an ArrayBuffer that was transferred before");
      }
      if (transfer.indexOf(item) !== i) throw fail("is in the list twice");
    }
    this.#transfer = transfer;
    this.isUsed = true;
  }

  /** A value at this place is met again. */
  checkReference(place: number, step: Step): void {
    if (this.#open.includes(place)) {
      throw this.#sink.refusal(
        "leads back to the instance that is being encoded",
        step,
      );
    }
    if (!this.#buffers.isEmpty) this.#buffers.widen(this.#sink.out, place);
  }

  /** Writes an object; false: it is of no known kind. */
  encode(value: object, prototype: object): boolean {
    const { out } = this.#sink;
    this.isUsed = true;
    switch (prototype) {
      case Date.prototype:
        out.word(DATE);
        out.double((value as Date).getTime());
        return true;
      case Map.prototype:
        this.#map(value as Map<unknown, unknown>);
        return true;
      case Set.prototype:
        this.#set(value as Set<unknown>);
        return true;
      case ArrayBuffer.prototype:
        this.#wholeBuffer(value as ArrayBuffer);
        return true;
      case SharedArrayBuffer.prototype:
        this.#attach(value);
        return true;
      case RegExp.prototype:
        out.word(REGEXP);
        out.string((value as RegExp).source);
        out.string((value as RegExp).flags);
        return true;
      case Number.prototype:
      case String.prototype:
      case Boolean.prototype:
      case BigInt.prototype:
        out.word(BOXED);
        this.#sink.value(value.valueOf(), null);
        return true;
    }
    return this.#instance(value, prototype);
  }

  #instance(value: object, prototype: object): boolean {
    if (this.#transfer.includes(value as Transferable)) {
      this.#attach(value);
      return true;
    }
    if (ArrayBuffer.isView(value)) {
      this.#view(value);
      return true;
    }
    const movable = movableOf(prototype);
    if (movable !== undefined) {
      this.#move(value as Movable, movable);
      return true;
    }
    const portable = portableOf(prototype);
    if (portable !== undefined) {
      this.#portable(value as { [Portable.encode](): unknown }, portable);
      return true;
    }
    const error = nearestErrorClass(value);
    if (error !== null) {
      encodeError(value as Error, error, this.#sink);
      return true;
    }
    return false;
  }

  #map(map: Map<unknown, unknown>): void {
    const sink = this.#sink;
    sink.out.word(MAP);
    let i = 0;
    for (const [key, value] of map) {
      sink.value(key, isPrimitive(key) ? null : new Via(keyText, i));
      sink.value(value, isPrimitive(value) ? null : new Via(valueText, key));
      i++;
    }
    sink.out.word(END);
  }

  #set(set: Set<unknown>): void {
    const sink = this.#sink;
    sink.out.word(SET);
    let i = 0;
    for (const value of set) {
      sink.value(value, isPrimitive(value) ? null : new Via(elementText, i));
      i++;
    }
    sink.out.word(END);
  }

  #attach(value: object): void {
    this.attachments ??= [];
    let index = this.attachments.indexOf(value);
    if (index < 0) index = this.attachments.push(value) - 1;
    this.#sink.out.head(ATTACHED, index);
  }

  #wholeBuffer(buffer: ArrayBuffer): void {
    if (this.#transfer.includes(buffer)) return this.#attach(buffer);
    this.#checkBuffer(buffer, "is");
    this.#buffers.writeWhole(this.#sink.out, buffer);
  }

  #view(view: ArrayBufferView): void {
    const { buffer } = view;
    const isCopied = buffer instanceof ArrayBuffer &&
      !this.#transfer.includes(buffer);
    if (isCopied) this.#checkBuffer(buffer, "is a view on");
    const { out } = this.#sink;
    out.head(VIEW, viewClassOf(view));
    out.double(view.byteOffset);
    out.double((view as { length?: number }).length ?? view.byteLength);
    if (!isCopied) return this.#attach(buffer);
    const before = this.#seen.visit(buffer, out.at);
    if (before < 0) {
      return this.#buffers.writePart(out, view as ArrayBufferView<ArrayBuffer>);
    }
    out.words[before]! |= SHARED;
    this.#buffers.widen(out, before);
    out.head(REF, before);
  }

  #checkBuffer(buffer: ArrayBuffer, what: string): void {
    if (!buffer.detached) return;
    throw this.#sink.refusal(
      `${what} an ArrayBuffer that was transferred before`,
    );
  }

  #move(value: Movable, { tag }: MovableEntry): void {
    const data = value[PREPARE_MOVE]();
    this.#moves ??= [];
    this.#moves.push(value);
    const { out } = this.#sink;
    out.word(MOVED);
    out.string(tag);
    this.#sink.value(data, null);
  }

  #portable(
    value: { [Portable.encode](): unknown },
    entry: PortableEntry,
  ): void {
    const sink = this.#sink;
    const { out } = sink;
    const place = out.at;
    const data = value[Portable.encode]();
    const classes = this.#classes ??= [];
    const index = classes.indexOf(entry);
    out.head(PORTABLE, index < 0 ? classes.length : index);
    if (index < 0) {
      classes.push(entry);
      out.string(entry.module);
      out.string(entry.name);
    }
    this.#open.push(place);
    sink.value(data, ENCODED);
    this.#open.pop();
  }

  /** Looks once more at what moves: code of the user's may have run since. */
  finish(): void {
    if (this.#moves === null) return;
    for (const movable of this.#moves) movable[PREPARE_MOVE]();
  }

  /** Moves what moves. */
  commit(): void {
    if (this.#moves === null) return;
    for (const movable of this.#moves) movable[COMMIT_MOVE]();
  }

  clear(): void {
    this.isUsed = false;
    this.attachments = null;
    this.#transfer = NO_TRANSFER;
    this.#moves = null;
    this.#classes = null;
    this.#open.length = 0;
  }
}

function isPrimitive(value: unknown): boolean {
  return value === null || typeof value !== "object" &&
      typeof value !== "function" && typeof value !== "symbol";
}
