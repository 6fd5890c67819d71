import { assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { kernel32 } from "../../src/sys/windows/kernel32.ts";
import { ntdll } from "../../src/sys/windows/ntdll.ts";
import { openLibrary } from "../../src/sys/windows/open_library.ts";
import { ws2 } from "../../src/sys/windows/ws2_32.ts";
import { onWindows } from "./support.ts";

const NOTHING = { parameters: [], result: "u32" } as const;

Deno.test({
  name: "on another system each call of Windows' says where it is",
  ignore: !onWindows.ignore,
  fn: () => {
    for (
      const [name, call] of [
        ["kernel32.dll", () => kernel32.GetLastError()],
        ["ntdll.dll", () => ntdll.NtCancelIoFileEx(0n, null, null)],
        ["ws2_32.dll", () => ws2.closesocket(0n)],
      ] as const
    ) {
      assertThrows(
        call,
        Deno.errors.NotSupported,
        `Cannot call ${name}: it is Windows', and this is ${Deno.build.os}`,
      );
    }
  },
});

Deno.test({
  name:
    "a call that this Windows has not is not supported, and says so when it is made",
  ...onWindows,
  fn: () => {
    const library = openLibrary("ntdll.dll", { NtReadMinds: NOTHING });
    const error = assertThrows(
      () => library.NtReadMinds(),
      Deno.errors.NotSupported,
      "Cannot open ntdll.dll",
    );
    assertInstanceOf(error.cause, Error);
  },
});

Deno.test({
  name:
    "without --allow-ffi a library opens, and its first call says what is missing",
  permissions: { ffi: false },
  ...onWindows,
  fn: () => {
    const library = openLibrary("kernel32.dll", { GetLastError: NOTHING });
    assertThrows(
      () => library.GetLastError(),
      Deno.errors.NotCapable,
      "--allow-ffi",
    );
  },
});

Deno.test({
  name: "the status of a call of ntdll's is its own, however it ended",
  ...onWindows,
  fn: () => {
    const block = new Uint8Array(new ArrayBuffer(16));
    const status = ntdll.NtCancelIoFileEx(0x7ffcn, null, block);
    assertEquals(status >>> 0, 0xC0000008); // STATUS_INVALID_HANDLE
  },
});
