/**
 * A Worker of the user's own, which spawns through a Handle that it is sent.
 *
 * @module
 */
import { block_on, Handle, type HandleMessage } from "../../mod.ts";
import { hostedReactorClosed } from "../../tests/helpers/hosted_reactor.ts";
import { add, sleeps } from "./tasks.ts";

/** What the Worker is to do. */
export interface OutsideRequest {
  readonly message: HandleMessage;
  readonly count: number;
  /** Whether it blocks meanwhile. */
  readonly blocking: boolean;
  /** Whether it leaves tasks behind that nobody joins. */
  readonly leaves: number;
}

const { postMessage } = globalThis as unknown as {
  postMessage(sum: number | null): void;
};

addEventListener("message", async (event) => {
  const request = (event as MessageEvent<OutsideRequest | null>).data;
  if (request === null) {
    // Its reactor may wait off the thread for a moment longer.
    await hostedReactorClosed();
    self.close();
    return;
  }
  const { message, count, blocking, leaves } = request;
  const handle = Handle.import(message);
  for (let i = 0; i < leaves; i++) handle.spawn(sleeps, 1).detach();
  const spawnAll = () =>
    Array.from({ length: count }, (_, n) => handle.spawn(add, n, 1));
  let sum = 0;
  if (blocking) {
    sum = block_on(function* () {
      let sum = 0;
      for (const task of spawnAll()) sum += yield* task;
      return sum;
    });
  } else for (const task of spawnAll()) sum += await task;
  postMessage(sum);
});

// It is ready.
postMessage(null);
