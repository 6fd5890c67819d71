import { openLibrary } from "./open_library.ts";

/**
 * Calls into the kernel that return their outcome, an NTSTATUS, so that nobody
 * has to ask for it afterwards, also when they run on another thread.
 */
const SYMBOLS = {
  NtCreateFile: {
    parameters: [
      "buffer", // out: the handle
      "u32", // access
      "buffer", // OBJECT_ATTRIBUTES
      "buffer", // out: IO_STATUS_BLOCK
      "pointer", // the size to begin with
      "u32", // file attributes
      "u32", // share access
      "u32", // create disposition
      "u32", // create options
      "pointer", // extended attributes
      "u32", // and their length
    ],
    result: "i32",
  },
  NtDeviceIoControlFile: {
    parameters: [
      "u64", // the device
      "u64", // an event to set
      "u64", // a routine to call
      "u64", // what the completion packet has as `overlapped`; 0: no packet
      "pointer", // out: IO_STATUS_BLOCK
      "u32", // what to do
      "pointer", // input, and its length
      "u32",
      "pointer", // output, and its length
      "u32",
    ],
    result: "i32",
  },
  // What CancelIoEx calls: ends the request that was made with this status block.
  NtCancelIoFileEx: {
    parameters: ["u64", "pointer", "buffer"],
    result: "i32",
  },
  // What GetQueuedCompletionStatusEx calls; its timeout counts in 100 ns.
  NtRemoveIoCompletionEx: {
    parameters: ["u64", "pointer", "u32", "pointer", "pointer", "u8"],
    result: "i32",
  },
  NtRemoveIoCompletionExAsync: {
    name: "NtRemoveIoCompletionEx",
    parameters: ["u64", "pointer", "u32", "pointer", "pointer", "u8"],
    result: "i32",
    nonblocking: true,
  },
} as const satisfies Deno.ForeignLibraryInterface;

/** What the runtime calls of `ntdll.dll`. */
export const ntdll: Deno.StaticForeignLibraryInterface<typeof SYMBOLS> =
  openLibrary("ntdll.dll", SYMBOLS);
