import {
  STATUS_ACCESS_DENIED,
  STATUS_CANCELLED,
  STATUS_INSUFFICIENT_RESOURCES,
  STATUS_INVALID_HANDLE,
  STATUS_NO_MEMORY,
  STATUS_NOT_FOUND,
  STATUS_OBJECT_NAME_NOT_FOUND,
  STATUS_OBJECT_PATH_NOT_FOUND,
  STATUS_TOO_MANY_OPENED_FILES,
} from "./constants.ts";

/**
 * Winsock's error numbers (winerror.h, and "Windows Sockets Error Codes" in
 * Microsoft's documentation) and the ones of Linux that mean the same. Winsock
 * took its numbers from BSD, plus 10000.
 */
const FROM_WSA: ReadonlyMap<number, number> = new Map([
  [6, 9], // ERROR_INVALID_HANDLE: EBADF
  [8, 12], // ERROR_NOT_ENOUGH_MEMORY: ENOMEM
  [87, 22], // ERROR_INVALID_PARAMETER: EINVAL
  [10004, 4], // WSAEINTR
  [10009, 9], // WSAEBADF
  [10013, 13], // WSAEACCES
  [10014, 14], // WSAEFAULT
  [10022, 22], // WSAEINVAL
  [10024, 24], // WSAEMFILE
  [10035, 11], // WSAEWOULDBLOCK: EAGAIN
  [10036, 115], // WSAEINPROGRESS
  [10037, 114], // WSAEALREADY
  [10038, 88], // WSAENOTSOCK
  [10039, 89], // WSAEDESTADDRREQ
  [10040, 90], // WSAEMSGSIZE
  [10041, 91], // WSAEPROTOTYPE
  [10042, 92], // WSAENOPROTOOPT
  [10043, 93], // WSAEPROTONOSUPPORT
  [10044, 94], // WSAESOCKTNOSUPPORT
  [10045, 95], // WSAEOPNOTSUPP
  [10046, 96], // WSAEPFNOSUPPORT
  [10047, 97], // WSAEAFNOSUPPORT
  [10048, 98], // WSAEADDRINUSE
  [10049, 99], // WSAEADDRNOTAVAIL
  [10050, 100], // WSAENETDOWN
  [10051, 101], // WSAENETUNREACH
  [10052, 102], // WSAENETRESET
  [10053, 103], // WSAECONNABORTED
  [10054, 104], // WSAECONNRESET
  [10055, 105], // WSAENOBUFS
  [10056, 106], // WSAEISCONN
  [10057, 107], // WSAENOTCONN
  [10058, 108], // WSAESHUTDOWN
  [10060, 110], // WSAETIMEDOUT
  [10061, 111], // WSAECONNREFUSED
  [10062, 40], // WSAELOOP
  [10064, 112], // WSAEHOSTDOWN
  [10065, 113], // WSAEHOSTUNREACH
  [10067, 12], // WSAEPROCLIM: no more processes may use Winsock
  [10091, 100], // WSASYSNOTREADY: ENETDOWN
  [10092, 95], // WSAVERNOTSUPPORTED: EOPNOTSUPP
]);

/** NTSTATUS values that the calls into the driver of sockets end with. */
const FROM_STATUS: ReadonlyMap<number, number> = new Map([
  [STATUS_INVALID_HANDLE, 9], // EBADF
  [STATUS_NO_MEMORY, 12], // ENOMEM
  [STATUS_INSUFFICIENT_RESOURCES, 12],
  [STATUS_ACCESS_DENIED, 13], // EACCES
  [STATUS_OBJECT_NAME_NOT_FOUND, 2], // ENOENT
  [STATUS_OBJECT_PATH_NOT_FOUND, 2],
  [STATUS_NOT_FOUND, 2],
  [STATUS_TOO_MANY_OPENED_FILES, 24], // EMFILE
  [STATUS_CANCELLED, 125], // ECANCELED
]);

/** Linux's number for an error of Winsock's; its own, where there is none. */
export function errnoOfWsa(code: number): number {
  return FROM_WSA.get(code) ?? code;
}

/** Linux's number for a failed NTSTATUS; EIO, where there is none. */
export function errnoOfStatus(status: number): number {
  return FROM_STATUS.get(status) ?? 5;
}

/** An NTSTATUS as it is written everywhere: `0xC0000008`. */
export function formatStatus(status: number): string {
  return `0x${(status >>> 0).toString(16).toUpperCase().padStart(8, "0")}`;
}
