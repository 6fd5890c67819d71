/**
 * A line on stderr that tells how far something is.
 *
 * @module
 */

/** How often the line changes at most, in milliseconds. */
const PAUSE_MS = 100;

/** A line that stays at its last state when it is disposed of. */
export class ProgressLine implements Disposable {
  readonly #title: string;
  #shownAt = -Infinity;
  #shown = "";

  constructor(title: string) {
    this.#title = title;
  }

  /** Shows which part is done, from 0 to 1. */
  show(part: number): void {
    const now = performance.now();
    if (part < 1 && now - this.#shownAt < PAUSE_MS) return;
    this.#shownAt = now;
    const text = `${this.#title}: ${Math.floor(100 * part)} %`;
    if (text === this.#shown) return;
    this.#shown = text;
    write(`\r${text}`);
  }

  [Symbol.dispose](): void {
    if (this.#shown !== "") write("\n");
  }
}

function write(text: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(text));
}
