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
 * Error numbers of Winsock, and the few of Windows that its calls end with too:
 * name, number, and the number that Linux has for it. From winerror.h, and from
 * "Windows Sockets Error Codes" in Microsoft's documentation for what they mean.
 * Winsock took its numbers from BSD, plus 10000.
 */
export const WSA_ERRORS: readonly (readonly [string, number, number])[] = [
  ["ERROR_INVALID_HANDLE", 6, 9], // EBADF
  ["ERROR_NOT_ENOUGH_MEMORY", 8, 12], // ENOMEM
  ["ERROR_INVALID_PARAMETER", 87, 22], // EINVAL
  ["WSAEINTR", 10004, 4],
  ["WSAEBADF", 10009, 9],
  ["WSAEACCES", 10013, 13],
  ["WSAEFAULT", 10014, 14],
  ["WSAEINVAL", 10022, 22],
  ["WSAEMFILE", 10024, 24],
  ["WSAEWOULDBLOCK", 10035, 11], // EAGAIN
  ["WSAEINPROGRESS", 10036, 115],
  ["WSAEALREADY", 10037, 114],
  ["WSAENOTSOCK", 10038, 88],
  ["WSAEDESTADDRREQ", 10039, 89],
  ["WSAEMSGSIZE", 10040, 90],
  ["WSAEPROTOTYPE", 10041, 91],
  ["WSAENOPROTOOPT", 10042, 92],
  ["WSAEPROTONOSUPPORT", 10043, 93],
  ["WSAESOCKTNOSUPPORT", 10044, 94],
  ["WSAEOPNOTSUPP", 10045, 95],
  ["WSAEPFNOSUPPORT", 10046, 96],
  ["WSAEAFNOSUPPORT", 10047, 97],
  ["WSAEADDRINUSE", 10048, 98],
  ["WSAEADDRNOTAVAIL", 10049, 99],
  ["WSAENETDOWN", 10050, 100],
  ["WSAENETUNREACH", 10051, 101],
  ["WSAENETRESET", 10052, 102],
  ["WSAECONNABORTED", 10053, 103],
  ["WSAECONNRESET", 10054, 104],
  ["WSAENOBUFS", 10055, 105],
  ["WSAEISCONN", 10056, 106],
  ["WSAENOTCONN", 10057, 107],
  ["WSAESHUTDOWN", 10058, 108],
  ["WSAETIMEDOUT", 10060, 110],
  ["WSAECONNREFUSED", 10061, 111],
  ["WSAELOOP", 10062, 40],
  ["WSAEHOSTDOWN", 10064, 112],
  ["WSAEHOSTUNREACH", 10065, 113],
  ["WSAEPROCLIM", 10067, 12], // ENOMEM
  ["WSASYSNOTREADY", 10091, 100], // ENETDOWN
  ["WSAVERNOTSUPPORTED", 10092, 95], // EOPNOTSUPP
];

const FROM_WSA: ReadonlyMap<number, number> = new Map(
  WSA_ERRORS.map(([, code, errno]) => [code, errno]),
);

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
