import {
  all,
  type Operation,
  run,
  spawn,
  until,
  withResolvers,
} from "./effection.ts";
import {
  Context,
  type Future,
  Pending,
  reactor,
  type Waker,
} from "../../mod.ts";
import { Report, requestIds, type Target } from "../lib/course.ts";
import { request } from "./http_get.ts";

/**
 * `foreign-executor`: the same futures in hands that know nothing of Edo.
 *
 * Native `await` calls a future's `then`, as it would a promise's, and Deno's event
 * loop does the rest.
 */
export async function foreignExecutor(target: Target): Promise<void> {
  console.log("native await:");
  const awaited = new Report();
  await Promise.all(
    requestIds(target).map(async (id) => {
      awaited.reply(id, ...await request(target, id));
    }),
  );
  awaited.total();

  console.log("effection:");
  await run(() => effectionCalls(target));
}

/**
 * Effection has tasks and a scheduler of its own. Here it calls `poll` itself, and
 * its own signals are the wakers. The one thing of Edo's that has to be there is the
 * reactor that the futures leave their wakers at; a task of effection's turns it.
 */
function* effectionCalls(target: Target): Operation<void> {
  using events = new reactor.Reactor();
  yield* spawn(() => turn(events));
  const report = new Report();
  yield* all(
    requestIds(target).map(function* (id): Operation<void> {
      report.reply(id, ...yield* drive(request(target, id), events));
    }),
  );
  report.total();
}

function* turn(events: reactor.Reactor): Operation<void> {
  while (true) yield* until(events.waitAsync());
}

/** Polls a future until it is ready, whenever its waker was called. */
function* drive<T>(future: Future<T>, events: reactor.Reactor): Operation<T> {
  const defer = (waker: Waker) => waker.wake();
  const drivers = { timers: null, reactor: events, defer };
  try {
    while (true) {
      const woken = withResolvers<void>();
      const cx = new Context({ wake: () => woken.resolve() }, drivers);
      const value = future.poll(cx);
      if (value !== Pending) return value;
      yield* woken.operation;
    }
  } finally {
    future.cancel();
  }
}
