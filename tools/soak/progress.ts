/**
 * A line that tells how far it is: on a terminal it is written anew all the time,
 * elsewhere there is another one every 30 seconds.
 *
 * @module
 */

const REWRITE_MS = 250;
const ANOTHER_MS = 30_000;

/** Shows a line, until it is disposed of. */
export class Progress implements Disposable {
  readonly #isTerminal = Deno.stderr.isTerminal();
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #line: () => string;
  #width = 0;

  constructor(line: () => string) {
    this.#line = line;
    const ms = this.#isTerminal ? REWRITE_MS : ANOTHER_MS;
    this.#timer = setInterval(() => this.#show(), ms);
  }

  #show(): void {
    const line = this.#line();
    if (!this.#isTerminal) return console.error(line);
    this.#write(`\r${line.padEnd(this.#width)}`);
    this.#width = line.length;
  }

  #write(text: string): void {
    Deno.stderr.writeSync(new TextEncoder().encode(text));
  }

  /** Makes room for something else. */
  clear(): void {
    if (this.#width > 0) this.#write(`\r${" ".repeat(this.#width)}\r`);
    this.#width = 0;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.clear();
  }
}
