/**
 * select(2) and poll(2), which the library itself never calls. That is why they are
 * opened here and not with the others in `src/sys/linux/libc.ts`. A program that
 * counts nanoseconds opens a library only once: afterwards the engine takes a
 * slower way into it, 41 instead of 3 ns a call.
 *
 * @module
 */
import { osError } from "../../src/sys/error.ts";
import { errno } from "../../src/sys/linux/libc.ts";

const SYMBOLS = {
  select: {
    parameters: ["i32", "buffer", "buffer", "buffer", "pointer"],
    result: "i32",
  },
  poll: { parameters: ["buffer", "u32", "i32"], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;

type Multiplexers = Deno.StaticForeignLibraryInterface<typeof SYMBOLS>;

const EINTR = 4;
let opened: Multiplexers | null = null;

/** Opened by the commands that need it: the others run on every system. */
function open(): Multiplexers {
  if (Deno.build.os !== "linux") {
    throw new Deno.errors.NotSupported(
      `Cannot call select or poll: these steps are for Linux, not ${Deno.build.os}`,
    );
  }
  return opened ??= Deno.dlopen("libc.so.6", SYMBOLS).symbols;
}

/**
 * Waits until a descriptor of one of the sets is ready, and leaves only those in
 * the sets that are.
 *
 * @param count The highest descriptor that is looked at, plus one.
 */
export function select(
  count: number,
  readers: Uint32Array<ArrayBuffer>,
  writers: Uint32Array<ArrayBuffer>,
): void {
  const libc = open();
  check("select", libc.select(count, readers, writers, null, null));
}

/** Waits until one of the descriptors is ready, and marks those that are. */
export function poll(list: Int32Array<ArrayBuffer>, count: number): void {
  check("poll", open().poll(list, count, -1));
}

function check(syscall: string, result: number): void {
  const code = errno[0]!;
  // A signal came. Nothing is marked, or, by select, all that was asked for. The
  // caller will ask again, or try in vain; neither does any harm.
  if (result < 0 && code !== EINTR) throw osError(code, syscall, "wait");
}
