import { type Context, Future, Pending, type Poll } from "../future/mod.ts";
import { type Interrupts, interruptsFor } from "./interrupts.ts";

class CtrlC extends Future<void> {
  #interrupts: Interrupts | null = null;
  #isDone = false;

  override poll(cx: Context): Poll<void> {
    if (this.#isDone) return;
    this.#interrupts ??= interruptsFor(cx);
    if (!this.#interrupts.poll(this, cx)) return Pending;
    this.#interrupts = null;
    this.#isDone = true;
  }

  override cancel(): void {
    this.#interrupts?.leave(this);
    this.#interrupts = null;
  }
}

/**
 * A future of the next Ctrl-C (`SIGINT`), so that a program can stop gracefully.
 *
 * It waits from when it is first polled on. A Ctrl-C completes all that wait at
 * that moment; one that is made afterwards waits for the next.
 *
 * While none waits, Ctrl-C ends the process at once, with code 130, as it does by
 * default: before the first poll, after the last one was cancelled or completed
 * (a second Ctrl-C ends a program that takes too long to stop), and when
 * `block_on` has returned. Between a future that was given up and one that is made
 * in the same turn, as in a loop around `select`, no Ctrl-C is lost.
 *
 * Inside `block_on` Deno's own listeners are silent, as the thread is blocked. So
 * a thread listens that the first future starts, and that ends with `block_on`. The
 * poll waits until it does: some 20 ms, and in a worker, where Deno takes its time
 * to start another one, a second. Elsewhere Deno's event loop listens, and a future
 * that somebody awaits keeps the process alive; one that was never polled does
 * nothing.
 *
 * @throws {Deno.errors.NotCapable} When polled inside `block_on` without
 * permission to read the package, which the thread needs.
 *
 * @example An echo server that stops gracefully
 * ```ts
 * import { block_on, ctrlC, net, select, spawn } from "@edo/runtime";
 *
 * function* echo(stream: net.TcpStream) {
 *   using _ = stream;
 *   const buffer = new Uint8Array(1024);
 *   let n: number | null;
 *   while ((n = yield* stream.read(buffer)) !== null) {
 *     yield* stream.writeAll(buffer, n);
 *   }
 * }
 *
 * function* serve(listener: net.TcpListener) {
 *   console.log("port", listener.addr.port); // port <port>
 *   while (true) spawn(echo, yield* listener.accept());
 * }
 *
 * if (import.meta.main) {
 *   block_on(function* () {
 *     using listener = net.TcpListener.bind({ hostname: "127.0.0.1", port: 0 });
 *     yield* select(ctrlC(), serve(listener)); // until Ctrl-C
 *     console.log("no new clients"); // no new clients
 *     // Those that are there are disconnected at the end.
 *   });
 * }
 * ```
 */
export function ctrlC(): Future<void> {
  return new CtrlC();
}
