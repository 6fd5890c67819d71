/**
 * A worker for tests: raises a flag and wakes a reactor, each time after a pause.
 *
 * @module
 */
import { reactor } from "../../mod.ts";

/** What the worker is sent. */
export interface WakeOrder {
  readonly handle: reactor.ReactorHandleMessage;
  /** One word per round; the test sets it to 1, the worker to 2. */
  readonly rounds: Int32Array<SharedArrayBuffer>;
  /** How long to wait between the two, in milliseconds. */
  readonly pauseMs: number;
}

addEventListener("message", (event) => {
  const { handle, rounds, pauseMs } = (event as MessageEvent<WakeOrder>).data;
  const remote = reactor.ReactorHandle.import(handle);
  const nobody = new Int32Array(new SharedArrayBuffer(4));
  for (let round = 0; round < rounds.length; round++) {
    Atomics.wait(rounds, round, 0);
    Atomics.wait(nobody, 0, 0, pauseMs);
    Atomics.store(rounds, round, 2);
    remote.wake();
  }
  self.close();
});
