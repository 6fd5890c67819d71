/**
 * Just enough of HTTP/1.1 to read requests one after another from a connection:
 * RFC 9112. Bodies are read and thrown away.
 *
 * @module
 */
import type { Coroutine, net } from "../../mod.ts";

/** What the peer sent is not a request. The message tells it why. */
export class BadRequest extends Error {
  override name = "BadRequest";
}

/** A request, without its body. */
export interface HttpRequest {
  readonly method: string;
  readonly target: string;
  /** Whether the client may send another request on the same connection. */
  readonly keepAlive: boolean;
}

/** Room for one line: nothing sensible has a longer header. */
const BUFFER_BYTES = 8 * 1024;
const MAX_HEADERS = 100;

/** RFC 9112, section 3; a method is a token: RFC 9110, section 5.6.2. */
const REQUEST_LINE = /^([!#$%&'*+.^_`|~\w-]+) (\S+) HTTP\/1\.([01])$/;
const HEADER = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*(.*?)[ \t]*$/;
/** Bytes that no request line has: TLS, for one, starts with such a byte. */
const NOT_TEXT = /[^\x20-\x7e\r]/;

const CONTINUE = new TextEncoder().encode("HTTP/1.1 100 Continue\r\n\r\n");

/** Reads the requests of one connection. */
export class HttpReader {
  readonly #stream: net.TcpStream;
  readonly #buffer = new Uint8Array(BUFFER_BYTES);
  /** What was received and not read yet: the bytes from `#start` to `#end`. */
  #start = 0;
  #end = 0;

  constructor(stream: net.TcpStream) {
    this.#stream = stream;
  }

  /**
   * The next request; null if the client has ended the connection instead.
   *
   * @throws {BadRequest} If it is none. The connection is of no use then.
   */
  *next(): Coroutine<HttpRequest | null> {
    let line = yield* this.#line(NOT_TEXT);
    // Some clients send an empty line behind a body: RFC 9112, section 2.2.
    if (line === "") line = yield* this.#line(NOT_TEXT);
    if (line === null) return null;
    const parts = REQUEST_LINE.exec(line);
    if (parts === null) {
      throw new BadRequest(
        `Expected "GET /path HTTP/1.1", got "${line.slice(0, 80)}"`,
      );
    }
    const [, method, target, minor] = parts;
    const headers = yield* this.#headers();
    const connection = headers.get("connection")?.toLowerCase() ?? "";
    const keepAlive = minor === "1"
      ? !connection.includes("close")
      : connection.includes("keep-alive");
    yield* this.#skipBody(headers);
    return { method: method!, target: target!, keepAlive };
  }

  /** The headers up to the empty line behind them, by name in lower case. */
  *#headers(): Coroutine<Map<string, string>> {
    const headers = new Map<string, string>();
    for (let i = 0; i <= MAX_HEADERS; i++) {
      const line = yield* this.#line();
      if (line === "") return headers;
      if (line === null) {
        throw new BadRequest("The request ends in its headers");
      }
      const parts = HEADER.exec(line);
      if (parts === null) {
        throw new BadRequest(
          `Expected "Name: value", got "${line.slice(0, 80)}"`,
        );
      }
      const name = parts[1]!.toLowerCase();
      const before = headers.get(name);
      const value = parts[2]!;
      headers.set(name, before === undefined ? value : `${before}, ${value}`);
    }
    throw new BadRequest(`The request has more than ${MAX_HEADERS} headers`);
  }

  /** RFC 9112, section 6: how long a body is, and where it ends. */
  *#skipBody(headers: Map<string, string>): Coroutine<void> {
    const coding = headers.get("transfer-encoding");
    const length = headers.get("content-length");
    if (coding === undefined && length === undefined) return;
    if (coding !== undefined && length !== undefined) {
      // Read one way here and the other way by a proxy, it would be two requests.
      throw new BadRequest(
        "Content-Length and Transfer-Encoding exclude each other",
      );
    }
    if (headers.get("expect")?.toLowerCase() === "100-continue") {
      yield* this.#stream.writeAll(CONTINUE);
    }
    if (length !== undefined) {
      if (!/^\d{1,15}$/.test(length)) {
        throw new BadRequest(`Content-Length is "${length}", not a number`);
      }
      yield* this.#skip(Number(length));
    } else if (coding!.toLowerCase() === "chunked") {
      yield* this.#skipChunks();
    } else {
      throw new BadRequest(`Transfer-Encoding is "${coding}", not chunked`);
    }
  }

  /** RFC 9112, section 7.1: chunks, each behind its size, and trailers. */
  *#skipChunks(): Coroutine<void> {
    while (true) {
      const line = yield* this.#line();
      const size = /^([0-9a-f]{1,12})[ \t]*(;.*)?$/i.exec(line ?? "")?.[1];
      if (size === undefined) {
        throw new BadRequest(`Expected the size of a chunk, got "${line}"`);
      }
      if (/^0+$/.test(size)) break;
      yield* this.#skip(parseInt(size, 16));
      if ((yield* this.#line()) !== "") {
        throw new BadRequest("A chunk is longer than its size");
      }
    }
    yield* this.#headers();
  }

  *#skip(bytes: number): Coroutine<void> {
    for (let left = bytes; left > 0;) {
      if (this.#start === this.#end && !(yield* this.#fill())) {
        throw new BadRequest(`The body ends ${left} bytes early`);
      }
      const n = Math.min(left, this.#end - this.#start);
      this.#start += n;
      left -= n;
    }
  }

  /** The next line without its end; null at the end of the stream. */
  *#line(forbidden?: RegExp): Coroutine<string | null> {
    for (let looked = 0;;) {
      const bytes = this.#buffer.subarray(this.#start, this.#end);
      const at = bytes.indexOf(0x0a, looked);
      const text = latin1(at < 0 ? bytes : bytes.subarray(0, at));
      // Found as it comes in: such a client may never send the end of a line.
      if (forbidden?.test(text)) throw new BadRequest("This is not HTTP/1.1");
      if (at >= 0) {
        this.#start += at + 1;
        return text.endsWith("\r") ? text.slice(0, -1) : text;
      }
      looked = bytes.length;
      if (looked === BUFFER_BYTES) {
        throw new BadRequest(`A line is longer than ${BUFFER_BYTES} bytes`);
      }
      if (!(yield* this.#fill())) {
        if (looked === 0) return null;
        throw new BadRequest("The request ends in the middle of a line");
      }
    }
  }

  /** Receives more. False: there is no more. */
  *#fill(): Coroutine<boolean> {
    if (this.#start > 0) {
      this.#buffer.copyWithin(0, this.#start, this.#end);
      this.#end -= this.#start;
      this.#start = 0;
    }
    const n = yield* this.#stream.read(this.#buffer.subarray(this.#end));
    this.#end += n ?? 0;
    return n !== null;
  }
}

function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}
