import { errorName, errorText } from "./errno.ts";

/** An error that the operating system reported. */
export interface OsError extends Error {
  /** The error's name, such as `ECONNREFUSED`: where Node and Deno have it too. */
  code: string;
  /** The error's number on Linux, more than 0, on every system. */
  errno: number;
  /** The call that failed, such as `connect`. */
  syscall: string;
}

/**
 * The class for an error by its name. It is the one that Deno itself uses where
 * Deno has one; what it reports as a plain `Error` is one here too, except a wrong
 * descriptor and what the system cannot do at all.
 */
const CLASSES: Readonly<
  Record<string, new (message: string) => Error>
> = {
  EPERM: Deno.errors.PermissionDenied,
  EACCES: Deno.errors.PermissionDenied,
  ENOENT: Deno.errors.NotFound,
  EINTR: Deno.errors.Interrupted,
  EBADF: Deno.errors.BadResource,
  EAGAIN: Deno.errors.WouldBlock,
  EBUSY: Deno.errors.Busy,
  EEXIST: Deno.errors.AlreadyExists,
  ENOTDIR: Deno.errors.NotADirectory,
  EPIPE: Deno.errors.BrokenPipe,
  ESHUTDOWN: Deno.errors.BrokenPipe,
  ELOOP: Deno.errors.FilesystemLoop,
  ENOSYS: Deno.errors.NotSupported,
  EPROTONOSUPPORT: Deno.errors.NotSupported,
  ESOCKTNOSUPPORT: Deno.errors.NotSupported,
  EOPNOTSUPP: Deno.errors.NotSupported,
  EPFNOSUPPORT: Deno.errors.NotSupported,
  EAFNOSUPPORT: Deno.errors.NotSupported,
  EADDRINUSE: Deno.errors.AddrInUse,
  EADDRNOTAVAIL: Deno.errors.AddrNotAvailable,
  ENETUNREACH: Deno.errors.NetworkUnreachable,
  ECONNABORTED: Deno.errors.ConnectionAborted,
  ECONNRESET: Deno.errors.ConnectionReset,
  ENOTCONN: Deno.errors.NotConnected,
  ETIMEDOUT: Deno.errors.TimedOut,
  ECONNREFUSED: Deno.errors.ConnectionRefused,
};

/**
 * Makes the error for a failed system call, of the `Deno.errors` class that fits.
 *
 * @param errno The error's number, more than 0.
 * @param syscall The call that failed.
 * @param action What it was to do: the `X` of "Cannot X".
 *
 * @example
 * ```ts ignore
 * osError(111, "connect", "connect to 127.0.0.1:80");
 * // ConnectionRefused: Cannot connect to 127.0.0.1:80: connection refused
 * // (ECONNREFUSED from connect)
 * ```
 */
export function osError(
  errno: number,
  syscall: string,
  action: string,
): OsError {
  const code = errorName(errno);
  const message = `Cannot ${action}: ${errorText(errno)} ` +
    `(${code} from ${syscall})`;
  const error = new (CLASSES[code] ?? Error)(message);
  return Object.assign(error, { code, errno, syscall });
}

/** The errors that say that something has run out, and may be there again later. */
const EXHAUSTED = new Set([
  "EMFILE",
  "ENFILE",
  "ENOBUFS",
  "ENOMEM",
  "WSAEMFILE",
  "WSAENOBUFS",
]);

/** Whether an error says that descriptors or memory have run out. */
export function isExhausted(error: unknown): boolean {
  return EXHAUSTED.has((error as { code?: string }).code ?? "");
}
