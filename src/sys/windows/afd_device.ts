import { osError } from "../error.ts";
import type { CompletionPort } from "./completion_port.ts";
import {
  FILE_OPEN,
  FILE_SHARE_READ,
  FILE_SHARE_WRITE,
  FILE_SKIP_SET_EVENT_ON_HANDLE,
  IOCTL_AFD_POLL,
  STATUS_SUCCESS,
  SYNCHRONIZE,
} from "./constants.ts";
import { kernel32 } from "./kernel32.ts";
import {
  AFD_POLL_INFO,
  IO_STATUS_BLOCK,
  OBJECT_ATTRIBUTES,
  UNICODE_STRING,
} from "./layouts.ts";
import { ntdll } from "./ntdll.ts";
import type { PollSlab } from "./poll_slab.ts";
import { errnoOfStatus, formatStatus } from "./wsa_error.ts";

/**
 * What is opened: the driver of sockets itself, without a socket. What comes after
 * `\Device\Afd` is free to choose, and shows in tools that list handles.
 */
const DEVICE = "\\Device\\Afd\\Edo";

/** `OBJECT_ATTRIBUTES` that name {@linkcode DEVICE}, with all they point to. */
function deviceAttributes(): Uint8Array<ArrayBuffer> {
  const stringAt = OBJECT_ATTRIBUTES.size;
  const nameAt = stringAt + UNICODE_STRING.size;
  const nameBytes = DEVICE.length * 2;
  const bytes = new Uint8Array(new ArrayBuffer(nameAt + nameBytes));
  const start = Deno.UnsafePointer.value(Deno.UnsafePointer.of(bytes));
  const view = new DataView(bytes.buffer);
  const field = (name: keyof typeof UNICODE_STRING): number =>
    stringAt + UNICODE_STRING[name];
  view.setUint32(OBJECT_ATTRIBUTES.length, OBJECT_ATTRIBUTES.size, true);
  const stringAddress = start + BigInt(stringAt);
  view.setBigUint64(OBJECT_ATTRIBUTES.objectName, stringAddress, true);
  view.setUint16(field("length"), nameBytes, true);
  view.setUint16(field("maximumLength"), nameBytes, true);
  view.setBigUint64(field("buffer"), start + BigInt(nameAt), true);
  for (let i = 0; i < DEVICE.length; i++) {
    view.setUint16(nameAt + 2 * i, DEVICE.charCodeAt(i), true);
  }
  return bytes;
}

function openDevice(): bigint {
  const handle = new BigUint64Array(1);
  const status = ntdll.NtCreateFile(
    new Uint8Array(handle.buffer),
    SYNCHRONIZE,
    deviceAttributes(),
    new Uint8Array(new ArrayBuffer(IO_STATUS_BLOCK.size)),
    null,
    0,
    FILE_SHARE_READ | FILE_SHARE_WRITE,
    FILE_OPEN,
    0,
    null,
    0,
  );
  if (status !== STATUS_SUCCESS) throw openError(status);
  return handle[0]!;
}

/** What to throw where the driver cannot be opened. For tests, too. */
export function openError(status: number): Error {
  const error = osError(
    errnoOfStatus(status),
    "NtCreateFile",
    `open ${DEVICE} (${formatStatus(status)})`,
  );
  if (error.code !== "ENOENT") return error;
  // Without the driver there is no way to watch a socket here.
  return new Deno.errors.NotSupported(error.message, { cause: error });
}

/** A handle through which the driver of sockets is asked to watch some. */
export class AfdDevice {
  readonly #handle: bigint;
  /** How many sockets use it. Kept by whoever shares it out. */
  users = 0;

  /** Opens the driver, its completions going to `port`. */
  constructor(port: CompletionPort) {
    this.#handle = openDevice();
    try {
      port.associate(this.#handle);
    } catch (error) {
      this.close();
      throw error;
    }
    // Nobody waits for the handle itself. No harm is done if it fails.
    kernel32.SetFileCompletionNotificationModes(
      this.#handle,
      FILE_SKIP_SET_EVENT_ON_HANDLE,
    );
  }

  /**
   * Submits the poll that was written to a place of the slab. Unless the status is
   * an error, a completion follows, also if there are events already.
   */
  poll(slab: PollSlab, slot: number): number {
    const info = slab.infoAt(slot);
    return ntdll.NtDeviceIoControlFile(
      this.#handle,
      0n,
      0n,
      slab.context(slot),
      slab.statusAt(slot),
      IOCTL_AFD_POLL,
      info,
      AFD_POLL_INFO.size,
      info,
      AFD_POLL_INFO.size,
    );
  }

  /** Cancels the poll of a place. Its completion follows, if it has not come yet. */
  cancel(slab: PollSlab, slot: number): number {
    return ntdll.NtCancelIoFileEx(this.#handle, slab.statusAt(slot), scratch);
  }

  close(): void {
    kernel32.CloseHandle(this.#handle);
  }
}

/** Where a cancellation reports its own outcome, which its result tells as well. */
const scratch = new Uint8Array(new ArrayBuffer(IO_STATUS_BLOCK.size));
