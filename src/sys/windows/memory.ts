import {
  MEM_COMMIT,
  MEM_RELEASE,
  MEM_RESERVE,
  PAGE_READWRITE,
} from "./constants.ts";
import { kernel32 } from "./kernel32.ts";

/** What `VirtualAlloc` reserves at least, and in multiples of. */
export const PINNED_BYTES: number = 64 * 1024;

/**
 * Zeroed memory for what the kernel writes on its own time.
 *
 * It is not an `ArrayBuffer` of the engine's: that would be freed with its thread,
 * and a worker can be terminated while the kernel, or a call on another thread,
 * still has the address. This memory stays until somebody who knows that nobody
 * has it any more calls `free`; in doubt it is leaked.
 */
export class PinnedMemory {
  /** Where it is. */
  readonly pointer: Deno.PointerObject;
  /** Its bytes, not to be touched after `free`. */
  readonly bytes: ArrayBuffer;

  /** Takes {@linkcode PINNED_BYTES} from the system. */
  constructor() {
    const pointer = kernel32.VirtualAlloc(
      null,
      BigInt(PINNED_BYTES),
      MEM_COMMIT | MEM_RESERVE,
      PAGE_READWRITE,
    );
    if (pointer === null) {
      throw new Error(
        `Cannot allocate ${PINNED_BYTES} bytes: VirtualAlloc fails with ` +
          kernel32.GetLastError(),
      );
    }
    this.pointer = pointer;
    this.bytes = Deno.UnsafePointerView.getArrayBuffer(pointer, PINNED_BYTES);
  }

  /** The address of a byte. */
  at(offset: number): Deno.PointerObject {
    return Deno.UnsafePointer.offset(this.pointer, offset)!;
  }

  /** Gives it back: nobody may have an address in it any more. */
  free(): void {
    kernel32.VirtualFree(this.pointer, 0n, MEM_RELEASE);
  }
}
