/**
 * Edo: a small tokio for Deno. An executor of generator futures, a reactor on
 * epoll, a timer wheel and TCP, from scratch.
 *
 * @example A TCP echo server on one thread
 * ```ts no-run
 * import { block_on, net, spawn, time } from "@edo/runtime";
 *
 * function* serve(stream: net.TcpStream) {
 *   using _ = stream;
 *   const buffer = new Uint8Array(1024);
 *   while (true) {
 *     const n = yield* time.timeout(10_000, stream.read(buffer));
 *     if (n === null) return;
 *     yield* stream.writeAll(buffer.subarray(0, n));
 *   }
 * }
 *
 * block_on(function* () {
 *   using listener = net.TcpListener.bind({ hostname: "127.0.0.1", port: 8080 });
 *   while (true) spawn(serve, yield* listener.accept());
 * });
 * ```
 *
 * @module
 */
export {
  blockOn,
  blockOn as block_on,
  type Body,
  run,
  spawn,
} from "./src/executor/mod.ts";
export {
  abortable,
  Context,
  type Coroutine,
  type Drivers,
  type Failure,
  type FailureHook,
  fromPromise,
  Future,
  type FutureIterator,
  type IntoFuture,
  intoFuture,
  join,
  type Joined,
  noopWaker,
  type Owner,
  Pending,
  type Poll,
  select,
  type Selected,
  setFailureHook,
  type Suspension,
  type Waker,
  yieldNow,
  yieldNow as yield_now,
} from "./src/future/mod.ts";
export * as net from "./src/net/mod.ts";
export * as reactor from "./src/reactor/mod.ts";
export { JoinError, type JoinErrorKind, JoinHandle } from "./src/task/mod.ts";
export * as time from "./src/time/mod.ts";
