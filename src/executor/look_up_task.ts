import { lookUp } from "../net/look_up.ts";
import { type Shareable, task } from "../task/mod.ts";

/**
 * What looks a host name up for a thread that is blocked. Workers import this
 * module when they start, so that it costs them no look at the disk later.
 */
export const lookUpTask: Shareable<[hostname: string], Promise<string[]>> =
  task(import.meta, "edo.lookUp", lookUp);
