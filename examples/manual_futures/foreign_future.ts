import { type Operation, run as runEffection, until } from "./effection.ts";
import { block_on, type Coroutine, fromPromise, join, run } from "../../mod.ts";
import { Report, requestIds, type Target } from "../lib/course.ts";
import { exchange } from "../raw_syscalls/std_calls.ts";

/**
 * `foreign-future`: what others made, in tasks of Edo's.
 *
 * `run` is `block_on` on Deno's event loop, which goes on turning. That is what
 * promises need, and runtimes that are made of promises.
 */
export async function foreignFuture(target: Target): Promise<void> {
  console.log("promises:");
  await runAll(target, exchange);

  // An operation is only a description. Effection's own `run` has to drive it, and
  // does so beside Edo, on the same event loop. It gives us a promise of the outcome.
  console.log("operations of effection:");
  await runAll(
    target,
    (target, id) => runEffection(() => operation(target, id)),
  );

  // `block_on` holds the thread: no promise would ever settle. Edo says so at once.
  console.log("a promise inside block_on:");
  try {
    block_on(fromPromise(Promise.resolve()));
  } catch (error) {
    const [what] = (error as Error).message.split(":");
    console.log(what);
  }
}

type Exchange = (target: Target, id: number) => PromiseLike<Uint8Array[]>;

async function runAll(target: Target, exchange: Exchange): Promise<void> {
  const report = new Report();
  function* task(id: number): Coroutine<void> {
    report.reply(id, ...yield* fromPromise(exchange(target, id)));
  }
  await run(function* () {
    yield* join(...requestIds(target).map(task));
  });
  report.total();
}

function* operation(target: Target, id: number): Operation<Uint8Array[]> {
  return yield* until(exchange(target, id));
}
