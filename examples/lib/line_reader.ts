/**
 * The lines of a connection.
 *
 * @module
 */
import type { Coroutine, net } from "../../mod.ts";

/** A line is longer than the reader takes. */
export class LineTooLong extends Error {
  override name = "LineTooLong";
}

const NEWLINE = 10;

/** Reads a stream line by line. */
export class LineReader {
  readonly #stream: net.TcpStream;
  readonly #buffer: Uint8Array;
  /** What was received and not read yet: the bytes from `#start` to `#end`. */
  #start = 0;
  #end = 0;

  /** @param maxBytes How long a line may be, its end included. */
  constructor(stream: net.TcpStream, maxBytes: number) {
    this.#stream = stream;
    this.#buffer = new Uint8Array(maxBytes);
  }

  /**
   * The next line, without its end and without control characters, with which a
   * terminal could be played tricks on; null at the end of the stream.
   *
   * @throws {LineTooLong} If it is too long.
   */
  *next(): Coroutine<string | null> {
    const buffer = this.#buffer;
    for (let looked = this.#start;;) {
      const newline = buffer.subarray(0, this.#end).indexOf(NEWLINE, looked);
      if (newline >= 0) {
        const line = buffer.subarray(this.#start, newline);
        this.#start = newline + 1;
        return new TextDecoder().decode(line).replace(/\p{Cc}/gu, "");
      }
      buffer.copyWithin(0, this.#start, this.#end);
      this.#end -= this.#start;
      this.#start = 0;
      looked = this.#end;
      if (this.#end === buffer.length) {
        throw new LineTooLong(`a line is longer than ${buffer.length} bytes`);
      }
      const n = yield* this.#stream.read(buffer.subarray(this.#end));
      if (n === null) return null;
      this.#end += n;
    }
  }
}
