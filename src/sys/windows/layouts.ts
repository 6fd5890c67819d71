/**
 * The structures that cross to Windows: their sizes and the offsets of their
 * fields, for 64-bit Windows, x64 and ARM64 alike. A test compares them with what
 * a C compiler says.
 *
 * `AFD_POLL_INFO` and `AFD_POLL_HANDLE_INFO` are in no public header; they are
 * what `select` and `WSAPoll` themselves hand to the driver, the same since
 * Windows 2000, and ReactOS and Wine declare them.
 *
 * @module
 */

/** `IO_STATUS_BLOCK` (wdm.h): the outcome of a request, written by the kernel. */
export const IO_STATUS_BLOCK = {
  size: 16,
  /** NTSTATUS, 4 bytes. */
  status: 0,
  /** ULONG_PTR, 8 bytes. */
  information: 8,
} as const;

/** `AFD_POLL_INFO` with room for one `AFD_POLL_HANDLE_INFO`. */
export const AFD_POLL_INFO = {
  size: 32,
  /** LARGE_INTEGER, 8 bytes: when to give up, in 100 ns. */
  timeout: 0,
  /** ULONG: how many handles follow; on return, how many have events. */
  numberOfHandles: 8,
  /** ULONG: whether other polls of the same sockets are to be ended. */
  exclusive: 12,
  /** HANDLE, 8 bytes: the socket's base handle. */
  handle: 16,
  /** ULONG: the events to wait for; on return, those that there are. */
  events: 24,
  /** NTSTATUS: of a connect that failed. */
  status: 28,
} as const;

/**
 * `FILE_IO_COMPLETION_INFORMATION` (ntifs.h), which `OVERLAPPED_ENTRY`
 * (minwinbase.h) is another name for: one packet taken from a completion port.
 */
export const OVERLAPPED_ENTRY = {
  size: 32,
  /** ULONG_PTR: what the file was associated with the port with. */
  completionKey: 0,
  /** Pointer: what the request was made with. */
  overlapped: 8,
  /** NTSTATUS, in 8 bytes: `IO_STATUS_BLOCK.status` once more. */
  internal: 16,
  /** DWORD: `IO_STATUS_BLOCK.information` once more. */
  numberOfBytesTransferred: 24,
} as const;

/** `UNICODE_STRING` (ntdef.h): lengths in bytes, without a final zero. */
export const UNICODE_STRING = {
  size: 16,
  /** USHORT. */
  length: 0,
  /** USHORT. */
  maximumLength: 2,
  /** PWSTR. */
  buffer: 8,
} as const;

/** `OBJECT_ATTRIBUTES` (ntdef.h): what `NtCreateFile` is to open. */
export const OBJECT_ATTRIBUTES = {
  size: 48,
  /** ULONG: the size, once more. */
  length: 0,
  /** HANDLE: the folder that the name starts from, or none. */
  rootDirectory: 8,
  /** Pointer to a `UNICODE_STRING`. */
  objectName: 16,
  /** ULONG: `OBJ_*`. */
  attributes: 24,
  /** Pointer. */
  securityDescriptor: 32,
  /** Pointer. */
  securityQualityOfService: 40,
} as const;

/** `SOCKADDR_IN` (ws2def.h). Port and address are in network byte order. */
export const SOCKADDR_IN = {
  size: 16,
  /** USHORT: `AF_INET`, in the machine's byte order. */
  family: 0,
  /** USHORT. */
  port: 2,
  /** 4 bytes. */
  address: 4,
} as const;

/** `SOCKADDR_IN6` (ws2ipdef.h). */
export const SOCKADDR_IN6 = {
  size: 28,
  /** USHORT: `AF_INET6`, in the machine's byte order. */
  family: 0,
  /** USHORT. */
  port: 2,
  /** ULONG, in network byte order. */
  flowinfo: 4,
  /** 16 bytes. */
  address: 8,
  /** ULONG, in the machine's byte order: an interface's index. */
  scopeId: 24,
} as const;

/** `LINGER` (winsock2.h): two USHORTs, where Linux has two ints. */
export const LINGER = {
  size: 4,
  /** Whether `close` waits or throws away. */
  onoff: 0,
  /** Seconds. */
  linger: 2,
} as const;
