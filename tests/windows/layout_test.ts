/**
 * What `src/sys/windows/` holds to be true of Windows' C: every constant, every
 * error number, and where each field of a struct lies. Asked of mingw's compiler,
 * on any system that has it: nothing has to run.
 */

import { assert, assertEquals } from "@std/assert";
import { errorName } from "../../src/sys/errno.ts";
import { parseIp } from "../../src/sys/addr.ts";
import * as constants from "../../src/sys/windows/constants.ts";
import * as layouts from "../../src/sys/windows/layouts.ts";
import {
  decodeSockaddr,
  encodeSockaddr,
} from "../../src/sys/windows/sockaddr.ts";
import { WSA_ERRORS } from "../../src/sys/windows/wsa_error.ts";

const COMPILER = "x86_64-w64-mingw32-gcc";

/**
 * ntstatus.h and winnt.h both define some of the codes. The driver's structs are
 * in no header: declared as `layouts.ts` describes them, with the types that it
 * names, so that the compiler places the fields.
 */
const PREAMBLE = `
#define WIN32_NO_STATUS
#include <winsock2.h>
#undef WIN32_NO_STATUS
#include <ws2ipdef.h>
#include <mswsock.h>
#include <winternl.h>
#include <ntstatus.h>
#include <stddef.h>
typedef struct { HANDLE Handle; ULONG Events; NTSTATUS Status; } AFD_HANDLE;
typedef struct {
  LARGE_INTEGER Timeout; ULONG NumberOfHandles; ULONG Exclusive;
  AFD_HANDLE Handles[1];
} AFD_POLL_INFO;
`;

/** Constants that no header has. */
const PRIVATE = /^(AFD_|IOCTL_AFD_)/;

/** The C name of each struct, and of its fields where they are not the same. */
const STRUCTS: Record<
  keyof typeof layouts,
  { name: string; fields: Record<string, string> }
> = {
  IO_STATUS_BLOCK: {
    name: "IO_STATUS_BLOCK",
    fields: { status: "Status", information: "Information" },
  },
  AFD_POLL_INFO: {
    name: "AFD_POLL_INFO",
    fields: {
      timeout: "Timeout",
      numberOfHandles: "NumberOfHandles",
      exclusive: "Exclusive",
      handle: "Handles[0].Handle",
      events: "Handles[0].Events",
      status: "Handles[0].Status",
    },
  },
  OVERLAPPED_ENTRY: {
    name: "OVERLAPPED_ENTRY",
    fields: {
      completionKey: "lpCompletionKey",
      overlapped: "lpOverlapped",
      internal: "Internal",
      numberOfBytesTransferred: "dwNumberOfBytesTransferred",
    },
  },
  UNICODE_STRING: {
    name: "UNICODE_STRING",
    fields: {
      length: "Length",
      maximumLength: "MaximumLength",
      buffer: "Buffer",
    },
  },
  OBJECT_ATTRIBUTES: {
    name: "OBJECT_ATTRIBUTES",
    fields: {
      length: "Length",
      rootDirectory: "RootDirectory",
      objectName: "ObjectName",
      attributes: "Attributes",
      securityDescriptor: "SecurityDescriptor",
      securityQualityOfService: "SecurityQualityOfService",
    },
  },
  SOCKADDR_IN: {
    name: "SOCKADDR_IN",
    fields: { family: "sin_family", port: "sin_port", address: "sin_addr" },
  },
  SOCKADDR_IN6: {
    name: "SOCKADDR_IN6",
    fields: {
      family: "sin6_family",
      port: "sin6_port",
      flowinfo: "sin6_flowinfo",
      address: "sin6_addr",
      scopeId: "sin6_scope_id",
    },
  },
  LINGER: {
    name: "LINGER",
    fields: { onoff: "l_onoff", linger: "l_linger" },
  },
};

async function hasCompiler(): Promise<boolean> {
  try {
    await new Deno.Command(COMPILER, { args: ["--version"] }).output();
    return true;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return false;
  }
}

const ignore = !await hasCompiler();
if (ignore && Deno.build.os !== "windows") {
  console.warn(
    `WARNING: there is no ${COMPILER}: nothing checks Windows' layouts and ` +
      "constants (Debian has it in gcc-mingw-w64-x86-64)",
  );
}

/** What the compiler says to equations, as `name: value`; nothing if all hold. */
async function violations(
  equations: readonly (readonly [string, number])[],
): Promise<string[]> {
  const lines = equations.map(([left, right]) =>
    `_Static_assert((int) (${left}) == (int) ${
      right >>> 0
    }u, "${left} ${right}");`
  );
  const file = await Deno.makeTempFile({ suffix: ".c" });
  try {
    await Deno.writeTextFile(file, [PREAMBLE, ...lines, ""].join("\n"));
    const { success, stderr } = await new Deno.Command(COMPILER, {
      args: ["-std=c11", "-fsyntax-only", "-fmax-errors=0", file],
    }).output();
    const errors = new TextDecoder().decode(stderr).split("\n")
      .filter((line) => line.includes("error:"))
      .map((line) => line.replace(/^.*?error: /, ""));
    assertEquals(errors.length === 0, success);
    return errors;
  } finally {
    await Deno.remove(file);
  }
}

Deno.test({
  name: "every constant of Windows has the value that mingw's headers give it",
  ignore,
  fn: async () => {
    const named = Object.entries(constants)
      .filter(([name]) => !PRIVATE.test(name));
    assert(named.length > 40);
    assertEquals(await violations(named), []);
  },
});

Deno.test({
  name: "every Winsock error has the number that mingw's headers give it",
  ignore,
  fn: async () => {
    const numbers = WSA_ERRORS.map(([name, code]) => [name, code] as const);
    assertEquals(await violations(numbers), []);
  },
});

Deno.test({
  name:
    "every struct has the size and the offsets that mingw's compiler gives it",
  ignore,
  fn: async () => {
    const equations: [string, number][] = [];
    for (const [key, { name, fields }] of Object.entries(STRUCTS)) {
      const { size, ...offsets } = layouts[key as keyof typeof layouts];
      equations.push([`sizeof(${name})`, size]);
      assertEquals(Object.keys(offsets), Object.keys(fields), key);
      for (const [field, offset] of Object.entries(offsets)) {
        equations.push([`offsetof(${name}, ${fields[field]})`, offset]);
      }
    }
    assertEquals(await violations(equations), []);
  },
});

Deno.test({
  name: "an equation that does not hold is told",
  ignore,
  fn: async () => {
    const errors = await violations([["AF_INET6", 10]]);
    assertEquals(errors, ['static assertion failed: "AF_INET6 10"']);
  },
});

Deno.test("a Winsock error is translated to Linux's error of the same name", () => {
  /** Those whose meaning has another name, or none of its own. */
  const others: Record<string, string> = {
    ERROR_INVALID_HANDLE: "EBADF",
    ERROR_NOT_ENOUGH_MEMORY: "ENOMEM",
    ERROR_INVALID_PARAMETER: "EINVAL",
    WSAEWOULDBLOCK: "EAGAIN",
    WSAEPROCLIM: "ENOMEM",
    WSASYSNOTREADY: "ENETDOWN",
    WSAVERNOTSUPPORTED: "EOPNOTSUPP",
  };
  for (const [name, , errno] of WSA_ERRORS) {
    assertEquals(errorName(errno), others[name] ?? name.slice("WSA".length));
  }
});

Deno.test("a Windows sockaddr comes back as the address that it was made of", () => {
  const ipv4 = new Uint8Array(layouts.SOCKADDR_IN6.size);
  ipv4.set(encodeSockaddr(parseIp("192.0.2.77", 4660)));
  assertEquals(decodeSockaddr(ipv4), {
    transport: "tcp",
    hostname: "192.0.2.77",
    port: 4660,
  });
  const ipv6 = encodeSockaddr(parseIp("fe80::1:2:3%7", 65_534));
  assertEquals(ipv6[0], constants.AF_INET6);
  assertEquals(ipv6[24], 7);
  assertEquals(decodeSockaddr(ipv6), {
    transport: "tcp",
    hostname: "fe80::1:2:3",
    port: 65_534,
  });
});
