import { Idling } from "../../src/executor/pool/idling.ts";
import type { Sleepers } from "../../src/executor/pool/sleepers.ts";

/** What `Idling` needs of `Sleepers`, or of one that is to be found wanting. */
export type SleeperRules = Pick<
  Sleepers,
  "claimOne" | "startSearch" | "endSearch" | "goIdle" | "getUp" | "searching"
>;

/** Where a worker stands: a round remembers it as bits. */
export const SEARCHES = 1;
export const IS_IDLE = 2;
export const SAW_WORK = 4;

/** A worker that stands where these bits say. */
export function idlingAt(
  bits: number,
  index: number,
  sleepers: SleeperRules,
  wakeAnother: () => void,
): Idling {
  let isThere = false;
  const rules: Pick<
    Sleepers,
    "startSearch" | "endSearch" | "goIdle" | "getUp"
  > = {
    startSearch: () => !isThere || sleepers.startSearch(),
    endSearch: () => sleepers.endSearch(),
    goIdle: (worker, wasSearching) => {
      if (isThere) sleepers.goIdle(worker, wasSearching);
    },
    getUp: (worker, sawWork) => sleepers.getUp(worker, sawWork),
  };
  const idling = new Idling(rules as Sleepers, index, wakeAnother);
  if ((bits & SEARCHES) !== 0) idling.startSearch();
  if ((bits & IS_IDLE) !== 0) idling.goIdle();
  idling.noteLook((bits & SAW_WORK) !== 0);
  isThere = true;
  return idling;
}
