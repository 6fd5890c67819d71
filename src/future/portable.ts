/**
 * How objects travel between threads: the protocol for classes of the user's, and
 * the one for objects that can be on one thread only and therefore move.
 *
 * It stands in the lowest layer so that sockets can take part without knowing who
 * carries them.
 *
 * @module
 */

import { describe } from "./describe.ts";

/** The names of the two methods with which a class says how it travels. */
export interface PortableSymbols {
  /**
   * An instance method without parameters. What it returns travels in place of
   * the instance: any value that can, other portable instances included. It must
   * not lead back to the instance itself.
   */
  readonly encode: unique symbol;
  /**
   * A static method that is given a copy of what `encode` returned and makes the
   * instance again. What it throws is what the receiver gets.
   */
  readonly decode: unique symbol;
}

/**
 * The names of the methods with which a class says how its instances travel to
 * other threads; {@linkcode portable} makes the class known.
 */
export const Portable: PortableSymbols = {
  encode: Symbol("Portable.encode"),
  decode: Symbol("Portable.decode"),
} as PortableSymbols;

/** What {@linkcode portable} asks of a class. */
export interface PortableClass {
  /** The name, by which other threads find the class in the same module. */
  readonly name: string;
  /** Where the instance method is. */
  readonly prototype: { [Portable.encode](): unknown };
  /** Makes an instance of what the instance method returned elsewhere. */
  [Portable.decode](data: never): unknown;
}

/** Whether a class can decode what it encodes: if not, the types say why not. */
export type Agreeing<C extends PortableClass> =
  C[typeof Portable.decode] extends
    (data: ReturnType<C["prototype"][typeof Portable.encode]>) => unknown
    ? unknown
    : {
      "[Portable.decode] does not take what [Portable.encode] returns": never;
    };

/** A class that takes part in the protocol, as the codec needs it. */
export interface PortableEntry {
  readonly module: string;
  readonly name: string;
  readonly decode: (data: unknown) => unknown;
}

/**
 * An object that exists on one thread at a time: a socket. Sending it is a move in
 * two steps, so that nothing has moved if the rest cannot be sent.
 */
export interface Movable extends Disposable {
  /**
   * Tells what restores it elsewhere: plain data. It changes nothing.
   *
   * @throws If it cannot move now, for example because something waits for it.
   */
  [PREPARE_MOVE](): unknown;
  /** Lets go: from now on what was told belongs to the receiver. Never throws. */
  [COMMIT_MOVE](): void;
}

/** Names the first step of a move; see {@linkcode Movable}. */
export const PREPARE_MOVE: unique symbol = Symbol("prepareMove");
/** Names the second step of a move; see {@linkcode Movable}. */
export const COMMIT_MOVE: unique symbol = Symbol("commitMove");

/** How a class of objects that move is known to all threads. */
export interface MovableEntry {
  /** The same on every thread: `edo.TcpStream`. */
  readonly tag: string;
  /** Makes the object again, on the receiving thread. */
  readonly restore: (data: never) => Movable;
}

const portables = new Map<string, PortableEntry & { prototype: object }>();
const portablesByPrototype = new Map<object, PortableEntry>();
const movables = new Map<string, MovableEntry>();
const movablesByPrototype = new Map<object, MovableEntry>();
const errors = new Map<string, ErrorClass>();
const errorTags = new Map<object, string>();

/** A module's address and a name in it, as one key: no address has a space. */
function keyOf(module: string, name: string): string {
  return `${module} ${name}`;
}

/**
 * Lets the instances of a class travel: as arguments and results of tasks, alone
 * or inside of other values. The class says by two methods what travels; it must
 * stand at the top level of a module, so that the receiving thread has it as soon
 * as it has loaded the module.
 *
 * Only instances of the class itself travel; a subclass has to be made portable
 * by itself. An instance that occurs several times in what is sent is still one
 * afterwards.
 *
 * @param module The `import.meta` of the module that declares the class.
 * @param portableClass The class.
 * @returns The class.
 * @throws {TypeError} If the class has no name, or lacks one of the methods; or if
 * `module` has no `url`.
 * @throws {Error} If the module has another portable class of that name.
 *
 * @example A class that travels
 * ```ts
 * import { Portable, portable } from "@edo/runtime";
 * import { assertEquals } from "@std/assert";
 *
 * class Money {
 *   static {
 *     portable(import.meta, this);
 *   }
 *   constructor(readonly cents: number, readonly currency: string) {}
 *
 *   [Portable.encode](): [number, string] {
 *     return [this.cents, this.currency];
 *   }
 *   static [Portable.decode]([cents, currency]: [number, string]): Money {
 *     return new Money(cents, currency);
 *   }
 * }
 * assertEquals(Money[Portable.decode]([150, "EUR"]), new Money(150, "EUR"));
 * ```
 */
export function portable<C extends PortableClass>(
  module: Pick<ImportMeta, "url">,
  portableClass: C & Agreeing<C>,
): C;
/** As above, under a name of its own: for a class whose name a minifier changes. */
export function portable<C extends PortableClass>(
  module: Pick<ImportMeta, "url">,
  name: string,
  portableClass: C & Agreeing<C>,
): C;
export function portable(
  module: Pick<ImportMeta, "url">,
  ...rest: [PortableClass] | [string, PortableClass]
): PortableClass {
  const portableClass = rest[rest.length - 1] as PortableClass;
  if (typeof (portableClass as unknown) !== "function") {
    throw new TypeError(
      `Cannot make a class portable: it is ${describe(portableClass)}`,
    );
  }
  const url: unknown = (module as typeof module | null | undefined)?.url;
  if (typeof url !== "string" || url === "") {
    throw new TypeError(
      "Cannot make a class portable: the first argument must be import.meta, " +
        `and is ${describe(module)}`,
    );
  }
  const name = rest.length === 2 ? rest[0] : portableClass.name;
  if (typeof name !== "string" || name === "") {
    throw new TypeError(
      "Cannot make a class portable: it has no name; " +
        'pass one as portable(import.meta, "Name", class …)',
    );
  }
  const label = `Cannot make the class ${describe(name, false)} of ${
    describe(url, false)
  } portable`;
  // Functions that are no constructors have none.
  const prototype = portableClass.prototype as
    | typeof portableClass.prototype
    | undefined;
  if (typeof prototype?.[Portable.encode] !== "function") {
    throw new TypeError(`${label}: it has no method [Portable.encode]`);
  }
  if (typeof portableClass[Portable.decode] !== "function") {
    throw new TypeError(`${label}: it has no static method [Portable.decode]`);
  }
  const key = keyOf(url, name);
  const before = portables.get(key);
  if (before !== undefined && before.prototype !== prototype) {
    throw new Error(
      `${label}: the module has another one of that name; ` +
        'pass a name as portable(import.meta, "Name", class …)',
    );
  }
  const decode = (data: unknown) =>
    portableClass[Portable.decode](data as never);
  const entry = { module: url, name, decode, prototype };
  portables.set(key, entry);
  portablesByPrototype.set(prototype, entry);
  return portableClass;
}

/** The portable class whose instances have this prototype. */
export function portableOf(prototype: object): PortableEntry | undefined {
  return portablesByPrototype.get(prototype);
}

/** The portable class of a name in a module that this thread has loaded. */
export function findPortable(
  module: string,
  name: string,
): PortableEntry | undefined {
  return portables.get(keyOf(module, name));
}

/** Makes a class known whose objects move. */
export function registerMovable<D>(
  tag: string,
  movableClass: { readonly prototype: Movable },
  restore: (data: D) => Movable,
): void {
  const entry = { tag, restore };
  movables.set(tag, entry);
  movablesByPrototype.set(movableClass.prototype, entry);
}

/** The class of movable objects that have this prototype. */
export function movableOf(prototype: object): MovableEntry | undefined {
  return movablesByPrototype.get(prototype);
}

/** The class of movable objects with this tag. */
export function findMovable(tag: string): MovableEntry | undefined {
  return movables.get(tag);
}

/** A class of errors; how its instances are made does not matter. */
export interface ErrorClass {
  readonly prototype: Error;
}

/**
 * Makes a class of errors known that is to arrive as itself: its own fields are
 * all that its instances have. Others arrive as the nearest class that is known.
 */
export function registerError(tag: string, errorClass: ErrorClass): void {
  errors.set(tag, errorClass);
  errorTags.set(errorClass.prototype, tag);
}

/** By what name a class of errors is known, from its prototype. */
export function errorTagOf(prototype: object): string | undefined {
  return errorTags.get(prototype);
}

/** The class of errors that is known by a name. */
export function findError(tag: string): ErrorClass | undefined {
  return errors.get(tag);
}
