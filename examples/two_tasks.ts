/**
 * Two tasks that sleep side by side: after one second in all, not one and a half,
 * both are done.
 *
 *     deno run --allow-ffi examples/two_tasks.ts
 *
 * The results are printed in the order in which the tasks finished. `join` itself
 * returns them in the order of its arguments, which would be the other way round.
 *
 * @module
 */
import { block_on, type Coroutine, join, spawn, time } from "../mod.ts";

function* sleeper(
  name: string,
  ms: number,
  finished: string[],
): Coroutine<void> {
  yield* time.sleep(ms);
  finished.push(`${name} complete`);
}

if (import.meta.main) {
  const finished: string[] = [];
  block_on(function* () {
    console.log("Starting async operations...");
    yield* join(
      spawn(sleeper, "Task 1", 1_000, finished),
      spawn(sleeper, "Task 2", 500, finished),
    );
  });
  console.log(finished.join(", "));
}
