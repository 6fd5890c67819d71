import { osError } from "../../src/sys/error.ts";
import { sockets } from "../../src/sys/platform.ts";
import { WOULD_BLOCK } from "../../src/sys/sockets.ts";
import { requestBytes, type Target } from "../lib/course.ts";

/**
 * One request on a socket that does not block.
 *
 * A call that would have to wait returns `WOULD_BLOCK` instead, and the caller goes
 * away to do something else. So what `seq_calls.ts` keeps on its stack, how far it
 * has come and what it holds, must be kept in an object: a state machine. Each
 * function of `sockets` is one system call, made at once.
 */
export class Exchange implements Disposable {
  readonly id: number;
  readonly fd: number;
  readonly received: Uint8Array[] = [];
  #state: "connecting" | "sending" | "receiving" | "done" = "connecting";
  #unsent: Uint8Array;

  constructor(target: Target, id: number) {
    this.id = id;
    this.#unsent = requestBytes(target, id);
    this.fd = sockets.connect(target.address);
  }

  get isDone(): boolean {
    return this.#state === "done";
  }

  /** What the socket has to be ready for before `advance` can get any further. */
  get waitsFor(): "read" | "write" {
    return this.#state === "receiving" ? "read" : "write";
  }

  /** Goes as far as it can without waiting. */
  advance(): void {
    while (this.#step());
  }

  /** Makes one call. False: nothing more to be done now. */
  #step(): boolean {
    switch (this.#state) {
      case "connecting": {
        if (!wentThrough("connect", sockets.connectResult(this.fd))) {
          return false;
        }
        this.#state = "sending";
        return true;
      }
      case "sending": {
        const sent = sockets.send(this.fd, this.#unsent, this.#unsent.length);
        if (!wentThrough("send", sent)) return false;
        this.#unsent = this.#unsent.subarray(sent);
        if (this.#unsent.length === 0) this.#state = "receiving";
        return true;
      }
      case "receiving": {
        const buffer = new Uint8Array(4096);
        const n = sockets.recv(this.fd, buffer, buffer.length);
        if (!wentThrough("recv", n)) return false;
        if (n > 0) this.received.push(buffer.subarray(0, n));
        else this.#state = "done";
        return true;
      }
      case "done":
        return false;
    }
  }

  [Symbol.dispose](): void {
    sockets.close(this.fd);
  }
}

function wentThrough(syscall: string, result: number): boolean {
  if (result === WOULD_BLOCK) return false;
  if (result < 0) throw osError(-result, syscall, "make a request");
  return true;
}
