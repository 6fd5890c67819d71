/**
 * What can be waited for: futures, the wakers that have them polled again, and
 * the combinators that need no clock and no socket.
 *
 * @module
 */
export { abortable } from "./abortable.ts";
export {
  Context,
  currentContext,
  type Drivers,
  enterContext,
  type Owner,
  POLL_BUDGET,
} from "./context.ts";
export {
  closeCoroutine,
  type Coroutine,
  discard,
  type IntoFuture,
  intoFuture,
  isCoroutine,
  isThenable,
  resumeCoroutine,
} from "./coroutine.ts";
export { describe, nameOf } from "./describe.ts";
export {
  type Failure,
  type FailureHook,
  reportFailure,
  setFailureHook,
} from "./failure.ts";
export { fromPromise } from "./from_promise.ts";
export {
  Future,
  type FutureIterator,
  type Host,
  setHost,
  SUSPENDED,
} from "./future.ts";
export { join, type Joined } from "./join.ts";
export {
  isPending,
  Pending,
  type Poll,
  SUSPENSION,
  type Suspension,
} from "./poll.ts";
export { pollFn } from "./poll_fn.ts";
export { select, type Selected } from "./select.ts";
export { noopWaker, type Waker } from "./waker.ts";
export { WakerSet } from "./waker_set.ts";
export { yieldNow } from "./yield_now.ts";
export {
  type Agreeing,
  Portable,
  portable,
  type PortableClass,
  type PortableSymbols,
} from "./portable.ts";
