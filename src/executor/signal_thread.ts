/**
 * A worker that listens for Ctrl-C in the stead of a thread that is blocked: Deno
 * calls the listeners of a thread from its event loop, which does not turn there.
 *
 * It listens for one signal at a time. After that the default action holds until
 * the next order, so that a second Ctrl-C ends a program that does not react to
 * the first.
 *
 * @module
 */
import { ReactorHandle } from "../reactor/handle.ts";
import {
  HEARD,
  SERVED,
  type SignalOrder,
  type SignalSetup,
} from "./signal_messages.ts";

let words: Int32Array;
let reactor: ReactorHandle;

function hear(): void {
  Deno.removeSignalListener("SIGINT", hear);
  Atomics.add(words, HEARD, 1);
  reactor.wake();
}

addEventListener("message", (event) => {
  const { data } = event as MessageEvent<SignalSetup | SignalOrder>;
  switch (data.do) {
    case "setup":
      words = new Int32Array(data.words);
      reactor = ReactorHandle.import(data.reactor);
      return;
    // Both may be asked for twice: Deno knows a listener only once.
    case "listen":
      Deno.addSignalListener("SIGINT", hear);
      break;
    case "unlisten":
      Deno.removeSignalListener("SIGINT", hear);
      break;
    case "end":
      Deno.removeSignalListener("SIGINT", hear);
      self.close();
  }
  Atomics.store(words, SERVED, data.number);
  Atomics.notify(words, SERVED);
});
