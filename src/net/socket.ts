import { currentContext, type Owner } from "../future/mod.ts";
import type { Source } from "../reactor/mod.ts";
import { sockets } from "../sys/platform.ts";

/**
 * An open socket and what is known of it: the part that streams and listeners
 * share. It owns the descriptor, and sees to it that it is closed exactly once.
 */
export class Socket implements Disposable {
  readonly source: Source;
  /** What it is called in errors: `the stream to 127.0.0.1:80`. */
  readonly label: string;
  /** Whether only one operation may wait in each direction. */
  readonly exclusive: boolean;
  /** The operation that waits in each direction, the last one if several may. */
  reader: object | null = null;
  writer: object | null = null;
  readonly #owner: Owner | null;
  #closed = false;

  /** Takes over a descriptor, for the scope that is running, if there is one. */
  constructor(source: Source, label: string, exclusive: boolean) {
    this.source = source;
    this.label = label;
    this.exclusive = exclusive;
    this.#owner = currentContext()?.owner ?? null;
    this.#owner?.adopt(this);
  }

  /** Whether it was closed on this side. */
  get isClosed(): boolean {
    return this.#closed;
  }

  /**
   * The descriptor, for a call that does not wait.
   *
   * @throws {Deno.errors.BadResource} If it is closed: the number may be another's.
   */
  openFd(verb: string): number {
    if (this.#closed) {
      throw new Deno.errors.BadResource(
        `Cannot ${verb} ${this.label}: it is closed`,
      );
    }
    return this.source.fd;
  }

  /** Closes it, which those who wait will find out. Again: does nothing. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#owner?.release(this);
    // Out of the reactor first: a descriptor that a child process inherited would
    // stay registered, and report events of a socket that is not ours any more.
    this.source.detach();
    sockets.close(this.source.fd);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
