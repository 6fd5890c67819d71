/**
 * The tests that are left out on Windows, each with the reason: the only ones by
 * which its count may differ from that of Linux. `preload.ts` leaves them out;
 * `tools/windows_tests.ts` fails if another one was left out, or if an entry stands
 * for none.
 *
 * @module
 */
import { UNDER_WINE } from "./wine.ts";

/** Tests that are left out for one reason. */
export interface Skip {
  /** The file, from the project's folder, as a pattern. */
  readonly file: RegExp;
  /** The names of the tests; without it, all of the file's. */
  readonly name?: RegExp;
  readonly reason: string;
  /** Whether they say so themselves, on some machines only, whatever the system. */
  readonly itself?: true;
  /** Whether Wine is the reason: on Windows they run. */
  readonly wine?: true;
}

const PROC = "it reads /proc, which Windows has not";

const LIBC = "its faults are put between Edo and Linux's C library";

const SIGNALS = "Windows has no signals but Ctrl-C";

const NO_LIMIT = "Windows has no limit of handles that a process can be given";

/** What is left out on Windows. */
export const SKIPS: readonly Skip[] = [
  {
    file: /^tests\/sys_linux_\w+_test\.ts$/,
    reason:
      "Linux's system calls; tests/windows/ has the tests of Windows' own",
  },
  {
    file: /^tests\/examples\/(manual_futures|mini_runtime|raw_syscalls)_test/,
    reason: "the course is about Linux's system calls",
  },
  {
    file: /^tests\/examples\/pages_test\.ts$/,
    name: /examples\/(raw_syscalls|manual_futures|mini_runtime)\.ts/,
    reason: "the same",
  },
  {
    file: /^tests\/examples\/echo_server_test\.ts$/,
    name: /^after Ctrl-C/,
    reason: "Windows has no shell that turns a Ctrl-C into 130",
  },
  {
    file: /^tests\/examples\/echo_server_workers_test\.ts$/,
    name: /^with --reuse-port the workers|^with .* --reuse-port, after Ctrl-C/,
    reason: "Windows has no SO_REUSEPORT; differences_test.ts: it says so",
  },
  {
    file: /^tests\/examples\/primes_test\.ts$/,
    name: /^Ctrl-C ends the counting/,
    reason: PROC,
  },
  {
    file: /^tests\/process_life\/table_test\.ts$/,
    name: /^SIGTERM ends a process/,
    reason: SIGNALS,
  },
  {
    file: /^tests\/jsr\/compile_test\.ts$/,
    reason: "not every machine can download what `deno compile` needs",
    itself: true,
  },
  {
    file: /^tests\/examples\/echo_server_test\.ts$/,
    name: /^a client that sends and never reads/,
    reason:
      "Wine says that `send` took everything, sends the rest by itself, " +
      "and does not close the connection before that is through",
    wine: true,
  },
  {
    file: /^tests\/examples\/echo_server_test\.ts$/,
    name: /^a server that has no descriptors left/,
    reason: NO_LIMIT,
  },
  {
    file: /^tests\/examples\/delay_server_test\.ts$/,
    name: /^curl |^wrk /,
    reason: "not every machine has these programs",
    itself: true,
  },
  {
    file: /^tests\/pool\/(async_tasks|blocking|scheduling)_test\.ts$/,
    name:
      /^an aborted task that ignores its signal does not keep|^after the last async task a worker blocks|^threads for blocking tasks are used again|^a worker that has nothing to do sleeps without/,
    reason: PROC,
  },
  {
    file: /^tests\/stress\/\w+_test\.ts$/,
    reason: PROC,
  },
  {
    file: /^tests\/faults\/(?!clock_)\w+_test\.ts$/,
    reason: LIBC,
  },
  {
    file: /^tests\/hostile\/(descriptors|reset|servers)_test\.ts$/,
    reason: PROC,
  },
  {
    file: /^tests\/hostile\/examples_test\.ts$/,
    name: /the refusal of a request to somebody who reads nothing/,
    reason: PROC,
  },
  {
    file: /^tests\/soak_test\.ts$/,
    reason: PROC,
  },
  {
    file: /^tests\/helpers_test\.ts$/,
    name: /^a descriptor |^a worker that lives on/,
    reason: PROC,
  },
  {
    file: /^tests\/net\/(connect|permission)_test\.ts$/,
    name:
      /^inside the block_on of .* a host name|a host name .* looks it up|^a name that is looked up/,
    reason: "it needs a second name of 127.0.0.1 in /etc/hosts",
    itself: true,
  },
  {
    file: /^tests\/windows\/layout_test\.ts$/,
    name: /mingw's|^an equation that does not hold is told$/,
    reason: "the compiler runs on Linux, and needs nothing of Windows",
  },
  {
    file: /^tests\/windows\/libraries_test\.ts$/,
    name: /^on another system /,
    reason: "this is Windows",
  },
  {
    file: /^tests\/net\/accept_test\.ts$/,
    name: /reusePort lets two|^a listener without reusePort/,
    reason: "Windows has no SO_REUSEPORT; differences_test.ts: it says so",
  },
  {
    file: /^tests\/net\/accept_test\.ts$/,
    name: /^connections beyond the process's descriptors wait/,
    reason: NO_LIMIT,
  },
  {
    file: /^tests\/net\/descriptors_test\.ts$/,
    reason: NO_LIMIT,
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
    name: /^with \w+, \d+ waits of [\d.]+ ms are never too short/,
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

/** Whether an entry is meant for this system. */
export function applies({ wine }: Skip): boolean {
  return wine !== true || UNDER_WINE;
}

/** Whether an entry stands for a test on this system. */
export function covers(skip: Skip, file: string, name: string): boolean {
  return applies(skip) && skip.file.test(file) &&
    (skip.name?.test(name) ?? true);
}
