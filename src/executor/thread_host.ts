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
    const executor = drivers instanceof Executor ? drivers : hostedExecutor();
    executor.noteUnjoined(task);
  },
  lookAgain(): void {
    hostedExecutor().lookAgain();
  },
};
