/**
 * The C library, opened once per thread and never closed: a second `dlopen` of it
 * would make every call through the first ten times slower for good.
 */

/** Where it is: the name of glibc's, which Deno itself is built for. */
const FILE = "libc.so.6";

/**
 * Lengths are `u32` and results `i32`, though C has them as 64-bit `size_t` and
 * `ssize_t`: only 32-bit numbers take the engine's fast way of calling. The
 * calling conventions of x86-64 and aarch64 allow it: a `u32` argument arrives
 * zero-extended, and the low half of the result is right as long as no transfer
 * exceeds 2^31 - 1 bytes, which Linux sees to (read(2): at most 0x7ffff000).
 */
const SYMBOLS = {
  __errno_location: { parameters: [], result: "pointer" },
  malloc: { parameters: ["u32"], result: "pointer" },
  free: { parameters: ["pointer"], result: "void" },

  close: { parameters: ["i32"], result: "i32" },
  read: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  write: { parameters: ["i32", "buffer", "u32"], result: "i32" },

  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  listen: { parameters: ["i32", "i32"], result: "i32" },
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  // The length is read as the room there is and written as what was needed.
  accept4: { parameters: ["i32", "buffer", "buffer", "i32"], result: "i32" },
  getsockname: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  getpeername: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  getsockopt: {
    parameters: ["i32", "i32", "i32", "buffer", "buffer"],
    result: "i32",
  },
  setsockopt: {
    parameters: ["i32", "i32", "i32", "buffer", "u32"],
    result: "i32",
  },
  // Not read(2) and write(2): those go through the file layer, 90 ns a call.
  recv: { parameters: ["i32", "buffer", "u32", "i32"], result: "i32" },
  send: { parameters: ["i32", "buffer", "u32", "i32"], result: "i32" },
  shutdown: { parameters: ["i32", "i32"], result: "i32" },
  if_nametoindex: { parameters: ["buffer"], result: "u32" },

  eventfd: { parameters: ["u32", "i32"], result: "i32" },
  epoll_create1: { parameters: ["i32"], result: "i32" },
  epoll_ctl: { parameters: ["i32", "i32", "i32", "buffer"], result: "i32" },
  // A pointer that was made once costs 12 ns less than a buffer.
  epoll_wait: { parameters: ["i32", "pointer", "i32", "i32"], result: "i32" },
  // Runs on a thread of Deno's pool, so `errno` is not this thread's.
  epoll_wait_async: {
    name: "epoll_wait",
    parameters: ["i32", "pointer", "i32", "i32"],
    result: "i32",
    nonblocking: true,
  },
  // Since Linux 5.11 and glibc 2.35; the last argument is a signal mask.
  epoll_pwait2: {
    parameters: ["i32", "pointer", "i32", "buffer", "pointer"],
    result: "i32",
    optional: true,
  },
} as const satisfies Deno.ForeignLibraryInterface;

/** The functions of the C library that the runtime calls. */
export type Libc = Deno.StaticForeignLibraryInterface<typeof SYMBOLS>;

function open(): Libc {
  const { os } = Deno.build;
  if (os !== "linux") {
    return failing(() =>
      new Deno.errors.NotSupported(
        `Cannot call the C library: it is Linux's, and this is ${os}`,
      )
    );
  }
  try {
    return Deno.dlopen(FILE, SYMBOLS).symbols;
  } catch (cause) {
    // Not thrown here: what needs no sockets works without the permission, and
    // nobody can catch what an import throws.
    const { NotCapable } = Deno.errors;
    return failing(() =>
      cause instanceof NotCapable
        ? new NotCapable(
          "Cannot call the operating system: requires ffi access, run again " +
            "with the --allow-ffi flag",
          { cause },
        )
        : new Error(`Cannot open the C library, ${FILE}: ${cause}`, { cause })
    );
  }
}

/** A library in which each function throws. */
function failing(makeError: () => Error): Libc {
  const fail = () => {
    throw makeError();
  };
  const names = Object.keys(SYMBOLS);
  const stubs: unknown = Object.fromEntries(names.map((name) => [name, fail]));
  return stubs as Libc;
}

/**
 * The C library. Without the permission to use it, or on another system, every
 * function throws an error that says so.
 */
export const libc: Libc = open();

/**
 * `errno[0]` is the thread's error number. It has to be read right after the call
 * that failed, before anything else is called.
 */
export const errno: Int32Array = viewErrno();

function viewErrno(): Int32Array {
  let location: Deno.PointerValue;
  try {
    location = libc.__errno_location();
  } catch {
    return new Int32Array(1);
  }
  return new Int32Array(Deno.UnsafePointerView.getArrayBuffer(location!, 4));
}
