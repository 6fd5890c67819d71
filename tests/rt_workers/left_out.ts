/**
 * The tests of the one-thread suite that do not run on workers, by the reason. A
 * name without a flavour stands for the test in all of them.
 */
export const LEFT_OUT: ReadonlyMap<string, readonly string[]> = new Map([
  [
    "they run a program in a process of its own, so nothing of it would be here",
    [
      "a finished task's frame is released though its handle and its wakers are kept",
      "an aborted task's frame is released though its handle and its wakers are kept",
      "what is cancelled at the end of a runtime is released though its handle is kept",
      "a task's value is released with its handle, and a root's with its promise",
      "a detached task that nothing can wake does not outlive its runtime",
      "what is waited for off the thread arrives though garbage is collected meanwhile",
      "a million tasks in turn do not make the heap grow",
      "the thread is idle while a hosted runtime has nothing to do",
      "the process ends by itself once nothing is pending",
      "a listener that nobody waits at does not keep the process alive",
      "a pending sleep keeps the process alive until it is over",
      "an accept that is awaited keeps the process alive until it is over",
      "an uncaught rejection of run ends the process with its error",
      "by default a failure is printed to stderr with name, stack and cause, once",
      "hosted, a deadlock lets the process end, as any await that never settles",
      "hosted, a deadlock after sockets were used lets the process end, as any await that never settles",
    ],
  ],
  [
    "it measures what the whole process does, and other workers are busy",
    ["a signal of another thread ends the wait, which uses hardly any CPU"],
  ],
  [
    "the reactor of a worker goes on when what was run there has ended",
    [
      "a handle used after the runtime has ended wakes nobody, and says so [in a task]",
      "a handle used after the runtime has ended wakes nobody, and says so [run]",
    ],
  ],
  [
    "the thread on which a hosted worker waits has got the event, and may be slow to tell",
    ["a task that yields finds what happened to a socket within a few turns [run]"],
  ],
  [
    "a worker's turns come when other threads send it something, and begin with the oldest task",
    ["of tasks just spawned the newest runs first [run]"],
  ],
]);
