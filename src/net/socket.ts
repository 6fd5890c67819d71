import { currentContext, type Owner } from "../future/mod.ts";
import type { Source } from "../reactor/mod.ts";
import { sockets } from "../sys/platform.ts";

const MOVED = "it was moved to another task";

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
  /** Why it is no use any more, if so: how an error ends. */
  #gone: "it is closed" | typeof MOVED | null = null;

  /** Takes over a descriptor, for the scope that is running, if there is one. */
  constructor(source: Source, label: string, exclusive: boolean) {
    this.source = source;
    this.label = label;
    this.exclusive = exclusive;
    this.#owner = currentContext()?.owner ?? null;
    this.#owner?.adopt(this);
  }

  /** Whether it was closed on this side, or moved away from it. */
  get isClosed(): boolean {
    return this.#gone !== null;
  }

  /** Whether it was moved to another task. */
  get isMoved(): boolean {
    return this.#gone === MOVED;
  }

  /**
   * This socket, for an operation that is to be started.
   *
   * @throws {Deno.errors.BadResource} If it was moved to another task.
   */
  here(verb: string): this {
    if (this.#gone === MOVED) this.openFd(verb);
    return this;
  }

  /**
   * The descriptor, for a call that does not wait.
   *
   * @throws {Deno.errors.BadResource} If it was closed or moved: the number may be
   * another's.
   */
  openFd(verb: string): number {
    if (this.#gone !== null) {
      throw new Deno.errors.BadResource(
        `Cannot ${verb} ${this.label}: ${this.#gone}`,
      );
    }
    return this.source.fd;
  }

  /** Closes it, which those who wait will find out. Again: does nothing. */
  close(): void {
    if (this.#gone !== null) return;
    this.#gone = "it is closed";
    this.#leave();
    sockets.close(this.source.fd);
  }

  /**
   * The descriptor, if it can move to another thread as it is now.
   *
   * @throws {Deno.errors.BadResource} If it was closed or moved.
   * @throws {Deno.errors.Busy} If an operation waits.
   */
  movableFd(): number {
    const fd = this.openFd("move");
    if (
      this.reader === null && this.writer === null && !this.source.hasWaiters
    ) {
      return fd;
    }
    throw new Deno.errors.Busy(
      `Cannot move ${this.label}: an operation waits for it`,
    );
  }

  /** Lets go of the descriptor, which is another's from now on. */
  move(): void {
    this.#gone = MOVED;
    this.#leave();
  }

  #leave(): void {
    this.#owner?.release(this);
    // Out of the reactor first: a descriptor that a child process inherited would
    // stay registered, and report events of a socket that is not ours any more.
    this.source.detach();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
