/** The C library cannot be opened, or is older than what the runtime would like. */
import { assertEquals, assertMatch } from "@std/assert";
import { edoTest } from "../helpers/leaks.ts";
import { importFlags, startDeno } from "../helpers/subprocess.ts";
import { onLinux } from "./support.ts";

/** What the fixture prints where something is wrong with the library. */
async function linesOf(what: string, ...flags: string[]): Promise<string[]> {
  const fixture = new URL("fixtures/library.ts", import.meta.url).pathname;
  await using child = startDeno([
    "run",
    "--no-check",
    ...importFlags(),
    ...(flags.length > 0 ? flags : ["-A"]),
    fixture,
    what,
  ]);
  const { code } = await child.status();
  assertEquals([code, await child.stderr.rest()], [0, []]);
  return await child.stdout.rest();
}

for (
  const [what, how] of [
    ["missing", "is not there"],
    ["symbol", "lacks a function"],
  ] as const
) {
  edoTest(
    `a C library that ${how} fails sockets with its name, and nothing else`,
    async () => {
      const [sleeps, bind, beside, opened] = await linesOf(what);
      assertEquals(sleeps, "sleeps: fine");
      const told = what === "missing"
        ? /^Error: Cannot open the C library, libc\.so\.6: .*libnosuch/
        : /^Error: Cannot open the C library, libc\.so\.6: .*no_such_call/;
      assertMatch(bind!.slice("bind: ".length), told);
      assertMatch(beside!.slice("sleeps beside a socket: ".length), told);
      assertEquals(opened, "opened 1 times");
    },
    onLinux,
  );
}

edoTest(
  "without the permission for FFI sockets say so, and nothing else fails",
  async () => {
    const flags = ["--allow-read", "--allow-net"];
    const [sleeps, bind] = await linesOf("", ...flags);
    assertEquals(sleeps, "sleeps: fine");
    assertMatch(
      bind!,
      /^bind: NotCapable: Cannot call the operating system: requires ffi access/,
    );
  },
  onLinux,
);

for (const what of ["no epoll_pwait2", "ENOSYS", "EPERM"]) {
  edoTest(
    `no sleep is early where the system has ${what} for precise waits`,
    async () => {
      assertEquals(await linesOf(what), [
        "sleeps: fine",
        "bind: fine",
        "sleeps beside a socket: fine",
        "opened 1 times",
      ]);
    },
    onLinux,
  );
}
