/**
 * What `run` and `await` wait with on this thread, which they give back once nobody
 * there waits for anything.
 *
 * @module
 */
import { pollFn, reactor, run } from "../../mod.ts";
import { waitFor } from "./deadline.ts";

const PATIENCE_MS = 10_000;

/** Waits until a reactor that Deno's loop hosts is closed. */
export async function untilClosed(opened: reactor.Reactor): Promise<void> {
  const closed = async () => {
    while (opened.handle().wake()) {
      await new Promise((resolve) => void setImmediate(resolve));
    }
  };
  await waitFor(closed(), PATIENCE_MS, "the end of the hosted reactor");
}

/** Waits until this thread's hosted executor has given its reactor back. */
export async function hostedReactorClosed(): Promise<void> {
  await untilClosed(await run(pollFn((cx) => reactor.reactorOf(cx))));
}
