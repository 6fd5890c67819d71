import { openLibrary } from "./open_library.ts";

/**
 * Handles are `u64`, given as BigInts: the engine's fast way of calling takes
 * those, and no others of 64 bits.
 */
const SYMBOLS = {
  // Returns the port; 0 is a failure. Without a port it makes one.
  CreateIoCompletionPort: {
    parameters: ["u64", "u64", "u64", "u32"],
    result: "u64",
  },
  PostQueuedCompletionStatus: {
    parameters: ["u64", "u32", "u64", "u64"],
    result: "i32",
  },
  SetFileCompletionNotificationModes: {
    parameters: ["u64", "u8"],
    result: "i32",
  },
  SetHandleInformation: { parameters: ["u64", "u32", "u32"], result: "i32" },
  CloseHandle: { parameters: ["u64"], result: "i32" },
  VirtualAlloc: {
    parameters: ["pointer", "u64", "u32", "u32"],
    result: "pointer",
  },
  VirtualFree: { parameters: ["pointer", "u64", "u32"], result: "i32" },
  GetLastError: { parameters: [], result: "u32" },
} as const satisfies Deno.ForeignLibraryInterface;

/** What the runtime calls of `kernel32.dll`. */
export const kernel32: Deno.StaticForeignLibraryInterface<typeof SYMBOLS> =
  openLibrary("kernel32.dll", SYMBOLS);
