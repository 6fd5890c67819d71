import { openLibrary } from "./open_library.ts";

/**
 * A SOCKET is 64 bits wide. As an argument it is a BigInt (see
 * {@linkcode asHandle}); as a result its low half is enough, since handles are
 * small, and `INVALID_SOCKET` becomes -1.
 */
const SYMBOLS = {
  WSAStartup: { parameters: ["u16", "buffer"], result: "i32" },
  WSAGetLastError: { parameters: [], result: "i32" },
  WSASocketW: {
    parameters: ["i32", "i32", "i32", "pointer", "u32", "u32"],
    result: "i32",
  },
  WSAIoctl: {
    parameters: [
      "u64",
      "u32",
      "pointer",
      "u32",
      "buffer",
      "u32",
      "buffer",
      "pointer",
      "pointer",
    ],
    result: "i32",
  },
  ioctlsocket: { parameters: ["u64", "i32", "buffer"], result: "i32" },
  bind: { parameters: ["u64", "buffer", "i32"], result: "i32" },
  listen: { parameters: ["u64", "i32"], result: "i32" },
  connect: { parameters: ["u64", "buffer", "i32"], result: "i32" },
  accept: { parameters: ["u64", "buffer", "buffer"], result: "i32" },
  recv: { parameters: ["u64", "buffer", "i32", "i32"], result: "i32" },
  send: { parameters: ["u64", "buffer", "i32", "i32"], result: "i32" },
  shutdown: { parameters: ["u64", "i32"], result: "i32" },
  closesocket: { parameters: ["u64"], result: "i32" },
  getsockname: { parameters: ["u64", "buffer", "buffer"], result: "i32" },
  getpeername: { parameters: ["u64", "buffer", "buffer"], result: "i32" },
  getsockopt: {
    parameters: ["u64", "i32", "i32", "buffer", "buffer"],
    result: "i32",
  },
  setsockopt: {
    parameters: ["u64", "i32", "i32", "buffer", "i32"],
    result: "i32",
  },
} as const satisfies Deno.ForeignLibraryInterface;

/** What the runtime calls of `ws2_32.dll`. */
export const ws2: Deno.StaticForeignLibraryInterface<typeof SYMBOLS> =
  openLibrary("ws2_32.dll", SYMBOLS);

/** Handles as BigInts, by handle / 4: Windows gives out multiples of 4. */
const handles: bigint[] = [];

/** Beyond this the table above would cost more memory than it saves time. */
const MAX_CACHED = 1 << 20;

/**
 * A socket's number as the BigInt that calls take. Making one takes an allocation,
 * so those of small handles, which is all of them in practice, are kept.
 */
export function asHandle(socket: number): bigint {
  if ((socket & 3) !== 0 || socket >= MAX_CACHED) return BigInt(socket);
  return handles[socket >> 2] ??= BigInt(socket);
}
