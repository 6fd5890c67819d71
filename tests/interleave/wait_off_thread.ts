import { again, type Model } from "./model.ts";

/** Whether a wait off the thread is under way, or has ended. */
export const UNDER_WAY = 1;
export const ENDED = 2;

/**
 * The wait that a hosted thread has under way elsewhere, at the word `offThread`: a
 * signal, at the word `signal`, ends it, and is taken by it.
 */
export function waitOffThread(
  offThread: number,
  signal: number,
): Model["threads"][number] {
  return {
    name: "wait",
    isServant: true,
    rounds: [({ step, world }) => {
      step("end of wait", () => {
        world[signal] = 0;
        world[offThread] = ENDED;
      }, {
        when: () => world[offThread] === UNDER_WAY && world[signal] === 1,
        reads: [offThread, signal],
        writes: [offThread, signal],
      });
      return again();
    }],
  };
}
