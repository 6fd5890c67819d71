/**
 * Edo: a small tokio for Deno. An executor of generator futures, a reactor on
 * epoll, a timer wheel and TCP, from scratch.
 *
 * @example A TCP echo server on one thread
 * ```ts
 * import { block_on, net, spawn, time } from "@edo/runtime";
 * import { assertEquals } from "@std/assert";
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
 * function* acceptAll(listener: net.TcpListener) {
 *   while (true) spawn(serve, yield* listener.accept());
 * }
 *
 * const reply = block_on(function* () {
 *   using listener = net.TcpListener.bind({ hostname: "127.0.0.1", port: 0 });
 *   spawn(acceptAll, listener);
 *   using stream = yield* net.TcpStream.connect(listener.addr);
 *   yield* stream.writeAll(new TextEncoder().encode("hello"));
 *   const buffer = new Uint8Array(5);
 *   yield* stream.readExact(buffer);
 *   return new TextDecoder().decode(buffer);
 * });
 * assertEquals(reply, "hello");
 * ```
 *
 * @module
 */
export {
  blockOn,
  blockOn as block_on,
  type Body,
  ctrlC,
  Handle,
  type HandleMessage,
  type Metrics,
  run,
  Runtime,
  type RuntimeOptions,
  type ShutdownOptions,
  spawn,
  spawnBlocking,
  type SpawnOptions,
  spawnWith,
} from "./src/executor/mod.ts";
export {
  abortable,
  type Agreeing,
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
  isPending,
  join,
  type Joined,
  noopWaker,
  type Owner,
  Pending,
  type Poll,
  pollFn,
  Portable,
  portable,
  type PortableClass,
  type PortableSymbols,
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
export {
  type Checked,
  type Declared,
  JoinError,
  type JoinErrorKind,
  JoinHandle,
  type ModuleMeta,
  type Shareable,
  task,
  taskSignal,
  type Travels,
} from "./src/task/mod.ts";
export * as time from "./src/time/mod.ts";
