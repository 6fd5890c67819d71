import {
  isParkingPlace,
  Parking,
  type ReactorHandleMessage,
} from "./parking.ts";
import { signalBackend } from "./select_backend.ts";

/**
 * Wakes a reactor from any thread.
 *
 * @example A future that another thread completes
 * ```ts
 * import { Pending, pollFn, reactor, run } from "@edo/runtime";
 *
 * const flag = new Int32Array(new SharedArrayBuffer(4));
 * await run(function* () {
 *   const handle = yield* pollFn((cx) => reactor.reactorOf(cx).handle());
 *   // A worker would get this message, and the flag, by postMessage.
 *   const message = handle.export();
 *   setTimeout(() => {
 *     Atomics.store(flag, 0, 1);
 *     reactor.ReactorHandle.import(message).wake();
 *   }, 1);
 *   yield* pollFn((cx) => {
 *     if (Atomics.load(flag, 0) === 1) return true;
 *     const { Interest, reactorOf, Token } = reactor;
 *     reactorOf(cx).setWaker(Token.WAKE, Interest.READABLE, cx.waker);
 *     return Pending;
 *   });
 * });
 * ```
 */
export class ReactorHandle {
  readonly #message: ReactorHandleMessage;
  readonly #parking: Parking;

  private constructor(message: ReactorHandleMessage) {
    this.#message = message;
    this.#parking = new Parking(message);
  }

  /** A message that `postMessage` can carry, for {@linkcode ReactorHandle.import}. */
  export(): ReactorHandleMessage {
    return this.#message;
  }

  /**
   * Makes a handle of a message that another thread exported.
   *
   * @throws {TypeError} If the message is not what `export` has returned.
   */
  static import(message: ReactorHandleMessage): ReactorHandle {
    const { backend, target } = Object(message) as ReactorHandleMessage;
    if (
      !isParkingPlace(message) || typeof backend !== "string" ||
      !Number.isInteger(target)
    ) {
      throw new TypeError(
        "Cannot import a ReactorHandle: message is not what export() returned",
      );
    }
    return new ReactorHandle(message);
  }

  /**
   * Ends the reactor's wait, or its next one if it is not waiting, and wakes those
   * who wait for {@linkcode Token.WAKE}. Several calls may be merged into one.
   * What the caller wrote before the call is seen by those it wakes.
   *
   * @returns False if the reactor is closed: nothing was woken.
   */
  wake(): boolean {
    return this.#parking.notify(() => signalBackend(this.#message));
  }
}
