/** Hands out a world's words, with names for printed schedules. */
export class Places {
  readonly names: Record<string, number> = {};
  #words = 0;

  /** How many words were handed out. */
  get words(): number {
    return this.#words;
  }

  /** A word of its own. */
  word(name: string): number {
    return this.block(name, 1, { "": 0 });
  }

  /**
   * Words in a row. `parts` names some of them, by where they are; the others are
   * called by their number.
   */
  block(
    name: string,
    size: number,
    parts: Record<string, number> = {},
  ): number {
    const start = this.#words;
    this.#words += size;
    for (let i = 0; i < size; i++) {
      const part = Object.keys(parts).find((part) => parts[part] === i);
      this.names[`${name}${part ?? `[${i}]`}`] = start + i;
    }
    return start;
  }
}
