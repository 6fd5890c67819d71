import {
  findMovable,
  findPortable,
  type Movable,
} from "../../future/portable.ts";
import { VIEW_CLASSES } from "./buffers.ts";
import { makeError } from "./errors.ts";
import {
  BOXED,
  BUFFER,
  DATE,
  END,
  ERROR,
  KIND,
  MAP,
  MOVED,
  PORTABLE,
  REGEXP,
  SET,
  SHARED,
  VIEW,
} from "./tags.ts";

/** What the decoder lends to those who read the rarer kinds of values. */
export interface Reader {
  readonly source: Uint8Array;
  /** Where the packet starts in `source`, in bytes. */
  readonly start: number;
  readonly restored: Restored;
  /** Reads the next value. */
  value(): unknown;
  /** Reads the next value, which is a string. */
  string(): string;
  /** Reads the name of a field. */
  key(): string;
  /** Reads two words without a kind. */
  double(): number;
  /** The length that a value's first word, which was just read, tells. */
  length(word: number): number;
  /** Passes over the next word if it is this one. */
  skipIf(word: number): boolean;
  /**
   * Remembers the value of which just the first word was read. Returns its number.
   */
  share(value: unknown): number;
  /** Changes what was remembered under a number. */
  reshare(index: number, value: unknown): void;
}

/** What concerns a whole packet, if it has anything but plain values. */
export class Restored {
  /**
   * Whether something could not be decoded: the rest is read all the same, since
   * what moved with it has to be closed, but without calling code of the user's.
   */
  failed: boolean;
  error: unknown;
  readonly moved: Movable[] = [];
  /** The portable classes met in this packet: module and name. */
  readonly classes: { module: string; name: string }[] = [];

  constructor(failed: boolean) {
    this.failed = failed;
  }

  fail(error: unknown): void {
    if (this.failed) return;
    this.failed = true;
    this.error = error;
  }

  /** Closes what moved here. */
  dispose(): void {
    for (const movable of this.moved) movable[Symbol.dispose]();
  }
}

/** Reads the rest of a value that is neither plain nor primitive. */
export function decodeOther(word: number, reader: Reader): unknown {
  const isShared = (word & SHARED) !== 0;
  switch (word & KIND) {
    case MAP: {
      const map = new Map<unknown, unknown>();
      if (isShared) reader.share(map);
      while (!reader.skipIf(END)) map.set(reader.value(), reader.value());
      return map;
    }
    case SET: {
      const set = new Set();
      if (isShared) reader.share(set);
      while (!reader.skipIf(END)) set.add(reader.value());
      return set;
    }
    case ERROR:
      return readError(isShared, reader);
  }
  // These cannot contain themselves.
  const index = isShared ? reader.share(undefined) : -1;
  const value = readClosed(word, reader);
  if (isShared) reader.reshare(index, value);
  return value;
}

function readClosed(word: number, reader: Reader): unknown {
  switch (word & KIND) {
    case DATE:
      return new Date(reader.double());
    case REGEXP:
      return new RegExp(reader.string(), reader.string());
    case BOXED:
      return Object(reader.value()) as unknown;
    case VIEW:
      return readView(word, reader);
    case BUFFER:
      return readBuffer(reader);
    case PORTABLE:
      return readPortable(word, reader);
    case MOVED:
      return readMoved(reader);
  }
  throw new Error(`Cannot decode a value of the kind ${word & KIND}`);
}

function readBuffer(reader: Reader): ArrayBuffer {
  const length = reader.double();
  const start = reader.start + reader.double();
  const maxByteLength = reader.double();
  // Memory that was overwritten must not make this thread ask for gigabytes.
  const isThere = Number.isInteger(length) && length >= 0 &&
    start >= reader.start && start + length <= reader.source.length;
  if (!isThere) {
    throw new RangeError(
      `Cannot decode a buffer of ${length} bytes: they are not in the memory`,
    );
  }
  const buffer = maxByteLength < 0
    ? new ArrayBuffer(length)
    : new ArrayBuffer(length, { maxByteLength });
  new Uint8Array(buffer).set(reader.source.subarray(start, start + length));
  return buffer;
}

type ViewClass = new (
  buffer: ArrayBuffer,
  byteOffset: number,
  length: number,
) => ArrayBufferView;

function readView(word: number, reader: Reader): ArrayBufferView {
  const viewClass = VIEW_CLASSES[reader.length(word)] as ViewClass;
  const byteOffset = reader.double();
  const length = reader.double();
  const buffer = reader.value();
  const isBuffer = buffer instanceof ArrayBuffer ||
    buffer instanceof SharedArrayBuffer;
  // Of a number, the class would make a buffer of that length.
  if (!isBuffer) {
    throw new TypeError("Cannot decode a view: what it shows is no buffer");
  }
  return new viewClass(buffer as ArrayBuffer, byteOffset, length);
}

function readPortable(word: number, reader: Reader): unknown {
  const { restored } = reader;
  const index = reader.length(word);
  if (index === restored.classes.length) {
    restored.classes.push({ module: reader.string(), name: reader.string() });
  }
  const { module, name } = restored.classes[index]!;
  const data = reader.value();
  if (restored.failed) return undefined;
  const entry = findPortable(module, name);
  if (entry === undefined) {
    restored.fail(
      new Error(
        `Cannot decode an instance of ${name}: this thread has no portable ` +
          `class of that name from ${module}; import the module here`,
      ),
    );
    return undefined;
  }
  try {
    return entry.decode(data);
  } catch (error) {
    restored.fail(error);
    return undefined;
  }
}

function readMoved(reader: Reader): unknown {
  const tag = reader.string();
  const data = reader.value();
  const entry = findMovable(tag);
  if (entry === undefined) {
    reader.restored.fail(
      new Error(`Cannot decode what moved here: this thread has no ${tag}`),
    );
    return undefined;
  }
  const movable = entry.restore(data as never);
  reader.restored.moved.push(movable);
  return movable;
}

function readError(isShared: boolean, reader: Reader): Error {
  // Its class decides what is made: until that was read, nothing leads back here.
  const index = isShared ? reader.share(undefined) : -1;
  const error = makeError(reader.string(), () => reader.string());
  if (index >= 0) reader.reshare(index, error);
  let hasStack = false;
  while (!reader.skipIf(END)) {
    const key = reader.key();
    const value = reader.value();
    if (key === "stack") hasStack = true;
    define(error, key, value, false);
  }
  while (!reader.skipIf(END)) {
    const key = reader.key();
    const value = reader.value();
    if (key === "stack") hasStack = true;
    define(error, key, value, true);
  }
  if (!hasStack) delete error.stack;
  return error;
}

function define(
  object: object,
  key: string,
  value: unknown,
  enumerable: boolean,
): void {
  const rest = { configurable: true, writable: true, enumerable };
  Object.defineProperty(object, key, { value, ...rest });
}
