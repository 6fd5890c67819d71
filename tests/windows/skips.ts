/**
 * The tests that are left out on Windows, each with the reason: the only ones by
 * which its count may differ from that of Linux. A test says itself where it runs
 * (`ignore`); `tools/windows_tests.ts` fails if one is left out that is not listed
 * here, or if an entry stands for none.
 *
 * @module
 */

/** Tests of one file that are left out for one reason. */
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
    name: /mingw|an equation that does not hold/,
    reason:
      "the compiler runs on Linux, and nothing of it has to run on Windows",
  },
  {
    file: /^tests\/net\/accept_test\.ts$/,
    name: /reusePort/,
    reason: "Windows has no SO_REUSEPORT: that it says so is tested in " +
      "tests/windows/sockets_test.ts",
  },
  {
    file: /^tests\/net\/accept_test\.ts$/,
    name: /beyond the process's descriptors/,
    reason: "Windows has no limit of descriptors that a process could be given",
  },
  {
    file: /^tests\/helpers_test\.ts$/,
    name: /^signals reach a process/,
    reason: "Windows has no signals; a process can only be ended",
  },
];
