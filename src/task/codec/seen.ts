/** How many objects are searched one by one; in most values there are no more. */
const FEW = 8;

/** How many objects one of the Maps holds; V8's hold twice as many at most. */
const MANY = 2 ** 23;

/** The objects that were met, and where. */
export class Seen {
  #count = 0;
  readonly #objects: (object | null)[] = new Array<null>(FEW).fill(null);
  readonly #places: number[] = new Array<number>(FEW).fill(0);
  /** The others; only the last of these Maps has room. */
  #rest: Map<object, number>[] | null = null;
  readonly #many: number;

  /** @param many Fewer than usual, for tests. */
  constructor(many: number = MANY) {
    this.#many = many;
  }

  /** Where the object was met before, or -1: then that is `place`. */
  visit(object: object, place: number): number {
    const count = this.#count;
    const objects = this.#objects;
    for (let i = 0; i < count; i++) {
      if (objects[i] === object) return this.#places[i]!;
    }
    if (count < FEW) {
      objects[count] = object;
      this.#places[count] = place;
      this.#count = count + 1;
      return -1;
    }
    return this.#visitRest(object, place);
  }

  #visitRest(object: object, place: number): number {
    const rest = this.#rest ??= [new Map()];
    for (const places of rest) {
      const before = places.get(object);
      if (before !== undefined) return before;
    }
    if (rest.at(-1)!.size === this.#many) rest.push(new Map());
    rest.at(-1)!.set(object, place);
    return -1;
  }

  /** Forgets all, so that nothing is kept alive. */
  clear(): void {
    for (let i = 0; i < this.#count; i++) this.#objects[i] = null;
    this.#count = 0;
    this.#rest = null;
  }
}
