/**
 * The tests that are left out on Windows, each with the reason: the only ones by
 * which its count may differ from that of Linux. `preload.ts` leaves out those that
 * are listed with a name. Those of whole files say so themselves (`ignore`), and
 * `tools/windows_tests.ts` fails if there is one that is not listed here, or if an
 * entry stands for none.
 *
 * @module
 */

/** Tests that are left out for one reason. */
export interface Skip {
  /** The file, from the project's folder, as a pattern for all of it. */
  readonly file: RegExp;
  /** The names of the tests; without it, all of the file's. */
  readonly name?: RegExp;
  readonly reason: string;
}

/** What is left out on Windows. */
export const SKIPS: readonly Skip[] = [
  {
    file: /^tests\/sys_linux_\w+_test\.ts$/,
    reason:
      "Linux's system calls; tests/windows/ has the tests of Windows' own",
  },
  {
    file: /^tests\/windows\/layout_test\.ts$/,
    name: /mingw's|^an equation that does not hold is told$/,
    reason: "the compiler runs on Linux, and needs nothing of Windows",
  },
  {
    file: /^tests\/net\/accept_test\.ts$/,
    name: /reusePort lets two|^a listener without reusePort/,
    reason: "Windows has no SO_REUSEPORT; differences_test.ts: it says so",
  },
  {
    file: /^tests\/net\/accept_test\.ts$/,
    name: /^connections beyond the process's descriptors wait/,
    reason: "Windows has no limit of descriptors that a process could be given",
  },
  {
    file: /^tests\/helpers_test\.ts$/,
    name: /^signals reach a process, and its status tells of them$/,
    reason: "Windows has no signals: a process can only be ended",
  },
  {
    file: /^tests\/net\/close_test\.ts$/,
    name: /a reset wakes the reader and the writer that wait$/,
    reason: "the second of the two is told of the reset too, where on Linux " +
      "there is only its consequence; differences_test.ts has the test",
  },
  {
    file: /^tests\/net\/web_streams_test\.ts$/,
    name: /^a reset of the peer fails the readable and the writable/,
    reason: "the same: writing after a reset is a ConnectionReset again",
  },
  {
    file: /^tests\/net\/options_test\.ts$/,
    name: /each socket is non-blocking and not inherited by child processes$/,
    reason: "it reads /proc; sockets_test.ts asks Windows",
  },
  {
    file: /^tests\/net\/options_test\.ts$/,
    name: /a listener on :: takes IPv4 connections too, as Deno's does$/,
    reason: "on Windows it does not, and Deno's neither; differences_test.ts",
  },
  {
    file: /^tests\/net\/options_test\.ts$/,
    name: /an address may name its interface, and stand in brackets$/,
    reason: "Windows numbers interfaces; differences_test.ts",
  },
  {
    file: /^tests\/net\/polling_test\.ts$/,
    name: /a message that fits costs one read: a short one is not followed/,
    reason: "a short read proves something only where events are edges",
  },
  {
    file: /^tests\/reactor\/backend_test\.ts$/,
    name: /^with \w+, 100 waits of 3\.1 ms/,
    reason: "Windows' waits end on ticks of the clock, 1 to 16 ms apart",
  },
  {
    file: /^tests\/reactor\/dispatch_test\.ts$/,
    name: /^a socket that is duplicated elsewhere reports nothing/,
    reason: "it calls dup(2)",
  },
  {
    file: /^tests\/reactor\/backend_test\.ts$/,
    name: /^an eventfd |^epoll /,
    reason: "epoll and eventfd are Linux's",
  },
  {
    file: /^tests\/reactor\/registration_test\.ts$/,
    name:
      /^the wakers of a direction are called once|^an event that nobody waited for is|^a socket that is registered already|^what cannot be waited for is refused/,
    reason: "they show edges, or the words of epoll_ctl; reactor_test.ts",
  },
];

/** Whether a test is on the list by its name, which no two tests share. */
export function isSkipped(name: string): boolean {
  return SKIPS.some((skip) => skip.name?.test(name) ?? false);
}
