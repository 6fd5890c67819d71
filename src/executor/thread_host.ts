import { currentContext } from "../future/mod.ts";
import { Executor } from "./executor.ts";
import { cannotAwait, hostedExecutor } from "./hosted.ts";
import type { SeatHost } from "./pool/remote_task.ts";

/** What a seat needs of a thread whose executors come and go. */
export const threadHost: SeatHost = {
  keepLooking(): void {
    if (currentContext()?.blocking) throw cannotAwait("a task");
    hostedExecutor().keepLooking();
  },
  noteUnjoined(task): void {
    const drivers = currentContext()?.drivers;
    if (task.owner !== null && drivers instanceof Executor) {
      return drivers.noteUnjoined(task);
    }
    // Ordinary code has spawned it, and may not have come to its `await` yet: a
    // block_on that is under way must not tell before.
    hostedExecutor().noteUnjoined(task);
    hostedExecutor().lookAgain();
  },
  lookAgain(): void {
    hostedExecutor().lookAgain();
  },
};
