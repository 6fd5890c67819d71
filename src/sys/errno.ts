/**
 * Error numbers: Linux's, and in this runtime those of every system, since a port
 * translates its own.
 *
 * From the kernel's `include/uapi/asm-generic/errno-base.h` and `errno.h`, which
 * x86-64 and aarch64 share. Listed is what the calls under `src/sys/` can raise
 * by their man pages; accept(2) also passes on errors of the network.
 */

/** By number: the name, and what it means. */
const ERRORS: ReadonlyMap<number, readonly [string, string]> = new Map([
  [1, ["EPERM", "operation not permitted"]],
  [2, ["ENOENT", "no such file or directory"]],
  [3, ["ESRCH", "no such process"]],
  [4, ["EINTR", "interrupted system call"]],
  [5, ["EIO", "input/output error"]],
  [6, ["ENXIO", "no such device or address"]],
  [9, ["EBADF", "bad file descriptor"]],
  [11, ["EAGAIN", "resource temporarily unavailable"]],
  [12, ["ENOMEM", "cannot allocate memory"]],
  [13, ["EACCES", "permission denied"]],
  [14, ["EFAULT", "bad address"]],
  [16, ["EBUSY", "device or resource busy"]],
  [17, ["EEXIST", "file exists"]],
  [19, ["ENODEV", "no such device"]],
  [20, ["ENOTDIR", "not a directory"]],
  [22, ["EINVAL", "invalid argument"]],
  [23, ["ENFILE", "too many open files in system"]],
  [24, ["EMFILE", "too many open files"]],
  [28, ["ENOSPC", "no space left on device"]],
  [29, ["ESPIPE", "illegal seek"]],
  [32, ["EPIPE", "broken pipe"]],
  [34, ["ERANGE", "numerical result out of range"]],
  [38, ["ENOSYS", "function not implemented"]],
  [40, ["ELOOP", "too many levels of symbolic links"]],
  [62, ["ETIME", "timer expired"]],
  [64, ["ENONET", "machine is not on the network"]],
  [71, ["EPROTO", "protocol error"]],
  [75, ["EOVERFLOW", "value too large for defined data type"]],
  [88, ["ENOTSOCK", "socket operation on non-socket"]],
  [89, ["EDESTADDRREQ", "destination address required"]],
  [90, ["EMSGSIZE", "message too long"]],
  [91, ["EPROTOTYPE", "protocol wrong type for socket"]],
  [92, ["ENOPROTOOPT", "protocol not available"]],
  [93, ["EPROTONOSUPPORT", "protocol not supported"]],
  [94, ["ESOCKTNOSUPPORT", "socket type not supported"]],
  [95, ["EOPNOTSUPP", "operation not supported"]],
  [96, ["EPFNOSUPPORT", "protocol family not supported"]],
  [97, ["EAFNOSUPPORT", "address family not supported by protocol"]],
  [98, ["EADDRINUSE", "address already in use"]],
  [99, ["EADDRNOTAVAIL", "cannot assign requested address"]],
  [100, ["ENETDOWN", "network is down"]],
  [101, ["ENETUNREACH", "network is unreachable"]],
  [102, ["ENETRESET", "network dropped connection on reset"]],
  [103, ["ECONNABORTED", "software caused connection abort"]],
  [104, ["ECONNRESET", "connection reset by peer"]],
  [105, ["ENOBUFS", "no buffer space available"]],
  [106, ["EISCONN", "transport endpoint is already connected"]],
  [107, ["ENOTCONN", "transport endpoint is not connected"]],
  [108, ["ESHUTDOWN", "cannot send after transport endpoint shutdown"]],
  [110, ["ETIMEDOUT", "connection timed out"]],
  [111, ["ECONNREFUSED", "connection refused"]],
  [112, ["EHOSTDOWN", "host is down"]],
  [113, ["EHOSTUNREACH", "no route to host"]],
  [114, ["EALREADY", "operation already in progress"]],
  [115, ["EINPROGRESS", "operation now in progress"]],
  [125, ["ECANCELED", "operation canceled"]],
]);

/** Every error number of the table. */
export const ERROR_NUMBERS: readonly number[] = [...ERRORS.keys()];

/** The name of an error, such as `EPIPE`; `errno 4711` if it is not known. */
export function errorName(errno: number): string {
  return ERRORS.get(errno)?.[0] ?? `errno ${errno}`;
}

/** What an error means, in lower case and without a full stop. */
export function errorText(errno: number): string {
  return ERRORS.get(errno)?.[1] ?? `unknown error ${errno}`;
}
